"""A person at a notebook: Jupyter's REST and its WebSocket, as a browser speaks them."""

import json
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 300.0


@dataclass
class Cell:
    """What became of a cell: its status, what it printed, and all that it shows, by MIME type."""

    status: str = ""
    printed: str = ""
    error: str = ""
    traceback: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(self.shown.get("text/plain", ""))


@dataclass(frozen=True)
class Lab:
    """A JupyterLab at an address, below a base path."""

    host: str
    port: int
    base: str
    token: str

    def ask(self, path: str, method: str = "GET", body: Mapping[str, object] | None = None) -> Any:
        """Call the REST API; raises `OSError`."""
        asked = urllib.request.Request(
            f"http://{self.host}:{self.port}{self.base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            read = answer.read()
            return json.loads(read) if "json" in answer.headers.get("Content-Type", "") else read

    @contextmanager
    def kernel(self, name: str) -> Iterator["Person"]:
        """Start a kernel and sit down at it; it ends with the block."""
        number = self.ask("/api/kernels", "POST", {"name": name})["id"]
        try:
            with connect(
                f"ws://{self.host}:{self.port}{self.base}/api/kernels/{number}/channels",
                additional_headers={"Authorization": f"token {self.token}"},
                open_timeout=PATIENCE_S,
                max_size=None,
                proxy=None,
            ) as wire:
                yield Person(self, number, wire)
        finally:
            self.ask(f"/api/kernels/{number}", "DELETE")


@dataclass(frozen=True)
class Person:
    """Somebody who sends one message after the other to a kernel."""

    lab: Lab
    kernel: str
    wire: ClientConnection

    def send(self, kind: str, content: Mapping[str, object]) -> str:
        """Send a request without waiting; its id."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "username": "ada", "session": self.kernel, "version": "5.4"}
        asked = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
        self.wire.send(json.dumps(asked))
        return number

    def begin(self, code: str) -> str:
        """Start a cell without waiting for its end."""
        return self.send(
            "execute_request", {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        )

    def run(self, code: str, meanwhile: Callable[[], None] = lambda: None) -> Cell:
        """Run a cell to its end; `meanwhile` is called once it has begun."""
        number = self.begin(code)
        meanwhile()
        return self.finish(number)

    def finish(self, number: str) -> Cell:
        """Collect what a cell says until it has ended and its kernel is idle."""
        cell, idle = Cell(), False
        for kind, content in self._of(number):
            idle = idle or (kind == "status" and content["execution_state"] == "idle")
            _note(cell, kind, content)
            if idle and cell.status:
                return cell
        raise AssertionError(f"the cell did not end: {cell}")

    def answer(self, kind: str, content: Mapping[str, object]) -> dict[str, Any]:
        """Send a request and return its reply."""
        wanted = kind.replace("_request", "_reply")
        return next(content for kind, content in self._of(self.send(kind, content)) if kind == wanted)

    def interrupt(self) -> None:
        """Press the square button."""
        self.lab.ask(f"/api/kernels/{self.kernel}/interrupt", "POST", {})

    def _of(self, number: str) -> Iterator[tuple[str, dict[str, Any]]]:
        deadline = time.monotonic() + PATIENCE_S
        while (left := deadline - time.monotonic()) > 0:
            message = json.loads(self.wire.recv(timeout=left))
            if message["parent_header"].get("msg_id") == number:
                yield message["msg_type"], message["content"]


def _note(cell: Cell, kind: str, content: dict[str, Any]) -> None:
    if kind == "stream":
        cell.printed += content["text"]
    elif kind in {"display_data", "execute_result"}:
        cell.shown |= content["data"]
    elif kind == "error":
        cell.error, cell.traceback = content["ename"], "\n".join(content["traceback"])
    elif kind == "execute_reply":
        cell.status = content["status"]
