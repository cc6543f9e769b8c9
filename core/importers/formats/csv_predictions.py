"""CSV file of predictions: the label of each image, and its predicted class or one probability per class."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ImportFileError
from core.importers.importer import Importer, Source
from core.importers.table import find_column, read_columns, read_header, to_numbers

LABELS = ("label", "true", "true_class", "y_true", "target", "actual", "class")
PREDICTIONS = ("prediction", "predicted", "predicted_class", "y_pred", "pred")
_PROBABILITY = re.compile(r"(?:p|prob|proba|probability)[_ (]+(.+?)\)?", re.IGNORECASE)


def _matches(path: Path) -> bool:
    names = read_header(path)
    return bool(find_column(names, LABELS)) and (bool(find_column(names, PREDICTIONS)) or bool(_find_probs(names)))


def _read(path: Path, options: Mapping[str, str]) -> Source:
    """Return labels with probabilities, or else with predicted classes. Labels are numbers or names of classes."""
    columns = read_columns(path)
    label = find_column([*columns], LABELS)
    probs, predicted = _find_probs([*columns]), find_column([*columns], PREDICTIONS)
    if not columns[label]:
        raise ImportFileError(f"{path.name!r:.80} has no rows.")
    if probs:
        classes = [*probs]
        values: dict[str, Any] = {
            "probabilities": np.array([to_numbers(columns[name], name) for name in probs.values()]).T
        }
    else:
        classes = _list_classes(columns[label], columns[predicted])
        values = {"predictions": _number(columns[predicted], classes, predicted)}
    return Source({"labels": _number(columns[label], classes, label), "classes": classes, **values}, name=path.stem)


def _find_probs(names: list[str]) -> dict[str, str]:
    """Return the columns of probabilities by class, such as `prob_cat` or `P(cat)`."""
    return {found[1]: name for name in names if (found := _PROBABILITY.fullmatch(name))}


def _list_classes(*columns: list[str]) -> list[str]:
    """Return the names of the classes that occur; of numbers, all from 0 to the largest."""
    names = {cell for column in columns for cell in column}
    if all(re.fullmatch(r"\d{1,5}", name) for name in names):
        return [str(number) for number in range(max(2, 1 + max(map(int, names))))]
    return sorted(names)


def _number(cells: list[str], classes: list[str], column: str) -> np.ndarray[Any, Any]:
    """Return class numbers; a cell is the name of a class or its number."""
    rows = {name: row for row, name in enumerate(classes)}
    unknown = next((cell for cell in cells if cell not in rows), None)
    if unknown is None:
        return np.array([rows[cell] for cell in cells])
    if all(re.fullmatch(r"\d{1,5}", cell) for cell in cells):
        return np.array([*map(int, cells)])
    raise ImportFileError(f"Expected the column {column!r:.60} to contain classes; got {unknown!r:.60}.")


CSV_PREDICTIONS = Importer("csv_predictions", "CSV of predictions", 30, _matches, _read)
