"""An authority of the tests' own, and what it signs."""

from dataclasses import dataclass
from pathlib import Path

from tests.engines.needs import run

_NEW = ("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; its files are in a directory of its own."""

    directory: Path

    @property
    def certificate(self) -> Path:
        """Return its own certificate."""
        return self.directory / "ca.pem"

    def sign(self, name: str, purpose: str, address: str = "") -> tuple[Path, Path]:
        """Return certificate and key for a server or a client (`purpose`: serverAuth, clientAuth)."""
        key, wish, signed = (self.directory / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        more = self.directory / f"{name}.ext"
        more.write_text(f"extendedKeyUsage={purpose}\n" + (f"subjectAltName={address}\n" if address else ""))
        run(*_NEW, "-keyout", str(key), "-out", str(wish), "-subj", f"/CN={name}")
        given = ["-CA", str(self.certificate), "-CAkey", str(self.directory / "ca.key"), "-CAcreateserial"]
        run(
            "openssl",
            "x509",
            "-req",
            "-in",
            str(wish),
            *given,
            "-out",
            str(signed),
            "-days",
            "2",
            "-extfile",
            str(more),
        )
        return signed, key


def authority(directory: Path) -> Authority:
    """Make an authority."""
    directory.mkdir(parents=True)
    found = Authority(directory)
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    run(*new, "-keyout", str(directory / "ca.key"), "-out", str(found.certificate), "-subj", f"/CN={directory.name}")
    return found
