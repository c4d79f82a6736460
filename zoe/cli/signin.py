"""Where Zoe answers and who is asking: the environment, `zoe login`, or the data directory of a Zoe on this machine."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from zoe.errors import NotSignedInError, ZoeError

DEFAULT_URL = "http://localhost:5001"
SYSTEM_DATA_DIR = Path("/var/lib/zoe")


class FileUnusableError(ZoeError):
    """{path} cannot be used: {reason}."""


@dataclass(frozen=True, slots=True)
class Door:
    """An address and the token that opens it; a token is never sent to another address than the one it was made for."""

    url: str
    token: str | None = None


def login_file(environment: Mapping[str, str]) -> Path:
    """Tell where `zoe login` keeps the token."""
    return Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "zoe" / "login.json"


def data_directories(environment: Mapping[str, str], system: Path) -> list[Path]:
    """Tell where a `zoe serve` that was told nothing else keeps its data: as root, then as this user."""
    return [system, Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "zoe"]


def find(
    url: str | None, data_dir: Path | None, environment: Mapping[str, str], system: Path = SYSTEM_DATA_DIR
) -> Door:
    """Find the server and the credentials, the more explicit first.

    Raises:
        NotSignedInError: nothing says who is asking.
        FileUnusableError: a file with credentials is there but cannot be read.

    """
    secret = environment.get("ZOE_TOKEN")
    # A data directory that was named comes before what `zoe login` left.
    own = [data_dir] if data_dir else data_directories(environment, system)
    local = [door for directory in own if (door := _read(directory / "local.json"))]
    remembered = [door] if (door := _read(login_file(environment))) else []
    known = local + remembered if data_dir else remembered + local
    if secret:
        return Door(url or (known[0].url if known else DEFAULT_URL), secret)
    fitting = [door for door in known if url is None or door.url.rstrip("/") == url.rstrip("/")]
    if not fitting:
        raise NotSignedInError(_how_to_sign_in(url, data_dir))
    return fitting[0]


def _how_to_sign_in(url: str | None, data_dir: Path | None) -> str:
    if data_dir and not url:
        return f"No `zoe serve` that you may use is running with the data directory {data_dir}."
    place, option = (f" at {url}", f" --url {url}") if url else ("", "")
    return f"You are not signed in{place}: `zoe login{option}` does that, `zoe serve` starts a Zoe here."


def _read(path: Path) -> Door | None:
    """Read a door; None where there is none for this user (another user's data directory is not an error)."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Door(str(found["url"]), str(found["token"]))
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise FileUnusableError(path=path, reason=str(error) or type(error).__name__) from error


def remember(door: Door, environment: Mapping[str, str]) -> Path:
    """Keep a door for later calls, readable by this user alone; return the file."""
    path = login_file(environment)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made private before anything is in it, and complete before it has its name.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".login-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(door), file)
        Path(name).replace(path)
    except OSError as error:
        raise FileUnusableError(path=path, reason=error.strerror or str(error)) from error
    return path
