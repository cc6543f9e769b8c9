"""The OpenAPI description of the door, made from its operations, their parameters and the shapes of their answers."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.api.operation import Operation
from core.api.response import JSON, Failure

VERSION = "1"
_REFERENCE = "#/components/schemas/{model}"
_ABOUT = (
    "Runs, comparisons and published reports of a Headroom dashboard, for reading. Where people log in, a request "
    "needs a token (python -m core token NAME) or the cookie of a login; where nobody has to, it needs nothing."
)
_REFUSALS = {
    "400": "A parameter is not as it should be.",
    "401": "Nobody is logged in, or the token is not known.",
    "403": "This one is not let in.",
    "404": "There is no such thing.",
    "405": "Another method than GET or HEAD.",
}


def describe_api(operations: Sequence[Operation], base: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document; `base` is what stands before each path."""
    shapes: list[Any] = [one.returns for one in operations if not isinstance(one.returns, str)]
    _, schemas = models_json_schema([(shape, "serialization") for shape in (Failure, *shapes)], ref_template=_REFERENCE)
    login: list[dict[str, list[str]]] = [{}, {"token": []}, {"login": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Headroom", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": base or "/"}],
        "paths": {one.path: {"get": _describe(one) | ({} if one.free else {"security": login})} for one in operations},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": "_streamlit_user"},
            },
        },
    }


def _describe(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.returns, str):
        content: dict[str, Any] = {operation.returns.partition(";")[0]: {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": _refer(operation.returns)}}
    refused = {JSON: {"schema": _refer(Failure)}}
    return {
        "summary": operation.summary,
        "operationId": re.sub(r"\W+", "_", operation.path).strip("_"),
        "parameters": _list_parameters(operation),
        "responses": {"200": {"description": operation.summary, "content": content}}
        | {status: {"description": text, "content": refused} for status, text in _REFUSALS.items()},
    }


def _list_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.parameters.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in operation.path else "query",
            "required": name in required,
            "description": known.pop("description"),
            "schema": {key: value for key, value in known.items() if key != "title"},
        }
        for name, known in schema.get("properties", {}).items()
    ]


def _refer(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=shape.__name__)}
