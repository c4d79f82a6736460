"""A gateway in small: the rules by which Zoe's passes requests on, without those by which it lets people pass."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.plugins.spark_kit.cluster import Cluster
from zoe import zapp


class Route:
    """One port: where it is, and whether its path goes on unchanged."""

    def __init__(self, host: str, port: zapp.Port, prefix: str) -> None:
        self.host, self.number, self.prefix = host, port.port_number, prefix
        self.keeps = "{proxy_path}" in (port.url_template or "")


@contextmanager
def gateway(made: Cluster) -> Iterator[str]:
    """Run it on a port of its own; return its origin."""
    routes = [
        Route(made.addresses[name], port, made.around(name).proxy_paths[port.name])
        for name, instance in made.instances.items()
        for port in instance.service.ports
        if port.proxy
    ]

    class Passing(_Passing):
        known = routes

    with ThreadingHTTPServer(("127.0.0.1", 0), Passing) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Passing(BaseHTTPRequestHandler):
    known: list[Route]

    def do_GET(self) -> None:
        route = next((one for one in self.known if self.path.startswith(f"{one.prefix}/")), None)
        if route is None:
            return self.send_error(404, f"no route for {self.path}"[:200])
        path = self.path if route.keeps else self.path.removeprefix(route.prefix)
        upstream = http.client.HTTPConnection(route.host, route.number, timeout=60)
        try:
            upstream.request("GET", path, headers=self._onwards(route))
            self._answer(route, upstream.getresponse())
        except OSError as error:
            self.send_error(502, str(error)[:200])
        finally:
            upstream.close()

    def _onwards(self, route: Route) -> dict[str, str]:
        kept = {name: text for name, text in self.headers.items() if name in {"Host", "Accept", "Cookie"}}
        return kept if route.keeps else {**kept, "X-Forwarded-Context": route.prefix}

    def _answer(self, route: Route, answer: http.client.HTTPResponse) -> None:
        body = answer.read()
        self.send_response(answer.status)
        for name, text in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length", "date", "server"}:
                self.send_header(name, self._location(route, text) if name == "Location" else text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _location(self, route: Route, text: str) -> str:
        """As Zoe's does: an address of the service becomes one below its prefix, unless it is there already."""
        path = text.removeprefix(f"http://{self.headers['Host']}").removeprefix(f"http://{route.host}:{route.number}")
        return path if not path.startswith("/") or path.startswith(route.prefix) else route.prefix + path

    def log_message(self, *words: object) -> None: ...
