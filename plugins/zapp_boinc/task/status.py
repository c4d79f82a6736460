"""How far the task is, for whoever asks: one small JSON document over HTTP; and the wish that the task be kept."""

import json
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Status:
    """A sentence, and the fraction done (0..1) where it is known. `keep` has the task kept at the next stop."""

    def __init__(self, keep: Callable[[], None]) -> None:
        self._said, self._keep = b"", keep
        self.keeps = False
        """Whether somebody has asked that the task be kept, and it is."""
        self.tell("starting the BOINC client")

    def tell(self, text: str, fraction: float | None = None) -> None:
        """Say something new."""
        self._said = json.dumps({"text": text, "fraction": fraction}).encode()

    def document(self) -> bytes:
        """Return what was said last."""
        return self._said

    def keep(self) -> None:
        """Have the task kept.

        Raises:
            OSError: nobody can see to that now.

        """
        self._keep()
        self.keeps = True

    def serve(self, address: str, port: int) -> None:
        """Answer at this address from now on.

        Raises:
            OSError: somebody else does already.

        """
        said = self

        class Answer(BaseHTTPRequestHandler):
            timeout = 2

            def do_GET(self) -> None:
                code = 200
                if self.path == "/keep":
                    code = self._keep()
                document = said.document()
                with suppress(OSError):
                    self.send_response(code)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(document)))
                    self.end_headers()
                    self.wfile.write(document)

            def _keep(self) -> int:
                try:
                    said.keep()
                except OSError:
                    return 503
                return 200

            def log_message(self, *_: object) -> None:
                """Say nothing: it is asked every second."""

        server = HTTPServer((address, port), Answer)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # who hangs up is no news
        Thread(target=server.serve_forever, name="status", daemon=True).start()
