"""Third reader of architectures: a Keras model from its config, without Keras, and nothing in it is executed.

Sequential and functional models of Keras 2 and 3 are read, with nested models and shared layers. A nested layer is
called OUTER/INNER; a further call of a shared layer NAME@2, and its weights count once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from core.architecture.graph import LayerWalk, Node
from core.architecture.keras_argument import MAX_SIZE, LayerConfig
from core.architecture.keras_cut import Cut, find_last_maps, find_scores, list_cuts
from core.architecture.keras_file import read_config
from core.architecture.keras_graph import (
    MODELS,
    Call,
    find_input,
    list_calls,
    list_references,
    open_entry,
    order_calls,
)
from core.architecture.keras_layer import READERS, read_operation
from core.architecture.layers import Layer, Shape
from core.architecture.model import LayerGraph
from core.bounds import check_printable
from core.errors import ModelFileError, SpecError

_MAX_LAYERS = 5000  # calls; the largest model of Keras Applications has about 1000
_MAX_NESTED, _MAX_INPUTS = 16, 100
_MAX_COUNT = 10**13  # parameters, values and FLOPs / 1000, so that sums fit 64 bits


@dataclass(frozen=True)
class KerasModel(LayerGraph):
    """A model that was read from a file.

    Attributes:
        outputs: names of the layers whose outputs are those of the model.
        cuts: candidates for the end of a backbone, first to last; their outputs have spatial axes.
        cut: name of the last of them before the classifier, where `LayerRow.part` changes from "backbone" to "head";
            empty without one.
        uncomputed: names of layers with an argument each that is read, but with which Headroom cannot compute.
    """

    name: str
    outputs: tuple[str, ...]
    cuts: tuple[Cut, ...]
    cut: str
    uncomputed: tuple[tuple[str, str], ...] = ()

    def list_shared(self) -> list[str]:
        """Return the names of the further calls of layers, NAME@2, whose parameters count once."""
        names = {row.name for row in self.rows}
        first = ((name, re.sub(r"@\d+(?=/|$)", "", name)) for name in names)
        return sorted(name for name, own in first if own != name and own in names)


def read_keras_model(source: Path | bytes, *, side: int | None = None, label: str = "The file") -> KerasModel:
    """Return the model of a .keras file or config.json.

    Args:
        side: length of the sides of the input, for models that accept images of any size.
        label: what error messages call the file.

    Raises:
        ModelFileError: if the file is not a Keras model, is too large, or has layers that Headroom does not know.
    """
    config = read_config(source, label)
    try:
        reader = _Reader(side)
        outputs = reader.read_model(config, None, "", trainable=True, shared="", depth=0)
        return _build(_name_of(config), reader, outputs)
    except SpecError as error:
        raise ModelFileError(f"{label} cannot be counted: {str(error)[:1].lower()}{str(error)[1:]}") from None


def _name_of(config: Mapping[str, Any]) -> str:
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return name[:80] if _is_name(name) else "Model"


def _is_name(name: Any) -> TypeGuard[str]:
    try:
        return isinstance(name, str) and 0 < len(check_printable(name)) <= 200
    except ValueError:
        return False


def _build(name: str, reader: "_Reader", outputs: Sequence[str]) -> KerasModel:
    walk = reader.walk
    if walk is None or not walk.rows:
        raise ModelFileError("The model has no layers.")
    cuts = tuple(list_cuts(walk.rows, outputs))
    shapes = [(cut.layer, cut.shape) for cut in cuts]
    before = {row.name for row in walk.rows[: find_scores(walk, outputs)]}
    rank = len(next(iter(reader.inputs.values())))
    cut = find_last_maps([each for each in shapes if each[0] in before] or shapes, rank)
    last = next((index for index, row in enumerate(walk.rows) if row.name == cut), -1)
    rows = (replace(row, part="backbone" if index <= last else "head") for index, row in enumerate(walk.rows))
    inputs = tuple(reader.inputs.items())
    return KerasModel(
        inputs, tuple(walk.layers), tuple(rows), name, tuple(outputs), cuts, cut, tuple(reader.uncomputed)
    )


class _Reader:
    """Walks through a model and its nested models, and appends each call of a layer to `walk`."""

    def __init__(self, side: int | None) -> None:
        self.side = side
        self.inputs: dict[str, Shape] = {}
        self.walk: LayerWalk | None = None
        self.uncomputed: list[tuple[str, str]] = []
        self._calls: dict[str, int] = {}
        self._params = self._flops = 0

    def read_model(
        self, entry: Any, tensors: Sequence[str] | None, prefix: str, *, trainable: bool, shared: str, depth: int
    ) -> list[str]:
        """Append the layers of a model that reads `tensors`, or the inputs of the file if None; return its outputs."""
        kind, config = open_entry(entry)
        if kind not in MODELS:
            raise ModelFileError(
                f"Expected a Sequential or functional model; got a model of class {kind!r:.80}, whose code is not read."
            )
        if depth > _MAX_NESTED:
            raise ModelFileError(f"The model is nested more than {_MAX_NESTED} times.")
        trainable = trainable and config.get("trainable", True) is not False
        if kind == "Sequential":
            return self._read_chain(entry, config, tensors, prefix, trainable, shared, depth)
        return self._read_graph(config, tensors, prefix, trainable, shared, depth)

    def _read_chain(
        self,
        entry: Any,
        config: Any,
        tensors: Sequence[str] | None,
        prefix: str,
        trainable: bool,
        shared: str,
        depth: int,
    ) -> list[str]:
        layers = config.get("layers")
        if not isinstance(layers, list) or not layers:
            raise ModelFileError("The model has no layers.")
        if len(layers) > _MAX_LAYERS + 1:
            raise ModelFileError(f"The model has more than {_MAX_LAYERS:,} layers.")
        if tensors is None:
            tensors = [self._add_input(*find_input(entry, config, layers))]
        current = list(tensors)
        for layer in layers:
            if open_entry(layer)[0] != "InputLayer":
                current = self._read_layer(layer, current, prefix, trainable, shared, depth)
        return current

    def _read_graph(
        self, config: Any, tensors: Sequence[str] | None, prefix: str, trainable: bool, shared: str, depth: int
    ) -> list[str]:
        calls = list_calls(config)
        names = [reference.layer for reference in list_references(config.get("input_layers"))]
        found: dict[tuple[str, int], list[str]] = {}
        if tensors is not None and len(tensors) != len(names):
            raise ModelFileError(f"Expected {len(names)} input(s) of a nested model; got {len(tensors)}.")
        for call in order_calls(calls):
            if call.kind == "InputLayer":
                if tensors is None:
                    found[call.key] = [self._add_input(call.layer, open_entry(call.entry)[1])]
                else:
                    found[call.key] = [tensors[names.index(call.layer)]] if call.layer in names else []
                continue
            read = [_pick(found, reference.layer, reference.node, reference.tensor) for reference in call.inputs]
            found[call.key] = self._read_layer(call.entry, read, prefix, trainable, shared, depth, call)
        outputs = list_references(config.get("output_layers"))
        if not outputs:
            raise ModelFileError("The model has no outputs.")
        return [_pick(found, each.layer, each.node, each.tensor) for each in outputs]

    def _read_layer(
        self, entry: Any, inputs: list[str], prefix: str, trainable: bool, shared: str, depth: int,
        call: Call | None = None,
    ) -> list[str]:  # fmt: skip
        kind, config = open_entry(entry)
        own_name = call.layer if call else config.get("name")
        if not _is_name(own_name):
            raise ModelFileError(f"A layer of class {kind!r:.80} has no valid name.")
        name = f"{prefix}{own_name}"
        self._calls[name] = number = self._calls.get(name, 0) + 1
        original = shared or (name if number > 1 else "")
        unique = name if number == 1 else f"{name}@{number}"
        if kind in MODELS:
            return self.read_model(entry, inputs, f"{unique}/", trainable=trainable, shared=original, depth=depth + 1)
        layer, uncomputed = _read_record(entry, kind, config, own_name, unique, call.number if call else None)
        self.uncomputed += [(unique, uncomputed)] * bool(uncomputed)
        trained = trainable and config.get("trainable", True) is not False
        self._append(Node(layer, tuple(inputs), trained, original), kind, config)
        return [unique]

    def _append(self, node: Node, kind: str, config: Mapping[str, Any]) -> None:
        if self.walk is None:
            raise ModelFileError("The model has no input.")
        if len(self.walk.rows) >= _MAX_LAYERS:
            raise ModelFileError(f"The model has more than {_MAX_LAYERS:,} layers.")
        self.walk.add(node, "head")
        row = self.walk.rows[-1]
        if kind[-2:-1] in "123" and kind.endswith("D") and row.type.endswith("D") and row.type[-2] != kind[-2]:
            raise ModelFileError(f"Layer {row.name!r:.80} of class {kind} has an input with another number of axes.")
        axis = config.get("axis")
        if "Normalization" in kind and type(axis) is int and 0 < axis != len(row.output_shape):
            raise ModelFileError(f"Layer {row.name!r:.80} normalizes along axis {axis}, which is not the last one.")
        values = 1
        for size in row.output_shape:
            values *= size
        self._params += row.params
        self._flops += row.flops or 0
        if max(values, self._params, self._flops // 1000) > _MAX_COUNT:
            raise ModelFileError(f"Layer {row.name!r:.80} is too large to be counted.")

    def _add_input(self, name: str, config: Mapping[str, Any]) -> str:
        if not _is_name(name) or len(self.inputs) >= _MAX_INPUTS:
            raise ModelFileError(f"The model has an input without a valid name, or more than {_MAX_INPUTS} inputs.")
        shape = config.get("batch_shape") or config.get("batch_input_shape")
        if not isinstance(shape, list) or not 2 <= len(shape) <= 5:
            raise ModelFileError(f"The input {name!r:.80} has no shape, so its layers cannot be counted.")
        *sides, last = shape[1:]
        if any(side is None for side in sides) and self.side is None:
            raise ModelFileError("The model accepts images of any size. Choose the length of their sides.")
        sizes = (*(self.side if side is None else side for side in sides), last)
        if any(type(size) is not int or not 0 < size <= MAX_SIZE for size in sizes):
            raise ModelFileError(f"The input {name!r:.80} has an invalid shape: {shape!r:.80}.")
        self.inputs[name] = sizes
        if self.walk is None:
            self.walk = LayerWalk({name: sizes})
        self.walk.shapes[name] = sizes
        return name


def _read_record(
    entry: Mapping[str, Any], kind: str, config: Mapping[str, Any], own_name: str, name: str,
    number: tuple[float, bool] | None,
) -> tuple[Layer, str]:  # fmt: skip
    """Return the record of a layer and `LayerConfig.uncomputed`, or raise ModelFileError with its name."""
    label = f"Layer {own_name!r:.80} ({kind:.80})"
    module, registered = entry.get("module"), entry.get("registered_name")
    external = isinstance(module, str) and not module.startswith(("keras", "tensorflow", "tf_keras"))
    if external or (module is None and isinstance(registered, str) and registered != kind):
        raise ModelFileError(f"{label} is of a class outside Keras, whose code Headroom does not run.")
    if kind == "Lambda":
        raise ModelFileError(f"{label} contains code, which Headroom does not run.")
    policy = config.get("dtype")
    if isinstance(policy, dict) and "Quantized" in str(policy.get("class_name")):
        raise ModelFileError(f"{label} is quantized. Save the model before quantize().")
    known, is_operation = LayerConfig(config, kind, label), isinstance(module, str) and ".ops" in module
    if is_operation or kind == "TFOpLambda":
        function = config.get("function", kind)
        if record := read_operation(function if isinstance(function, str) else kind, known, name, number):
            return record, known.uncomputed
    elif kind in READERS:
        return READERS[kind](known, name), known.uncomputed
    raise ModelFileError(f"{label} has a class that Headroom does not know.")


def _pick(found: Mapping[tuple[str, int], list[str]], layer: str, node: int, tensor: int) -> str:
    outputs = found.get((layer, node), [])
    if not 0 <= tensor < len(outputs):
        raise ModelFileError(f"The model reads an output that layer {layer!r:.80} does not have.")
    return outputs[tensor]
