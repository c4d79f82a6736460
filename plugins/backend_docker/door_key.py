"""Who may pass a door: a name and a password for each network, made of one key that stays with Zoe."""

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from zoe.errors import BackendUnavailableError

_BYTES = 32
_FILE = "door.key"


class DoorKey:
    """The key in Zoe's data directory, made at its first use."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / _FILE
        self._key: bytes | None = None

    def password(self, network: str) -> str:
        """Return the password of the door into a network, by the network's name."""
        return self._sealed(f"password {network}")

    def mark(self, description: str) -> str:
        """Return a text that changes with the key and with what is described, and tells neither."""
        return self._sealed(f"mark {description}")[:16]

    def _sealed(self, text: str) -> str:
        return hmac.new(self._read(), text.encode(), "sha256").hexdigest()

    def _read(self) -> bytes:
        if self._key is None:
            try:
                self._key = _found_or_made(self._path)
            except OSError as error:
                raise BackendUnavailableError(
                    f"the key of the doors {self._path} cannot be used: {error.strerror}"
                ) from error
        return self._key


def _found_or_made(path: Path) -> bytes:
    if not path.exists():
        # Whole or not at all, and once: another process of this Zoe may be doing the same.
        descriptor, made = mkstemp(dir=path.parent, prefix=f".{_FILE}")  # for its owner alone
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        with suppress(FileExistsError):
            os.link(made, path)
        Path(made).unlink()
    return path.read_bytes()
