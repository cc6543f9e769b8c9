"""Arguments of Keras layers from a config that may come from anywhere."""

import sys
from collections.abc import Mapping
from typing import Any

from core.architecture.layers import AxisSizes
from core.architecture.spatial import Pairs
from core.errors import ModelFileError

MAX_SIZE = 10_000_000
_MAX_ITEMS = 4096


class LayerConfig:
    """Arguments of a layer of class `kind`; every value is checked.

    Attributes:
        rank: number of spatial axes in the name of the class; 0 if it has none.
        uncomputed: name of an argument that keeps the shapes and counts, but that no layer of Headroom has; empty if
            all are known.

    Raises:
        ModelFileError: from all methods, if a value is missing or has another type or size.
    """

    def __init__(self, values: Mapping[str, Any], kind: str, label: str) -> None:
        self.values = values
        self.label = label
        self.uncomputed = ""
        self.rank = next((rank for rank in (1, 2, 3) if f"{rank}D" in kind), 0)
        if values.get("data_format") == "channels_first":
            raise ModelFileError(f"{label} has channels first. Headroom reads models with channels last only.")

    def fail(self, name: str) -> ModelFileError:
        return ModelFileError(f"{self.label} has an invalid {name}: {self.values.get(name)!r:.80}.")

    def expect(self, name: str, *allowed: Any) -> None:
        """Note an argument that has another value than those that Headroom computes with; the first is the default."""
        if self.values.get(name, allowed[0]) not in (*allowed, None):
            self.uncomputed = name

    def integer(self, name: str, default: int | None = None, low: int = 1) -> int:
        value = self.values.get(name, default)
        if type(value) is not int or not low <= value <= MAX_SIZE:
            raise self.fail(name)
        return value

    def number(self, name: str, default: float) -> float:
        value = self.values.get(name, default)
        value = default if value is None else value
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, dict):  # an array of older versions: {"class_name": "__numpy__", …}
            value = _read_array(value)
        return self._to_float(name, value)

    def numbers(self, name: str, default: float) -> float | tuple[float, ...]:
        """Return a number or one number per channel."""
        value = self.values.get(name, default)
        if isinstance(value, list) and all(type(each) in (int, float) for each in value):
            return tuple(self._to_float(name, each) for each in value[:_MAX_ITEMS])
        return self.number(name, default)

    def _to_float(self, name: str, value: Any) -> float:
        if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
            raise self.fail(name)
        return float(value)

    def flag(self, name: str, default: bool = True) -> bool:
        value = self.values.get(name, default)
        if type(value) is not bool:
            raise self.fail(name)
        return value

    def text(self, name: str, default: str) -> str:
        value = self.values.get(name, default)
        value = default if value is None else value
        if not isinstance(value, str) or len(value) > 200:
            raise self.fail(name)
        return value

    def sizes(self, name: str, default: AxisSizes | None = None) -> AxisSizes:
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if type(value) is int and 1 <= value <= MAX_SIZE:
            return value
        items = self.integers(name, low=1)
        return items[0] if len(set(items)) == 1 else items

    def integers(self, name: str, low: int = 0, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, list | tuple) or not 0 < len(value) <= 8:
            raise self.fail(name)
        if any(type(each) is not int or not low <= each <= MAX_SIZE for each in value):
            raise self.fail(name)
        return tuple(value)

    def pairs(self, name: str) -> Pairs | int:
        value = self.values.get(name, 1)
        if type(value) is int and 0 <= value <= MAX_SIZE:
            return value
        if not isinstance(value, list) or not 1 <= len(value) <= 3:
            raise self.fail(name)
        if all(type(each) is int for each in value):
            value = [value] if self.rank == 1 and len(value) == 2 else [[each, each] for each in value]
        pairs = tuple(tuple(each) if isinstance(each, list) else () for each in value)
        if any(len(pair) != 2 or any(type(n) is not int or not 0 <= n <= MAX_SIZE for n in pair) for pair in pairs):
            raise self.fail(name)
        return pairs

    def padding(self, name: str = "padding") -> str:
        value = self.text(name, "valid").lower()
        if value not in ("valid", "same", "causal"):
            raise self.fail(name)
        return value

    def activation(self, name: str = "activation", default: str = "linear") -> str:
        value = self.values.get(name, default)
        if isinstance(value, dict):  # an activation with arguments, or a custom one
            value = value.get("class_name") if _is_known(value) else None
            self.uncomputed = name
        if value is None and name in self.values and self.values[name] is not None:
            raise ModelFileError(f"{self.label} has a custom activation, whose code Headroom does not run.")
        if value is not None and (not isinstance(value, str) or len(value) > 100):
            raise self.fail(name)
        return value or "linear"


def _is_known(value: Mapping[str, Any]) -> bool:
    module = value.get("module")
    return isinstance(module, str) and module.startswith("keras") and isinstance(value.get("class_name"), str)


def _read_array(value: Mapping[str, Any]) -> Any:
    config = value.get("config")
    found = config.get("value") if isinstance(config, dict) else value.get("value")
    return found[0] if isinstance(found, list) and len(found) == 1 else found
