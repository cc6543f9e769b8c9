"""Learning curves that the callback CSVLogger of Keras writes."""

from collections.abc import Mapping
from pathlib import Path

from core.importers.importer import Importer, Source
from core.importers.table import read_columns, read_header, to_numbers


def _matches(path: Path) -> bool:
    """Return whether a file has a column epoch and a loss or an accuracy."""
    names = {name.lower() for name in read_header(path)}
    return "epoch" in names and any("loss" in name or "acc" in name for name in names)


def _read(path: Path, options: Mapping[str, str]) -> Source:
    """Return the curves, sorted by epoch; of an epoch that was trained twice, the last values."""
    columns = read_columns(path)
    numbers = {name: to_numbers(cells, name) for name, cells in columns.items()}
    epochs = next(values for name, values in numbers.items() if name.lower() == "epoch")
    rows = {epoch: row for row, epoch in enumerate(epochs)}
    order = [rows[epoch] for epoch in sorted(rows)]
    history = {name: [values[row] for row in order] for name, values in numbers.items() if name.lower() != "epoch"}
    return Source({"history": history, "library": "keras"}, name=path.stem)


CSV_LOGGER = Importer("csv_logger", "Keras CSVLogger (curves)", 20, _matches, _read)
