"""The project's web server: master page, scheduler, downloads, uploads."""

import contextlib
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.plugins.boinc_project import apps, replies
from tests.plugins.boinc_project.books import Books
from tests.plugins.boinc_project.faults import Faults
from tests.plugins.boinc_project.scheduler import Scheduler

KEY = "42_763e09399e0368f19388ccf75d2bc26d"


class Project:
    """A project on a port of its own; a context. `host`: the address at which clients find it."""

    def __init__(self, tasks: int = 1, work: str = "0.5 0 10", host: str = "127.0.0.1") -> None:
        self.books, self.faults, self.key = Books(), Faults(), KEY
        self.books.add(tasks, work)
        self._server = _Server((host, 0), _Answer)
        self.url = f"http://{host}:{self._server.server_port}/test/"
        self.scheduler = Scheduler(self.url, self.key, self.books, self.faults)
        self._server.project = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="boinc project", daemon=True)

    def __enter__(self) -> "Project":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def page(self) -> str:
        """Return the master page."""
        if self.faults.not_a_project or self.faults.no_scheduler:
            return "<html><body>Nothing but a page</body></html>\n"
        return f"<html>\n<!--\n<scheduler>{self.url}cgi</scheduler>\n-->\n<body>Test project</body></html>\n"

    def file(self, name: str) -> bytes | None:
        """Return what can be downloaded."""
        if name == replies.PROGRAM_FILE:
            return apps.PROGRAM.encode()
        task = next((task for task in self.books.tasks if task.name == name.removesuffix("_in") + "_0"), None)
        return None if task is None or self.faults.missing_input else replies.input_of(task)

    def take_upload(self, body: bytes) -> str:
        """Keep an uploaded file and return the reply."""
        if size_of := re.search(rb"<get_file_size>(.*?)</get_file_size>", body):
            task = self.books.task(size_of[1].decode().removesuffix("_r0"))
            return _upload_reply(0, f"<file_size>{len(task.output or b'')}</file_size>")
        if self.faults.upload_never:
            return _upload_reply(-1, "<message>invalid signature</message>")
        if self.faults.happens("upload_later"):
            return _upload_reply(1, "<message>server out of disk space</message>")
        name = re.search(rb"<name>(.*?)_r0</name>", body)
        assert name is not None
        self.books.task(name[1].decode()).output = body.partition(b"<data>\n")[2]
        return _upload_reply(0, "")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    project: Project

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is killed in the middle of a word is what some tests are about."""


class _Answer(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        project = self.server.project
        if self.path == "/test/":
            status = 500 if project.faults.happens("master_500") else 404 if project.faults.not_a_project else 200
            return self._send(status, project.page().encode())
        if project.faults.happens("download_later"):
            return self._send(503, b"")
        content = project.file(self.path.rpartition("/")[2])
        return self._send(404 if content is None else 200, content or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        project = self.server.project
        with project.books.change:
            if self.path == "/test/file_upload_handler":
                reply = project.take_upload(body)
            elif project.faults.happens("scheduler_500"):
                project.books.rpcs += 1
                reply = ""
            else:
                reply = project.scheduler.answer(body.decode(errors="replace"))
            project.books.change.notify_all()
        self._send(200 if reply else 500, reply.encode())

    def _send(self, status: int, content: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _upload_reply(status: int, more: str) -> str:
    return f"<data_server_reply>\n    <status>{status}</status>\n    {more}\n</data_server_reply>\n"
