"""The folders of the shop's directory, read when somebody looks: whoever adds one restarts nothing."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from zoe.web.shop.manifest import Entry, Manifest

LOGGER = logging.getLogger(__name__)
LARGEST_FILE = 4 << 20
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with what its manifest says, or why it cannot be offered."""

    path: Path
    entries: tuple[Entry, ...] = ()
    fault: str = ""

    @property
    def name(self) -> str:
        """How the folder is called, also in addresses."""
        return self.path.name

    def document(self, entry: Entry) -> dict[str, object]:
        """Return the ZApp of an entry.

        Raises:
            ValueError: it is no JSON object.
            OSError: it cannot be read.

        """
        found = json.loads(read(self.path / entry.description))
        if not isinstance(found, dict):
            raise ValueError(f"{entry.description} is not a JSON object")  # noqa: TRY004 - as json itself would say
        return found

    def about(self, entry: Entry) -> str:
        """Return what people may read about an entry, in Markdown; nothing if that cannot be read."""
        if entry.readable_descr is None:
            return ""
        try:
            return read(self.path / entry.readable_descr).decode(errors="replace")
        except OSError as error:
            LOGGER.warning("the shop's folder %s: %s cannot be read: %s", self.name, entry.readable_descr, error)
            return ""

    def logo(self, entry: Entry) -> bytes | None:
        """Return the picture of an entry; None if there is none, or it is no PNG."""
        if entry.logo is None:
            return None
        try:
            content = read(self.path / entry.logo)
        except OSError:
            return None
        return content if content.startswith(PNG) else None


def read(path: Path) -> bytes:
    """Return the content of a file of a folder.

    Raises:
        OSError: it cannot be read, or is larger than any such file should be.

    """
    with path.open("rb") as file:
        content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise OSError(f"{path.name} is larger than {LARGEST_FILE >> 20} MiB")
    return content


def folders(directory: Path | None) -> Iterator[Folder]:
    """Yield the folders of the shop by name, also those that cannot be offered, with the reason."""
    if directory is None:
        return
    try:
        paths = sorted(
            path.parent for path in directory.glob("*/manifest.json") if not path.parent.name.startswith(".")
        )
    except OSError as error:
        LOGGER.warning("the shop's directory cannot be read: %s", error)
        return
    for path in paths:
        yield folder(path)


def folder(path: Path) -> Folder:
    """Read a folder's manifest."""
    try:
        return Folder(path, Manifest.model_validate_json(read(path / "manifest.json")).zapps)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return Folder(
            path, fault=f"manifest.json: {where}: {first['msg']}" if where else f"manifest.json: {first['msg']}"
        )
    except OSError as error:
        return Folder(path, fault=f"manifest.json cannot be read: {error.strerror or error}")
