"""The connection to one server: every route of the API a method."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Self, cast
from urllib.parse import quote, urlsplit

import httpx

from zoe.client import following
from zoe.client.accounts import Nouns
from zoe.client.answers import document_in, refusal_in
from zoe.client.documents import API, Document, Execution, ServerFailedError, ServerUnreachableError
from zoe.client.streams import NoStreamError, Streams, Way
from zoe.errors import ZoeError


class Client:
    """A connection to one `zoe serve`, kept alive between calls; use it from one thread at a time.

    Every method may raise `ServerUnreachableError`, `ServerFailedError`, and those of `zoe.errors` that the API maps.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        cookie: str | None = None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ServerUnreachableError(url, ValueError("an address begins with http:// or https://"))
        self.url = url.rstrip("/").removesuffix(API)
        headers = {"Authorization": f"Bearer {token}"} if token else {"Cookie": cookie} if cookie else {}
        basic = httpx.BasicAuth(username, password or "") if username is not None and not token else None
        try:
            self._http = httpx.Client(base_url=self.url + API, headers=headers, auth=basic, timeout=30, trust_env=False)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ServerUnreachableError(url, error) from error
        self.streams = Streams(self._way)
        self.users, self.roles, self.quotas = Nouns(self, "user"), Nouns(self, "role"), Nouns(self, "quota")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Document:
        """GET a JSON object."""
        asked = {name: str(wanted) for name, wanted in (query or {}).items() if wanted is not None}
        return document_in(self._send("GET", path, params=asked))

    def post(self, path: str, body: Mapping[str, object]) -> Document:
        """POST a JSON object; an answer without a body is an empty object."""
        return document_in(self._send("POST", path, json=dict(body)))

    def delete(self, path: str) -> None:
        """DELETE."""
        self._send("DELETE", path)

    def info(self) -> Document:
        """Return version, API version and name of the deployment; needs no sign-in."""
        return self.get("/info")

    def login(self) -> Document:
        """Sign in with the name and password given to this client; the cookie serves from then on. Returns the user."""
        return dict(self.get("/login")["user"])

    def validate(self, zapp: Mapping[str, object]) -> None:
        """Have a ZApp checked; raises `RequestInvalidError` with every fault in it."""
        self.post("/zapp_validate", zapp)

    def executions(self, **filters: object) -> list[Execution]:
        """Return executions, oldest first; `filters` as the API names them (`status="running", limit=20`)."""
        return sorted(self.get("/execution", filters).values(), key=lambda execution: int(execution["id"]))

    def execution(self, number: int) -> Execution:
        """Return one execution."""
        return cast("Execution", self.get(f"/execution/{number}"))

    def submit(self, zapp: Mapping[str, object], name: str, *, opportunistic: bool | None = None) -> int:
        """Submit a ZApp and return the execution's id; an opportunistic one runs on leftovers alone."""
        return self._submit({"application": zapp, "name": name}, opportunistic)

    def submit_type(
        self, zapp_type: str, parameters: Mapping[str, object], name: str, *, opportunistic: bool | None = None
    ) -> int:
        """Submit what a ZApp type makes of these parameters and return the execution's id."""
        return self._submit({"zapp_type": zapp_type, "parameters": parameters, "name": name}, opportunistic)

    def _submit(self, body: Document, opportunistic: bool | None) -> int:
        chosen = {} if opportunistic is None else {"opportunistic": opportunistic}
        return int(self.post("/execution", body | chosen)["execution_id"])

    def stop(self, number: int) -> None:
        """Ask for an execution to be stopped; it goes through `cleaning up` to `terminated`."""
        self.delete(f"/execution/{number}")

    def extend(self, number: int, hours: float) -> float:
        """Have an execution kept for so many hours, used or not; return until when it is (seconds since the epoch)."""
        return float(self.post(f"/execution/{number}/extend", {"hours": hours})["kept_until"])

    def remove(self, number: int) -> None:
        """Forget an execution that has ended, its log included."""
        self.delete(f"/execution/delete/{number}")

    def endpoints(self, number: int) -> list[tuple[str, str, str | None]]:
        """Return name, address and address behind the gateway of each web interface."""
        return [(name, url, proxy) for name, url, proxy in self.get(f"/execution/endpoints/{number}")["endpoints"]]

    def events(self, number: int) -> list[Document]:
        """Return what happened to an execution, oldest first."""
        return list(self.get(f"/execution/{number}/events")["events"])

    def changes(self, number: int, every: float = math.inf, patience: float = 30) -> Iterator[Execution]:
        """Yield an execution now, at every change of it or its services, and last when it has ended.

        Between the first and the last, what the gateway's stream tells: `states` are then its services. Without a
        stream it is looked at again and again, and told after `every` seconds also if nothing is new. A server that
        does not answer is asked again for `patience` seconds: it may be restarting.
        """
        return following.changes(self, number, every, patience)

    def watch(self, patience: float = 30) -> Iterator[Execution]:
        """Yield all executions that have not ended, then each that changes, for ever (`forgotten`: it was removed)."""
        return following.watch(self, patience)

    def get_changed(self, path: str, etag: str) -> tuple[Document | None, str]:
        """GET a JSON object if it is not the one of this ETag any more; return it, and its ETag."""
        answer = self._send("GET", path, headers={"If-None-Match": etag} if etag else {})
        if answer.status_code == 304:
            return None, etag
        return document_in(answer), answer.headers.get("ETag", "")

    def _way(self) -> Way | None:
        """Tell where the streams are: a program shows its token, or the cookie that its password is worth."""
        with suppress(ZoeError):
            gateway = self.info().get("gateway")
            return Way(str(gateway), self._shown()) if gateway else None
        return None

    def _shown(self) -> dict[str, str]:
        kept = self._http.headers
        if "Authorization" in kept:
            return {"Authorization": kept["Authorization"]}
        if "Cookie" not in kept and not self._http.cookies:
            self.login()
        cookie = kept.get("Cookie") or "; ".join(f"{name}={text}" for name, text in self._http.cookies.items())
        own = urlsplit(self.url)
        return {"Cookie": cookie, "Origin": f"{own.scheme}://{own.netloc}"}

    def wait(self, number: int, on_change: Callable[[Execution], None] | None = None) -> Execution:
        """Wait until an execution has ended and return it; `on_change` hears of every change, the last included."""
        for execution in self.changes(number):
            if on_change:
                on_change(execution)
        return execution

    def service(self, number: int) -> Document:
        """Return one service."""
        return self.get(f"/service/{number}")

    def logs(self, service: int, *, follow: bool = True) -> Iterator[str]:
        """Yield a service's log line by line from its start; follow it until the service ends, unless told not to."""
        read = 0
        if follow:
            with suppress(NoStreamError):
                for said in self.streams.follow(f"logs/{service}", patience=30):
                    if said.kind == "failed":
                        raise ServerFailedError(said.text)
                    if said.kind == "end":
                        return
                    yield from said.text.split("\n")
                    read = int(said.number)
        # A stream that never was, or that did not come back: the API has all of it.
        yield from islice(self._log(service, follow=follow), read, None)

    def _log(self, service: int, *, follow: bool) -> Iterator[str]:
        path, query = f"/service/logs/{service}", {} if follow else {"follow": "false"}
        try:
            with self._http.stream("GET", path, params=query, timeout=httpx.Timeout(30, read=None)) as answer:
                if answer.is_error:
                    answer.read()
                    raise refusal_in(answer)
                yield from answer.iter_lines()
        except httpx.TransportError as error:
            raise ServerUnreachableError(self.url, error) from error

    def discover(self, number: int, group: str = "all") -> list[str]:
        """Return the names in the network of an execution's services."""
        return list(self.get(f"/discovery/by_group/{number}/{quote(group)}")["dns_names"])

    def scheduler(self) -> Document:
        """Return the queues and the state of the platform."""
        return self.get("/statistics/scheduler")

    def backfill(self) -> Document:
        """Return each backfill by name: its terms, how it fares, and its books."""
        return self.get("/backfill")

    def nodes(self) -> Document:
        """Return the machines."""
        return self.get("/node")

    def plugins(self) -> Document:
        """Return the installed plugins."""
        return self.get("/plugins")

    def zapp_types(self) -> Document:
        """Return the ZApp types and their parameters' JSON Schema."""
        return self.get("/zapp_type")

    def openapi(self) -> Document:
        """Return the OpenAPI document of the API."""
        return self.get("/openapi.json")

    def upload(self, path: str, content: bytes) -> None:
        """Put a file into the own workspace; `path` is relative to it."""
        self._send("PUT", f"/workspace/{quote(path)}", content=content)

    def tokens(self) -> Document:
        """Return the own API tokens, without their secrets."""
        return self.get("/token")

    def create_token(self, name: str) -> Document:
        """Create an API token; `token` in the answer is the secret, told this once."""
        return self.post("/token", {"name": name})

    def revoke_token(self, number: int) -> None:
        """Make an API token worthless."""
        self.delete(f"/token/{number}")

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **options)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServerUnreachableError(self.url, error) from error
        if answer.is_error:
            raise refusal_in(answer)
        return answer
