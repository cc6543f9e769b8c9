"""OpenAPI description of the HTTP API, generated from its operations, parameters and response models."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.api.operation import Operation, Upload
from core.api.response import JSON, ErrorResponse

VERSION = "1"
_REFERENCE = "#/components/schemas/{model}"
_ABOUT = (
    "Access to the runs, comparisons and published reports of a Headroom dashboard; trainers can also import runs that "
    "were trained elsewhere. If the dashboard requires a login, requests need an access token (headroom token NAME) or "
    "the cookie of a login."
)
_ERRORS = {
    "400": "A parameter is missing or invalid.",
    "401": "Not logged in, login expired, or invalid access token.",
    "403": "The user has no role on this dashboard.",
    "404": "The run, report or path was not found, or the run has no model.",
    "405": "The method is not allowed.",
}
_UPLOAD_ERRORS = {
    "400": "The file is invalid, or its Content-Type is.",
    "401": _ERRORS["401"],
    "403": "The user lacks the trainer role.",
    "413": "The file is too large.",
}


def describe_api(operations: Sequence[Operation], base: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document. `base` is the prefix of every path."""
    models: list[Any] = [one.returns for one in operations if not isinstance(one.returns, str)]
    models += [one.upload.returns for one in operations if one.upload]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in (ErrorResponse, *models)], ref_template=_REFERENCE
    )
    login: list[dict[str, list[str]]] = [{}, {"token": []}, {"login": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Headroom", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": base or "/"}],
        "paths": {
            one.path: {"get": _describe(one) | ({} if one.public else {"security": login})}
            | ({"post": _describe_upload(one.path, one.upload) | {"security": login}} if one.upload else {})
            for one in operations
        },
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
        media = operation.returns.partition(";")[0]
        content: dict[str, Any] = {media: {"schema": {"type": "string"} if media.startswith("text/") else {}}}
    else:
        content = {JSON: {"schema": _refer(operation.returns)}}
    error = {JSON: {"schema": _refer(ErrorResponse)}}
    return {
        "summary": operation.summary,
        "operationId": _name_operation(operation.path),
        "parameters": _list_parameters(operation),
        "responses": {"200": {"description": operation.summary, "content": content}}
        | {status: {"description": text, "content": error} for status, text in _ERRORS.items()},
    }


def _name_operation(path: str) -> str:
    return re.sub(r"\W+", "_", path).strip("_")


def _describe_upload(path: str, upload: Upload) -> dict[str, Any]:
    error = {JSON: {"schema": _refer(ErrorResponse)}}
    body = {upload.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": upload.summary,
        "description": f"At most {upload.max_bytes / 1e6:,.0f} MB. Sending a file again changes nothing.",
        "operationId": f"add_{_name_operation(path)}",
        "requestBody": {"required": True, "content": body},
        "responses": {
            "200": {"description": upload.summary, "content": {JSON: {"schema": _refer(upload.returns)}}},
            **{status: {"description": text, "content": error} for status, text in _UPLOAD_ERRORS.items()},
        },
    }


def _list_parameters(operation: Operation) -> list[dict[str, Any]]:
    schema = operation.parameters.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in operation.path else "query",
            "required": name in required,
            "description": field.pop("description"),
            "schema": {key: value for key, value in field.items() if key != "title"},
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _refer(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
