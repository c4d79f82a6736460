"""Talking to the client: its own way of remote calls, over a Unix socket in its directory."""

import hashlib
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from zapp_boinc.task.directory import PASSWORD_FILE

SOCKET = "boinc_socket"
TIMEOUT_S = 3.0
DOWNLOADING, RUNNABLE, FAILED, UPLOADING, UPLOADED, ABORTED = 1, 2, 3, 4, 5, 6
"""States of a task; 0 is new."""
_END = b"\003"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as the client has it. `pid` is 0 where nothing runs; `fraction` 0..1; `ready`: only the report is left."""

    name: str
    state: int
    exit_status: int
    executing: bool
    fraction: float
    elapsed: float
    pid: int
    ready: bool


class Talk:
    """Calls to one client. Every method raises OSError when it does not answer."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._socket: socket.socket | None = None

    def tasks(self) -> list[Task]:
        """Return the tasks that the project has not acknowledged yet."""
        return [_task(text) for text in _all("result", self.call("<get_results/>"))]

    def acknowledged(self) -> dict[str, int]:
        """Return the exit status of each task that was reported and acknowledged."""
        old = _all("old_result", self.call("<get_old_results/>"))
        return {_field(text, "result_name"): int(_field(text, "exit_status") or 0) for text in old}

    def ask_for_no_more(self) -> None:
        """Have the client ask the project for no more work, now and after its next start."""
        self._of_project("project_nomorework")

    def contact_project(self) -> None:
        """Have the client report (or ask) now, whatever it had put off."""
        self._of_project("project_update")

    def abort(self, name: str) -> None:
        """Give a task up."""
        self.call(f"<abort_result>\n<project_url>{self._url}</project_url>\n<name>{name}</name>\n</abort_result>")

    def abort_transfers(self) -> None:
        """Give all uploads up: a task that is being uploaded cannot be given up otherwise."""
        for text in _all("file_transfer", self.call("<get_file_transfers/>")):
            name = f"<filename>{_field(text, 'name')}</filename>"
            self.call(f"<abort_file_transfer>\n<project_url>{self._url}</project_url>\n{name}\n</abort_file_transfer>")

    def read_configuration(self) -> None:
        """Have the client read its configuration again."""
        self.call("<read_cc_config/>")

    def call(self, request: str) -> str:
        """Make one call and return the reply."""
        try:
            connection = self._socket = self._socket or _connected()
            return _exchange(connection, request)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection; the next call makes a new one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _of_project(self, operation: str) -> None:
        self.call(f"<{operation}>\n<project_url>{self._url}</project_url>\n</{operation}>")


def _connected() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(TIMEOUT_S)
    try:
        connection.connect(SOCKET)
        nonce = _field(_exchange(connection, "<auth1/>"), "nonce")
        digest = hashlib.md5((nonce + Path(PASSWORD_FILE).read_text(encoding="ascii")).encode(), usedforsecurity=False)
        reply = _exchange(connection, f"<auth2>\n<nonce_hash>{digest.hexdigest()}</nonce_hash>\n</auth2>")
        if "<authorized/>" not in reply:
            raise PermissionError("the BOINC client does not accept the password that it was given")
    except OSError:
        connection.close()
        raise
    return connection


def _exchange(connection: socket.socket, request: str) -> str:
    text = f"<boinc_gui_rpc_request>\n{request}\n</boinc_gui_rpc_request>\n"
    connection.sendall(text.encode() + _END)
    reply = b""
    while not reply.endswith(_END):
        part = connection.recv(65536)
        if not part:
            raise ConnectionResetError("the BOINC client has hung up")
        reply += part
    return reply[:-1].decode(errors="replace")


def _task(text: str) -> Task:
    number = {name: float(_field(text, name) or 0) for name in ("state", "exit_status", "fraction_done", "pid")}
    return Task(
        name=_field(text, "name"),
        state=int(number["state"]),
        exit_status=int(number["exit_status"]),
        executing=_field(text, "active_task_state") == "1",
        fraction=number["fraction_done"],
        elapsed=float(_field(text, "elapsed_time") or _field(text, "final_elapsed_time") or 0),
        pid=int(number["pid"]),
        ready="<ready_to_report/>" in text,
    )


def _all(tag: str, text: str) -> list[str]:
    return re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)


def _field(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return found[1].strip() if found else ""
