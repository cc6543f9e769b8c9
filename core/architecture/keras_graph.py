"""Calls of the layers of a functional Keras model in the order of computation: configs of Keras 2 and 3."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from typing import Any, TypeGuard

from core.errors import ModelFileError

MODELS = ("Functional", "Model", "Sequential")
"""Classes of models, which may also be layers of another one."""
_MAX_CALLS = 20_000
_MAX_ARGUMENT_DEPTH = 8


@dataclass(frozen=True)
class OutputReference:
    """An output: that of call number `node` of a layer, at position `tensor`."""

    layer: str
    node: int
    tensor: int


@dataclass(frozen=True)
class Call:
    """A call of a layer; a shared layer has several.

    Attributes:
        number: an operand that is a number, and whether it is the first of two; None without one.
    """

    layer: str
    node: int
    kind: str
    entry: dict[str, Any]
    inputs: tuple[OutputReference, ...]
    number: tuple[float, bool] | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.layer, self.node


def list_calls(config: dict[str, Any]) -> list[Call]:
    """Return the calls of all layers of a functional model.

    Raises:
        ModelFileError: if the config is invalid.
    """
    layers = config.get("layers")
    if not isinstance(layers, list) or not layers:
        raise ModelFileError("The model has no layers.")
    calls: list[Call] = []
    for entry in layers:
        kind = entry.get("class_name") if isinstance(entry, dict) else None
        inner = entry.get("config") if isinstance(entry, dict) else None
        name = (entry.get("name") or (inner or {}).get("name")) if isinstance(inner, dict) else None
        if not isinstance(kind, str) or not isinstance(name, str):
            raise ModelFileError("The config of the model has a layer without a name or a class.")
        nodes = entry.get("inbound_nodes")
        nodes = nodes if isinstance(nodes, list) else []
        for index, node in enumerate([None] if kind == "InputLayer" else nodes):
            calls.append(Call(name, index, kind, entry, tuple(_read_node(node)), _find_number(node)))
            if len(calls) > _MAX_CALLS:
                raise ModelFileError(f"The model has more than {_MAX_CALLS:,} layers.")
    if len({call.key for call in calls}) < len(calls):
        raise ModelFileError("The model has two layers of one name.")
    offsets = _find_offsets(calls, list_references(config.get("output_layers")))
    return [replace(call, node=call.node + offsets.get(call.layer, 0)) for call in calls]


def _find_offsets(calls: Sequence[Call], outputs: Sequence[OutputReference]) -> dict[str, int]:
    """Return the number of the first call of nested models: in some versions 1, because their creation counts as one.

    Other layers are counted from 0 and missing here.
    """
    largest: dict[str, int] = {}
    for reference in (*outputs, *(each for call in calls for each in call.inputs)):
        largest[reference.layer] = max(reference.node, largest.get(reference.layer, 0))
    counts = Counter(call.layer for call in calls if call.kind in MODELS)
    return {name: 1 for name, count in counts.items() if largest.get(name) == count}


def order_calls(calls: Sequence[Call]) -> Iterator[Call]:
    """Yield the calls, each after those that it reads, otherwise in the given order.

    Raises:
        ModelFileError: if a call reads an unknown layer or its own output.
    """
    known = {call.key: call for call in calls}
    readers: dict[tuple[str, int], list[Call]] = {}
    missing: dict[tuple[str, int], int] = {}
    for call in calls:
        sources = {(reference.layer, reference.node) for reference in call.inputs}
        if unknown := next((source for source in sources if source not in known), None):
            raise ModelFileError(f"Layer {call.layer!r:.80} reads layer {unknown[0]!r:.80}, which the model lacks.")
        if not sources and call.kind != "InputLayer":
            raise ModelFileError(f"Layer {call.layer!r:.80} has no input.")
        missing[call.key] = len(sources)
        for source in sources:
            readers.setdefault(source, []).append(call)
    positions = {call.key: index for index, call in enumerate(calls)}
    ready = [index for index, call in enumerate(calls) if not missing[call.key]]
    heapify(ready)
    done = 0
    while ready:
        call = calls[heappop(ready)]
        yield call
        done += 1
        for reader in readers.get(call.key, []):
            missing[reader.key] -= 1
            if not missing[reader.key]:
                heappush(ready, positions[reader.key])
    if done < len(calls):
        raise ModelFileError("The layers of the model form a cycle.")


def _read_node(node: Any) -> Iterator[OutputReference]:
    """Yield the outputs that a call reads, in the order of the arguments."""
    if node is None:
        return
    if isinstance(node, dict):  # Keras 3
        yield from _find_tensors([node.get("args"), node.get("kwargs")], 0)
        return
    if _is_reference(node):  # a single input, in some versions
        node = [node]
    if not isinstance(node, list):
        raise ModelFileError("The config of the model has an invalid list of inputs.")
    for item in node:
        if not _is_reference(item):
            raise ModelFileError("The config of the model has an invalid list of inputs.")
        yield OutputReference(*item[:3])
        for value in item[3].values() if len(item) > 3 and isinstance(item[3], dict) else ():
            if _is_reference(value):
                yield OutputReference(*value[:3])


def _find_number(node: Any) -> tuple[float, bool] | None:
    """Return the only number among the two operands of a call, and whether it is the first."""
    if isinstance(node, dict):  # Keras 3
        args, kwargs = node.get("args"), node.get("kwargs")
        operands = [*(args if isinstance(args, list) else []), *(kwargs.values() if isinstance(kwargs, dict) else [])]
    elif isinstance(node, list) and len(node) == 1 and isinstance(node[0], list) and len(node[0]) == 4:
        kwargs = node[0][3] if isinstance(node[0][3], dict) else {}
        operands = [None, *(value for key, value in kwargs.items() if key != "name")]
    else:
        return None
    numbers = [at for at, value in enumerate(operands) if type(value) in (int, float)]
    if len(operands) != 2 or len(numbers) != 1 or not abs(number := operands[numbers[0]]) <= sys.float_info.max:
        return None
    return float(number), numbers == [0]


def _find_tensors(value: Any, depth: int) -> Iterator[OutputReference]:
    if depth > _MAX_ARGUMENT_DEPTH:
        raise ModelFileError("The config of the model has arguments that are nested too deeply.")
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            config = value.get("config")
            history = config.get("keras_history") if isinstance(config, dict) else None
            if not _is_reference(history):
                raise ModelFileError("The config of the model has an invalid list of inputs.")
            yield OutputReference(*history[:3])
            return
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _find_tensors(item, depth + 1)


def _is_reference(value: Any) -> TypeGuard[list[Any]]:
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and type(value[1]) is int
        and type(value[2]) is int
    )


def list_references(value: Any, depth: int = 0) -> list[OutputReference]:
    """Return the inputs or outputs of a model: one, a list, or a dictionary of them."""
    if _is_reference(value):
        return [OutputReference(*value[:3])]
    if depth > _MAX_ARGUMENT_DEPTH or not isinstance(value, list | dict):
        raise ModelFileError("The config of the model has an invalid list of inputs or outputs.")
    items = value.values() if isinstance(value, dict) else value
    return [reference for item in items for reference in list_references(item, depth + 1)]


def open_entry(entry: Any) -> tuple[str, dict[str, Any]]:
    """Return class and config of a layer."""
    kind = entry.get("class_name") if isinstance(entry, dict) else None
    config = entry.get("config") if isinstance(entry, dict) else None
    if not isinstance(kind, str) or not isinstance(config, dict):
        raise ModelFileError("The config of the model has a layer without a class.")
    return kind, config


def find_input(entry: Any, config: Any, layers: list[Any]) -> tuple[str, Mapping[str, Any]]:
    """Return name and config with the input shape of a Sequential model."""
    kind, first = open_entry(layers[0])
    name = first.get("name") if kind == "InputLayer" else "input"
    built = entry.get("build_config") if isinstance(entry, dict) else None
    shapes = [
        first.get("batch_shape"),
        first.get("batch_input_shape"),
        config.get("build_input_shape"),
        built.get("input_shape") if isinstance(built, dict) else None,
    ]
    if kind in MODELS and not any(shapes):
        inner = open_entry(layers[0])[1].get("layers")
        return find_input(layers[0], first, inner) if isinstance(inner, list) and inner else ("input", {})
    return name if isinstance(name, str) else "input", {"batch_shape": next(filter(None, shapes), None)}
