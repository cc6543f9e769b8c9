"""OpenAPI description of the HTTP API, generated from its operations, parameters and response models."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from core.api.operation import Operation
from core.api.parameter import Parameters
from core.api.response import BINARY, JSON, ErrorResponse

VERSION = "1"
_REFERENCE = "#/components/schemas/{model}"
_ABOUT = (
    "Access to the runs, jobs, comparisons and reports of a Headroom dashboard. Trainers can submit training and "
    "import runs that were trained elsewhere, commenters can comment on reports. If the dashboard requires a login, "
    "requests need an access token (headroom token NAME) or the cookie of a login."
)
_LOGIN: list[dict[str, list[str]]] = [{}, {"token": []}, {"login": []}]
_LOGIN_ERRORS = {"401": "Not logged in, login expired, or invalid access token."}
_ERRORS = {
    "400": "A parameter is missing or invalid.",
    **_LOGIN_ERRORS,
    "403": "The user has no role on this dashboard.",
    "404": "The run, job, report, comment, file or path was not found, or the run has no model.",
    "405": "The method is not allowed.",
    "500": "Internal error. The log of the dashboard has the details.",
}
_WRITE_ERRORS = {
    **_ERRORS,
    "400": "The body or a parameter is invalid, or the Content-Type is.",
    "403": "The user lacks the required role.",
    "413": "The body is too large.",
}
_RANGE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "part of the file, such as bytes=0-999",
    "schema": {"type": "string", "pattern": "^bytes=[0-9]{1,15}-[0-9]{0,15}$"},
}
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


def describe_api(operations: Sequence[Operation], base: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document. `base` is the prefix of every path."""
    writes = [one.writing for one in operations if one.writing]
    answers: list[Any] = [one.returns for one in operations if not isinstance(one.returns, str)]
    answers += [one.returns for one in writes]
    bodies: list[Any] = [one.body for one in writes if not isinstance(one.body, str)]
    _, schemas = models_json_schema(
        [(model, "serialization") for model in dict.fromkeys((ErrorResponse, *answers))]
        + [(model, "validation") for model in dict.fromkeys(bodies)],
        ref_template=_REFERENCE,
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Headroom", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": base or "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(map(_tag, operations))],
        "paths": {one.path: {**_describe(one), **_describe_write(one)} for one in operations},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "login": {"type": "apiKey", "in": "cookie", "name": "_streamlit_user"},
            },
        },
    }


def _tag(operation: Operation) -> str:
    """Return the first part of the path of an operation after /api."""
    return operation.path.removeprefix("/api").split("/")[1]


def _describe(operation: Operation) -> dict[str, Any]:
    """Return the description of the operation with GET; empty if the path has none."""
    if operation.run is None:
        return {}
    success: dict[str, Any] = {
        "200": {"description": operation.summary, "content": _describe_content(operation.returns)}
    }
    parameters = _list_parameters(operation.path, operation.parameters)
    if operation.returns == BINARY:  # a file, which is also sent in parts
        parts: dict[str, Any] = {BINARY: {}, "multipart/byteranges": {}}
        success["206"] = {"description": "The requested parts of the file.", "content": parts}
        success["416"] = {"description": "The file has no such part.", "content": _TEXT}
        parameters.append(_RANGE)
    login = {} if operation.public else {"security": _LOGIN}
    responses = success | _describe_errors(_ERRORS)
    if operation.returns == BINARY:
        responses["400"]["content"] |= _TEXT
    return {
        "get": {
            "tags": [_tag(operation)],
            "summary": operation.summary,
            "operationId": operation.name,
            "parameters": parameters,
            "responses": responses,
        }
        | login
    }


def _describe_write(operation: Operation) -> dict[str, Any]:
    """Return the description of the operation with POST; empty if the path has none."""
    write = operation.writing
    if write is None:
        return {}
    binary = isinstance(write.body, str)
    schema = {"type": "string", "format": "binary"} if isinstance(write.body, str) else _refer(write.body)
    return {
        "post": {
            "tags": [_tag(operation)],
            "summary": write.summary,
            "description": f"Needs the {write.action.role.label} role."
            + (f" At most {write.max_bytes / 1e6:,.0f} MB. Sending a file again changes nothing." if binary else ""),
            "operationId": write.name,
            "parameters": _list_parameters(operation.path, write.parameters),
            "requestBody": {"required": True, "content": {write.media_type: {"schema": schema}}},
            "responses": {"200": {"description": write.summary, "content": _describe_content(write.returns)}}
            | _describe_errors(_WRITE_ERRORS),
            "security": _LOGIN,
        }
    }


def _describe_content(returns: type[BaseModel] | str) -> dict[str, Any]:
    if isinstance(returns, str):
        media = returns.partition(";")[0]
        return {media: {"schema": {"type": "string"}} if media.startswith("text/") else {}}
    return {JSON: {"schema": _refer(returns)}}


def _describe_errors(errors: Mapping[str, str]) -> dict[str, Any]:
    return {
        status: {"description": text, "content": {JSON: {"schema": _refer(ErrorResponse)}}}
        for status, text in errors.items()
    }


def _list_parameters(path: str, parameters: type[Parameters]) -> list[dict[str, Any]]:
    schema = parameters.model_json_schema()
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in path else "query",
            "required": name in required,
            "description": field.pop("description"),
            "schema": {key: value for key, value in field.items() if key != "title"},
        }
        for name, field in schema.get("properties", {}).items()
    ]


def _refer(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=model.__name__)}
