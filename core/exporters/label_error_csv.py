"""Likely label errors as CSV, with text that spreadsheets do not run as formulas."""

from core.displays.table import is_formula
from core.displays.views.label_errors import LabelErrors
from core.store.comparison import Comparison


def write_label_errors(comparison: Comparison) -> bytes:
    """Return the images of `LabelErrors` as CSV in UTF-8 with a byte order mark for Excel.

    Columns image, file (only if the names of the source files are known), label, suggested_label, and the mean
    probability of both over all runs.
    """
    frame = LabelErrors(comparison).frame().rename(columns={"suggested": "suggested_label"})
    for name in {"file", "label", "suggested_label"} & {*frame.columns}:
        frame[name] = [f"'{text}" if text and is_formula(text) else text for text in frame[name]]
    order = [name for name in ("image", "file") if name in frame]
    columns = [*order, "label", "suggested_label", "prob_label", "prob_suggested"]
    return frame[columns].to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
