"""Every value that enters in a request or a bundle has bounds of core/bounds.py: each field × generated extremes."""

import importlib
import math
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

import core
import core.bounds
from core.api import parameter
from core.api.parameter import NoParameters, Parameters, UnknownPath
from core.errors import RequestError
from core.store.bundle import BundleFile, Manifest

TYPES = {name: value for name, value in vars(core.bounds).items() if hasattr(value, "__metadata__")}
PARAMETERS = [
    kind for kind in vars(parameter).values()
    if isinstance(kind, type) and issubclass(kind, Parameters) and kind not in (Parameters, NoParameters, UnknownPath)
]  # fmt: skip
_EXTREMES = (
    None, True, "", "\x00", "\u202e", "\n", "x" * 10**5, "9" * 400, "1e999", "NaN", -1, 2**63, 10**400, 1e300, math.nan,
    math.inf, [], {}, ["x"] * 10**5, "../../x", "0001-01-01T00:00:00+00:00",
)  # fmt: skip
extremes = st.one_of(
    st.sampled_from(_EXTREMES), st.text(max_size=300), st.integers(), st.floats(), st.binary(max_size=30)
)


def count_size(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes | list | dict | tuple) else 0


@given(extremes)
def test_every_type_refuses_an_extreme_or_keeps_it_within_bounds(value: Any) -> None:
    for name, kind in TYPES.items():
        try:
            found = TypeAdapter(kind).validate_python(value)
        except ValidationError:
            continue
        assert not isinstance(found, float) or math.isfinite(found), name
        assert not isinstance(found, int | float) or abs(found) < 1e39, name
        assert count_size(found) <= 20_000, name


VALID = {
    "runs": "0" * 12, "run_id": "0" * 12, "report_id": "r2345678", "address": "r2345678-1", "number": "1", "name": "x",
    "secret": "x",
}  # fmt: skip


def list_required(kind: type[Parameters], leaving_out: str) -> list[tuple[str, str]]:
    """Return valid values of the other required parameters."""
    names = [name for name, field in kind.model_fields.items() if field.is_required() and name != leaving_out]
    return [(name, VALID[name]) for name in names]


@given(extremes)
def test_every_parameter_refuses_an_extreme_with_its_description(value: Any) -> None:
    for kind in PARAMETERS:
        for name, field in kind.model_fields.items():
            try:
                found = kind.read({}, [*list_required(kind, name), (name, value)])
            except RequestError as error:
                message = str(error)
            else:
                message = f"Expected {name} to be {field.description}; got "
                assert count_size(getattr(found, name)) <= 700, name
            assert message.startswith(f"Expected {name} to be {field.description}; got ")
            assert len(message) < 400, name


@given(extremes, extremes)
def test_the_manifest_refuses_extremes(first: Any, second: Any) -> None:
    for values in (
        {"files": {str(first): {"bytes": second, "sha256": "0" * 64}}},
        {"files": first},
        {"version": first},
    ):
        try:
            found = Manifest.model_validate(values)
        except (ValidationError, UnicodeError):
            continue
        assert all(len(name) <= 200 and 0 <= file.bytes <= 2**53 for name, file in found.files.items())


def test_every_field_of_a_request_and_of_the_manifest_has_a_type_of_the_schema() -> None:
    known = [TypeAdapter(kind).json_schema() for kind in TYPES.values()]
    for model in (*PARAMETERS, BundleFile):
        for name, schema in model.model_json_schema()["properties"].items():
            bounds = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
            assert bounds in known, (model.__name__, name, bounds)
    assert Manifest.model_json_schema()["properties"]["files"]["propertyNames"] == {"maxLength": 200}


# -- every field of every file, bundle and row ------------------------------------------------------------------------

NOT_READ = ("core.training", "core.ui", "core.cli", "core.api.response")  # read nothing by models, or only write
FREE = {
    "Figure.chart", "Figure.chart{}", "Figure.chart.key",  # Vega-Lite; limited by the size and the depth of the file
    "Record.spec{}", "Sweep.members[]{}", "Candidate.spec{}", "Candidate.settings{}",  # checked by RunSpec
}  # fmt: skip


def list_models() -> list[type[BaseModel]]:
    """Return all models that parse what enters."""
    for module in pkgutil.walk_packages(core.__path__, "core."):
        if not module.name.startswith(NOT_READ) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def walk(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
        for one in kind.__subclasses__():
            yield from (one, *walk(one))

    found = {one for one in walk(BaseModel) if one.__module__.startswith("core.")}
    kept = [one for one in found if not one.__module__.startswith(NOT_READ)]
    return sorted(kept, key=lambda one: (one.__module__, one.__name__))


def find_unbounded(schema: dict[str, Any], where: str) -> Iterator[str]:
    """Yield the parts of a JSON schema that allow a number, a text or a list of any size."""
    if {"$ref", "const", "enum"} & schema.keys():
        return  # a reference is another model
    parts = [part for key in ("anyOf", "oneOf", "allOf") for part in schema.get(key, ())]
    for part in parts:
        yield from find_unbounded(part, where)
    kind = schema.get("type")
    if kind is None and not parts:
        yield where
    elif kind == "string":
        pattern = schema.get("pattern", ".*")
        if "maxLength" not in schema and re._parser.parse(pattern).getwidth()[1] > 10_000:  # type: ignore[attr-defined]
            yield where
    elif kind in ("integer", "number"):
        if not ("minimum" in schema or "exclusiveMinimum" in schema) or "maximum" not in schema:
            yield where
    elif kind == "array":
        if "maxItems" not in schema:
            yield where
        for part in (*schema.get("prefixItems", ()), *([schema["items"]] if "items" in schema else ())):
            yield from find_unbounded(part, f"{where}[]")
    elif kind == "object":
        if "maxProperties" not in schema:
            yield where
        for key, part in schema.get("patternProperties", {}).items():
            yield from find_unbounded({"type": "string", "pattern": key}, f"{where}.key")
            yield from find_unbounded(part, f"{where}{{}}")
        if "patternProperties" not in schema:
            yield from find_unbounded({"type": "string", **schema.get("propertyNames", {})}, f"{where}.key")
            free = schema.get("additionalProperties", True)
            yield from [f"{where}{{}}"] if free is True else find_unbounded(free, f"{where}{{}}") if free else []


def test_every_field_of_every_model_has_bounds() -> None:
    models = list_models()
    found = {
        f"{model.__name__}.{where}"
        for model in models
        for name, schema in model.model_json_schema().get("properties", {}).items()
        for where in find_unbounded(schema, name)
    }
    assert found == FREE
    assert len(models) > 30


def test_check_finds_a_field_without_bounds() -> None:
    class Loose(BaseModel):
        text: str
        number: float
        count: int
        texts: tuple[str, ...]
        pairs: dict[str, int]
        anything: Any = None

    properties = Loose.model_json_schema()["properties"].items()
    found = {where for name, schema in properties for where in find_unbounded(schema, name)}
    assert found == {"text", "number", "count", "texts", "texts[]", "pairs", "pairs.key", "pairs{}", "anything"}
