"""A program that prints what a test says, and somebody who notes what is passed on."""

import os
from subprocess import Popen
from typing import Any, cast


class Process:
    """Has the two streams of a process, and nothing else of one."""

    def __init__(self) -> None:
        read, self._write = os.pipe()
        errors, self._errors = os.pipe()
        self.stdout, self.stderr = os.fdopen(read, "rb"), os.fdopen(errors, "rb")

    def says(self, *texts: str) -> None:
        """Print, then end."""
        for text in texts:
            os.write(self._write, text.encode())
        os.close(self._write)
        os.close(self._errors)

    def as_popen(self) -> "Popen[bytes]":
        return cast("Popen[bytes]", self)


class Shown:
    """Notes what a cell would show."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def stream(self, name: str, text: str) -> None:
        self.seen.append((name, text))

    def display(self, mime: str, content: Any) -> None:
        self.seen.append((mime, content))
