"""Altair without its repetitions: the same charts under the same validation, in a fraction of the time."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any
from unittest.mock import patch

from altair.utils import schemapi
from altair.utils.schemapi import SchemaBase
from altair.vegalite.v6.schema.core import Root
from jsonschema_rs import Draft7Validator

_ROOT = Root._schema
_REFERENCE = "#/definitions/"
_NESTED = (SchemaBase, list, dict)
_FromDict, _list_errors, _deep_copy = schemapi._FromDict, schemapi._get_errors_from_spec, schemapi._deep_copy
SLOW = {"_FromDict": _FromDict, "_get_errors_from_spec": _list_errors, "_deep_copy": _deep_copy}


@cache
def _hash_classes() -> dict[int, list[type[SchemaBase]]]:
    return _FromDict(Root._default_wrapper_classes()).class_dict


class _Hashed(_FromDict):
    """Builder of encodings that hashes the schemas of all classes once, and not for each encoding."""

    def __init__(self, classes: Iterable[type[SchemaBase]], /) -> None:
        self.class_dict = _hash_classes()


@cache
def _number_definitions() -> dict[str, str]:
    """Return references without characters such as `<`, which are not valid in the reference of a schema."""
    return {f"{_REFERENCE}{name}": f"{_REFERENCE}{number}" for number, name in enumerate(_ROOT["definitions"])}


def _rename(schema: Any) -> Any:
    if isinstance(schema, dict):
        numbers = _number_definitions()
        return {key: numbers[value] if key == "$ref" else _rename(value) for key, value in schema.items()}
    return [_rename(part) for part in schema] if isinstance(schema, list) else schema


@cache
def _rename_definitions() -> dict[str, Any]:
    return {str(number): _rename(schema) for number, schema in enumerate(_ROOT["definitions"].values())}


@cache
def _compile(schema: str) -> Draft7Validator:
    return Draft7Validator({**_rename(json.loads(schema)), "definitions": _rename_definitions()}, validate_formats=True)


def _validate(spec: Any, schema: dict[str, Any], rootschema: dict[str, Any] | None = None) -> Any:
    """Validate with a compiled schema; Altair explains what is invalid."""
    try:
        if rootschema is _ROOT and _compile(json.dumps(schema)).is_valid(spec):
            return []
    except ValueError:  # a value that JSON does not have
        pass
    return _list_errors(spec, schema, rootschema)


def _copy(value: Any, by_ref: set[str]) -> Any:
    """Copy without a call for each of the hundreds of properties that are not set."""
    if not isinstance(value, SchemaBase) or value._args or getattr(value, "__deepcopy__", None):
        return _deep_copy(value, by_ref) if isinstance(value, _NESTED) else value
    properties = value._kwds.items()
    copied = {k: _copy(v, by_ref) if isinstance(v, _NESTED) and k not in by_ref else v for k, v in properties}
    with schemapi.debug_mode(False):
        return value.__class__(**copied)


def quicken_altair() -> None:
    """Replace the slow functions of Altair in this process."""
    patch.multiple(schemapi, **dict(zip(SLOW, (_Hashed, _validate, _copy), strict=True))).start()
