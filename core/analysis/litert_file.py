"""Inputs and outputs of a LiteRT file, read without an interpreter."""

import mmap
from dataclasses import dataclass

from core.store.run import Run


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
    """Return the names of the inputs and outputs of a run's model.tflite. The names are Python identifiers.

    Raises:
        RunDamagedError: when the file is missing or damaged, or has another signature.
    """
    from ai_edge_litert import schema_py_generated as schema  # imported here: takes 0.1 s

    try:
        with run.artifact("model.tflite").open("rb") as file:
            model = schema.Model.GetRootAs(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        graph, signature = model.Subgraphs(0), model.SignatureDefs(0)
        ranks = [graph.Tensors(graph.Outputs(index)).ShapeLength() for index in range(graph.OutputsLength())]
        index = ranks.index(2)  # (images, classes)
        tensor = graph.Outputs(index)
        outputs = [signature.Outputs(number) for number in range(signature.OutputsLength())]
        found = next(output.Name().decode() for output in outputs if output.TensorIndex() == tensor)
        given = signature.Inputs(0).Name().decode()
    except (AttributeError, IndexError, StopIteration, TypeError, ValueError, OSError) as error:
        raise run.damaged(f"LiteRT cannot read the signature of model.tflite of run {run.run_id}: {error}.") from None
    if not (found.isidentifier() and given.isidentifier()):
        raise run.damaged(f"model.tflite of run {run.run_id} has invalid names of inputs or outputs.")
    return LiteRTSignature(given, found, index, len(ranks))
