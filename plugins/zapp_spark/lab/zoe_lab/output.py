"""What Java prints, passed on while it comes: plain text, and what `display` wraps in marks.

On standard output a mark is `STX mime;base64 ETX`; the end of a cell is one of the type `end`.
"""

import base64
import codecs
import json
from collections.abc import Callable
from subprocess import Popen
from threading import Event, Thread
from typing import IO, Any

STX, ETX = "\x02", "\x03"
LONGEST_WAIT_S = 5.0
AS_JSON = "+json"
AS_IT_IS = ("image/png", "image/jpeg")
"""Binary types travel in base64, in Jupyter's protocol as here."""


class Output:
    """Reads both streams of the process in threads of its own; what comes before `heed` is kept for complaints."""

    def __init__(
        self, process: Popen[bytes], stream: Callable[[str, str], None], display: Callable[[str, Any], None]
    ) -> None:
        self._heeded = False
        self.before = ""
        self._stream, self._display = stream, display
        self._ends: dict[str, Event] = {}
        self._pending = ""
        self._begin(process.stdout, self._printed)
        self._begin(process.stderr, lambda text: self._pass_on("stderr", text))

    def heed(self) -> None:
        """From now on what is printed is a cell's."""
        self._heeded = True

    def end_mark(self, name: str) -> str:
        """Return what Java is to print at the end of a cell."""
        self._ends[name] = Event()
        return f"{STX}end;{name}{ETX}"

    def wait_for(self, name: str) -> None:
        """Return when all that came before this mark has been passed on; not for ever, should it get lost."""
        self._ends[name].wait(LONGEST_WAIT_S)
        del self._ends[name]

    def _begin(self, pipe: IO[bytes] | None, take: Callable[[str], None]) -> None:
        assert pipe is not None  # noqa: S101 - it was asked for
        Thread(target=_read, args=(pipe, take), daemon=True).start()

    def _printed(self, text: str) -> None:
        """Split text from marks; the beginning of a mark waits for its end."""
        self._pending += text
        while STX in self._pending:
            before, _, rest = self._pending.partition(STX)
            self._pass_on("stdout", before)
            mark, found, after = rest.partition(ETX)
            if not found:
                self._pending = STX + rest
                return
            self._pending = after
            self._mark(*mark.split(";", 1))
        self._pass_on("stdout", self._pending)
        self._pending = ""

    def _mark(self, mime: str, content: str = "") -> None:
        if mime == "end":
            if content in self._ends:
                self._ends[content].set()
        elif mime in AS_IT_IS:
            self._display(mime, content)
        else:
            text = base64.b64decode(content).decode()
            self._display(mime, json.loads(text) if mime.endswith(AS_JSON) else text)

    def _pass_on(self, name: str, text: str) -> None:
        if not text:
            return
        if self._heeded:
            self._stream(name, text)
        else:
            self.before += text


def _read(pipe: IO[bytes], take: Callable[[str], None]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with pipe:
        while chunk := pipe.read1(65536):  # type: ignore[attr-defined]
            take(decoder.decode(chunk))
