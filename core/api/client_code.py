"""Code of the Python client of the HTTP API (`headroom/api.py`), generated from the OpenAPI description."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.api.openapi import describe_api
from core.api.route import list_operations
from core.home import Home

_HEAD = '''"""Operations of the HTTP API, generated from its OpenAPI description by `make client`. Do not edit."""

from __future__ import annotations

from typing import Any

from headroom.api_connection import ApiConnection, quote_part


class Api(ApiConnection):
    """All operations of a dashboard, such as `Api("http://localhost:8501").list_runs(q="head:gap")`."""
'''
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "list[Any]"}


def write_client() -> str:
    """Return the code of the client, before formatting: one method per operation, with its parameters."""
    description = describe_api(list_operations(Home(Path())), "")
    methods = [
        _write_method(path, method, operation, description["components"]["schemas"])
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    ]
    return "\n".join([_HEAD, *methods])


def _write_method(path: str, method: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    inner = [one for one in operation["parameters"] if one["in"] == "path"]
    others = [one for one in operation["parameters"] if one["in"] != "path"]
    body, fields = _read_body(operation, schemas)
    arguments = [f"{one['name']}: {_read_type(one['schema'])}" for one in inner]
    arguments += ["content: bytes"] if body == "content" else []
    named = [*map(_write_field, fields), *map(_write_parameter, others)]
    signature = ", ".join(["self", *arguments, *(["*"] if named else []), *named])
    address = path
    for one in inner:
        address = address.replace(f"{{{one['name']}}}", f"{{quote_part({one['name']})}}")
    call = [f'"{method.upper()}"', f'{"f" if inner else ""}"{address}"']
    for name, where in (("query", "query"), ("headers", "header")):
        if found := [one for one in others if one["in"] == where]:
            call.append(f"{name}={{" + ", ".join(f'"{one["name"]}": {_to_name(one["name"])}' for one in found) + "}")
    if body:
        call.append(f"body={body}")
    text = f'"""{operation["summary"]}{_describe_role(operation)}"""'
    lines = [f"    def {operation['operationId']}({signature}) -> {_read_result(operation)}:", f"        {text}"]
    return "\n".join([*lines, f"        return self.send({', '.join(call)})", ""])


def _describe_role(operation: Mapping[str, Any]) -> str:
    return f" {operation['description'].partition('.')[0]}." if "description" in operation else ""


def _read_body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> tuple[str, list[tuple[str, Any, bool]]]:
    """Return the expression of the body, and its fields with their schema and whether they are required."""
    if "requestBody" not in operation:
        return "", []
    content = operation["requestBody"]["content"]
    if "application/json" not in content:
        return "content", []
    schema = schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    required = schema.get("required", ())
    fields = [(name, field, name in required) for name, field in schema.get("properties", {}).items()]
    return "{" + ", ".join(f'"{name}": {name}' for name, *_ in fields) + "}", fields


def _write_field(field: tuple[str, Any, bool]) -> str:
    name, schema, required = field
    if required:
        return f"{name}: {_read_type(schema)}"
    default = schema.get("default")
    if default == {}:
        return f"{name}: dict[str, Any] | None = None"
    return f"{name}: {_read_type(schema)} = {_write_value(default)}"


def _write_parameter(parameter: Mapping[str, Any]) -> str:
    name, kind = _to_name(parameter["name"]), _read_type(parameter["schema"])
    if parameter["required"]:
        return f"{name}: {kind}"
    return f"{name}: {kind} = {_write_value(parameter['schema'].get('default', ''))}"


def _write_value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _to_name(name: str) -> str:
    return name.lower().replace("-", "_")


def _read_type(schema: Mapping[str, Any]) -> str:
    parts = schema.get("anyOf")
    if parts:
        kinds = [_read_type(part) for part in parts if part.get("type") != "null"]
        return " | ".join([*dict.fromkeys(kinds), *(["None"] if len(kinds) < len(parts) else [])])
    return _TYPES.get(schema.get("type", ""), "dict[str, Any]")


def _read_result(operation: Mapping[str, Any]) -> str:
    media = next(iter(operation["responses"]["200"]["content"]))
    return "dict[str, Any]" if media == "application/json" else "str" if media.startswith("text/") else "bytes"


if __name__ == "__main__":
    print(write_client())
