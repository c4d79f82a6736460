"""The JSON Schema of the format, made from the models."""

from copy import deepcopy

from zoe.zapp.example import EXAMPLE
from zoe.zapp.model import ZApp


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a ZApp, with an example; rules between fields are not in it."""
    schema: dict[str, object] = ZApp.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "ZApp, version 3",
        "description": "The description of an application for Zoe.",
        "examples": [deepcopy(EXAMPLE)],
    }
