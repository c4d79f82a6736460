"""/openapi.json: made from the operations themselves, by spectree."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import falcon
from spectree import Response, SpecTree

from zoe import __version__
from zoe.api.operation import Call, Need, Operation, Resource, operation
from zoe.api.paths import IdConverter
from zoe.api.schemas import ErrorAnswer

VERSION = "3.1.0"
SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "zoe"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


class Document(Resource):
    """The OpenAPI document."""

    described: Mapping[str, type[Resource]]
    _made: dict[str, Any] | None = None
    _lock = Lock()

    @operation(Need.NOTHING, connected=False)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """Return the OpenAPI document of this API."""
        with self._lock:
            if self._made is None:
                self._made = describe(self.described)
        return self._made


def describe(routes: Mapping[str, type[Resource]]) -> dict[str, Any]:
    """Return the OpenAPI document of these routes."""
    tree = SpecTree(
        "falcon",
        title="Zoe",
        version=__version__,
        openapi_version=VERSION,
        validation_error_status=400,
        validation_error_model=ErrorAnswer,
        naming_strategy=lambda model: model.__name__,
        nested_naming_strategy=lambda _parent, child: child,
    )
    # Spectree reads the routes of an application: this one answers nobody.
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    app.router_options.converters["id"] = IdConverter
    for path, noun in routes.items():
        app.add_route(path, _described(tree, path, noun))
    tree.app = app
    document: dict[str, Any] = tree.spec
    document["components"]["securitySchemes"] = SCHEMES
    # Spectree escapes dots, as if a path were a regular expression.
    document["paths"] = {path.replace("\\", ""): told for path, told in document["paths"].items()}
    for path in document["paths"].values():
        for told in path.values():
            _correct(told)
    return document


def _described(tree: SpecTree, path: str, noun: type[Resource]) -> object:
    responders = {name: getattr(noun, name) for name in dir(noun) if name.startswith("on_")}
    methods = {name: _validated(tree, path, responder) for name, responder in responders.items()}
    return type(noun.__name__, (), methods)()


def _validated(tree: SpecTree, path: str, responder: Any) -> Any:
    made: Operation = responder.operation
    answers: dict[str, Any] = {f"HTTP_{made.code}": made.answer}
    answers |= {f"HTTP_{code}": ErrorAnswer for code in refusals(made)}
    return tree.validate(
        query=made.query,
        json=made.body,
        resp=Response(**answers),
        tags=(path.split("/")[3],),
        security=[] if made.needs is Need.NOTHING else [{name: []} for name in SCHEMES],
        skip_validation=True,
        operation_id=responder.__qualname__.replace(".on_", "_"),
    )(responder)


def refusals(made: Operation) -> set[int]:
    """Return the codes with which an operation may refuse."""
    asked = set() if made.needs is Need.NOTHING else {401, 403}
    return asked | set(made.refusals) | ({503} if made.connected or asked else set())


def _correct(told: dict[str, Any]) -> None:
    """Put right what spectree cannot know: ids are numbers, logs are text, and a file is anything."""
    for parameter in told["parameters"]:
        if parameter["in"] == "path" and parameter["name"].endswith("_id"):
            parameter["schema"] = {"type": "integer", "format": "int64"}
    if told["operationId"] == "Logs_get":
        told["responses"]["200"]["content"] = {"text/plain": {"schema": {"type": "string"}}}
    if told["operationId"] == "WorkspaceFile_put":
        told["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
