"""The OpenAPI document: valid, and complete."""

from typing import Any

from openapi_schema_validator import OAS31Validator
from openapi_schema_validator import validate as validate_schema
from openapi_spec_validator import validate

from zoe.api.application import PREFIX, ROUTES

World = Any


def test_the_document_is_valid_openapi(world: World) -> None:
    validate(world.get("/openapi.json", None))


def test_every_operation_is_in_the_document_with_its_refusals(world: World) -> None:
    told = world.get("/openapi.json", None)["paths"]
    for route, noun in ROUTES.items():
        path = PREFIX + route.replace(":id}", "}").replace(":path}", "}")
        methods = {name[3:] for name in dir(noun) if name.startswith("on_")}
        assert set(told[path]) == methods, path
        for method in methods:
            operation = getattr(noun, f"on_{method}").operation
            assert str(operation.code) in told[path][method]["responses"]
            if operation.needs != "nothing":
                assert {"401", "403"} <= set(told[path][method]["responses"])
    assert len(told) == len(ROUTES)


def test_answers_are_as_the_document_says(world: World) -> None:
    number = world.submit()
    document = world.get("/openapi.json", None)
    service = world.get(f"/execution/{number}")["services"][0]
    ids = {"{execution_id}": number, "{service_id}": service, "{group}": "all", "{user_id}": world.users["admin"]}
    roles = {"{role_id}": next(iter(world.get("/role"))), "{quota_id}": next(iter(world.get("/quota")))}
    for path, operations in document["paths"].items():
        if "get" not in operations or "/logs/" in path or path.endswith("openapi.json"):
            continue
        schema = operations["get"]["responses"]["200"].get("content", {}).get("application/json", {}).get("schema", {})
        address = path.removeprefix(PREFIX)
        for name, value in (ids | roles).items():
            address = address.replace(name, str(value))
        validate_schema(world.get(address), {**schema, "components": document["components"]}, cls=OAS31Validator)
