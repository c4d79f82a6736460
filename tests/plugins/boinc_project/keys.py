"""Signatures as the BOINC client checks them: RSA of 1024 bits over the text of an MD5 sum, without ASN.1."""

import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from math import gcd

BITS = 1024
EXPONENT = 65537
_DIGITS_PER_LINE = 64
_ROUNDS = 24


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair."""

    modulus: int
    private: int

    def public_text(self) -> str:
        """Return the public key as `code_sign_key` has it."""
        return f"{BITS}\n" + _lines(self.modulus.to_bytes(128, "big") + EXPONENT.to_bytes(128, "big"))

    def signature(self, content: bytes) -> str:
        """Return the signature of a file, as `file_signature` has it."""
        digest = hashlib.md5(content).hexdigest().encode()
        block = b"\x00\x01" + b"\xff" * (BITS // 8 - 3 - len(digest)) + b"\x00" + digest
        signed = pow(int.from_bytes(block, "big"), self.private, self.modulus)
        return _lines(signed.to_bytes(BITS // 8, "big"))


@cache
def make_key() -> Key:
    """Return a fresh key, the same for the whole run of the tests."""
    while True:
        p, q = _prime(BITS // 2), _prime(BITS // 2)
        phi = (p - 1) * (q - 1)
        if p != q and gcd(phi, EXPONENT) == 1:
            return Key(p * q, pow(EXPONENT, -1, phi))


def _lines(content: bytes) -> str:
    digits = content.hex()
    lines = [digits[at : at + _DIGITS_PER_LINE] for at in range(0, len(digits), _DIGITS_PER_LINE)]
    return "\n".join([*lines, ".", ""])


def _prime(bits: int) -> int:
    while True:
        # The two highest bits set: the product of two such numbers has its full length.
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if all(candidate % small for small in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)) and _is_prime(candidate):
            return candidate


def _is_prime(candidate: int) -> bool:
    """Miller and Rabin's test."""
    twos = ((candidate - 1) & (1 - candidate)).bit_length() - 1
    odd = (candidate - 1) >> twos
    return all(_passes(candidate, secrets.randbelow(candidate - 3) + 2, odd, twos) for _ in range(_ROUNDS))


def _passes(candidate: int, base: int, odd: int, twos: int) -> bool:
    power = pow(base, odd, candidate)
    for _ in range(twos):
        if power in {1, candidate - 1}:
            return True
        power = power * power % candidate
        if power == 1:
            return False
    return False
