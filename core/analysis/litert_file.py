"""Inputs and outputs of a LiteRT file, read without an interpreter."""

import mmap
import struct
from dataclasses import dataclass
from typing import Any

from core.store.run import Run

_RANK = 2  # of the probabilities: images and classes
_MAX_OUTPUTS, _MAX_CHARS = 16, 80


@dataclass(frozen=True)
class LiteRTSignature:
    """Names in the signature of model.tflite.

    Attributes:
        input: name of the images.
        probabilities: name of the output with the class probabilities.
        index: position of that output in the file; older files have the feature maps first.
        output_count: number of outputs.
    """

    input: str
    probabilities: str
    index: int
    output_count: int


def read_signature(run: Run) -> LiteRTSignature:
    """Return the names in the signature of a run's model.tflite.

    Raises:
        RunDamagedError: when the file is missing or damaged, or has another signature.
    """
    try:
        with run.artifact("model.tflite").open("rb") as file:
            return parse_signature(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        raise run.damaged(f"The signature of model.tflite of run {run.run_id} cannot be read: {error}.") from None


def parse_signature(content: Any) -> LiteRTSignature:
    """Return the names in the signature of a LiteRT file, which are Python identifiers: they are used in code.

    Args:
        content: a buffer, which may be from an imported bundle.

    Raises:
        ValueError: when it is damaged, or has another signature.
    """
    from ai_edge_litert import schema_py_generated as schema  # imported here: takes 0.1 s

    try:
        model = schema.Model.GetRootAs(content)
        graph, signature = model.Subgraphs(0), model.SignatureDefs(0)
        count = graph.OutputsLength()
        if not count == signature.OutputsLength() <= _MAX_OUTPUTS:
            raise ValueError("it has too many outputs")
        index = [graph.Tensors(graph.Outputs(number)).ShapeLength() for number in range(count)].index(_RANK)
        outputs = {one.TensorIndex(): one.Name() for one in map(signature.Outputs, range(count))}
        given, found = (name.decode() for name in (signature.Inputs(0).Name(), outputs[graph.Outputs(index)]))
    except (AttributeError, IndexError, KeyError, TypeError, struct.error, OverflowError) as error:
        raise ValueError("it is damaged") from error
    if not all(name.isidentifier() and len(name) <= _MAX_CHARS for name in (given, found)):
        raise ValueError("it has invalid names of inputs or outputs")
    return LiteRTSignature(given, found, index, count)
