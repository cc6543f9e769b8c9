"""Stages of a network: consecutive layers with feature maps of one size."""

from collections.abc import Sequence

from core.architecture.graph import LayerRow


def split_stages(rows: Sequence[LayerRow]) -> list[Sequence[LayerRow]]:
    """Return the rows of each stage."""
    return [rows[stage.start : stage.stop] for stage in list_stages(rows)]


def list_stages(rows: Sequence[LayerRow]) -> list[range]:
    """Return the indices of the rows of each stage of a backbone; each has parameters, if there are any.

    A stage ends where the sides of all later feature maps are smaller by a third or more. Branches to one pixel, as in
    squeeze-and-excitation, and padding therefore end none. Layers without parameters belong to the stage before them.
    """
    largest = [0] * len(rows)
    for index in reversed(range(len(rows))):
        row = rows[index]
        side = 1 if len(row.output_shape) == 1 or "Padding" in row.type else row.output_shape[0]
        largest[index] = max(side, largest[index + 1]) if index + 1 < len(rows) else side
    starts = [0]
    for index in range(1, len(rows)):
        if 3 * largest[index] < 2 * largest[starts[-1]]:  # convolutions without padding change a few pixels
            padded = "Padding" in rows[index - 1].type
            starts.append(index - padded)
    stages: list[range] = []
    for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
        first = next((index for index in range(start, stop) if _has_weights(rows[index])), stop)
        first = start if first == start + 1 and "Padding" in rows[start].type else first
        if not stages:
            stages.append(range(stop))
            continue
        stages[-1] = range(stages[-1].start, first)
        if first < stop:
            stages.append(range(first, stop))
    return _merge_empty(stages, rows)


def _has_weights(row: LayerRow) -> bool:
    """Return whether training can change the layer; a Normalization contains statistics of the images only."""
    return row.params > 0 and row.type != "Normalization"


def _merge_empty(stages: list[range], rows: Sequence[LayerRow]) -> list[range]:
    """Join a first stage without weights, such as the zero padding of the input, with the second one."""
    if len(stages) > 1 and not any(_has_weights(rows[index]) for index in stages[0]):
        return [range(stages[1].stop), *stages[2:]]
    return stages
