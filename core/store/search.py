"""Search queries for runs: terms separated by spaces, all of which must match.

Example: `gap acc>0.9 tag:paper -is:archived "my run"`. A word is searched in ID, name, recipe, dataset, head, tags and
note; `field:value` matches the value of a field, `field>number` compares it; a leading minus negates a term.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from core.errors import SearchError
from core.spec import HEADS, SETTINGS

MAX_CHARS = 500

_NUMBERS = {
    "acc": "test_accuracy", "accuracy": "test_accuracy", "loss": "test_loss", "params": "params", "flops": "flops",
    "bytes": "tflite_bytes", "latency": "latency_seconds", "seconds": "train_seconds",
    "val_acc": "validation_accuracy", "val_loss": "validation_loss",
    **{name: name for name, setting in SETTINGS.items() if setting.kind in (int, float)},
    "epochs": "trained_epochs",
}  # fmt: skip
_TEXTS = {
    "id": "run_id", "run": "run_id", "name": "name", "recipe": "recipe", "note": "note", "cpu": "cpu", "from": "source",
    **{name: name for name, setting in SETTINGS.items() if setting.kind in (str, bool)},
}  # fmt: skip
_MARKS = {"star": "star", "starred": "star", "archived": "archived", "elsewhere": "elsewhere", "withheld": "withheld"}
_FREE = ("run_id", "name", "recipe", "dataset", "head", "head_label", "elsewhere", "tags", "note")
_OF_SETTINGS = {*SETTINGS} - {"dataset", "data", "folder", "seed"}  # runs from elsewhere have none

_COMPARE: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq, ":": operator.eq,
}  # fmt: skip
_TERM = re.compile(r'(-?)(?:([A-Za-z_0-9]+)(>=|<=|>|<|=|:))?("[^"]*"|\S+)')


@dataclass(frozen=True)
class Term:
    """A term of a search query; `field` is empty for a word."""

    negated: bool
    field: str
    sign: str
    value: str


def parse_search(text: str) -> list[Term]:
    """Parse a search query.

    Raises:
        SearchError: when a quotation mark is not closed, or a field or a number is invalid.

    >>> parse_search('head:gap -"two words"')[1]
    Term(negated=True, field='', sign='', value='two words')
    """
    if len(text) > MAX_CHARS:
        raise SearchError(f"A search may have at most {MAX_CHARS} characters; this one has {len(text):,}.")
    if text.count('"') % 2:
        raise SearchError("A quotation mark is not closed.")
    terms = []
    for minus, field, sign, value in _TERM.findall(text):
        term = Term(bool(minus), field.lower(), sign, value.strip('"').lower())
        _check(term)
        terms.append(term)
    return terms


def search(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the rows that match a search query.

    Args:
        frame: The run list with the columns of `join_notes`.

    Raises:
        SearchError: when the query is invalid (see `parse_search`).
    """
    kept = pd.Series(True, index=frame.index)
    for term in parse_search(text):
        kept &= _match(frame, term) != term.negated
    return frame[kept]


def _check(term: Term) -> None:
    if not term.field:
        return
    known = {*_NUMBERS, *_TEXTS, "tag", "is"}
    if term.field not in known:
        names = "tag:, is:, head:, dataset:, acc>, params<, epochs="
        raise SearchError(f"Unknown search field {term.field!r:.40}. Use a field such as {names}.")
    if term.field in _NUMBERS:
        _read_number(term)
    elif term.sign not in (":", "="):
        raise SearchError(f"Expected {term.field}: followed by a word; got {term.field}{term.sign}.")
    elif term.field == "is" and term.value not in _MARKS:
        raise SearchError(f"Expected is:star, is:archived, is:elsewhere or is:withheld; got {term.value!r:.40}.")


def _read_number(term: Term) -> float:
    try:
        percent = term.value.endswith("%")
        number = float(term.value.removesuffix("%").replace("_", "x"))
    except ValueError:
        raise SearchError(f"Expected a number, as in {term.field}>1; got {term.value!r:.40}.") from None
    return number / 100 if percent else number


def _match(frame: pd.DataFrame, term: Term) -> "pd.Series[bool]":
    if not term.field:
        found = pd.Series(False, index=frame.index)
        for name in _FREE:
            texts = _read_texts(frame, name)
            found |= texts.str.contains(term.value, regex=False)
        return found
    if term.field in _NUMBERS:
        values = _read_known(frame, _NUMBERS[term.field]).astype("float64")
        return _COMPARE[term.sign](values, _read_number(term)).fillna(False).astype(bool)
    if term.field == "is":
        return frame[_MARKS[term.value]].astype(bool)
    if term.field == "tag":
        return (" " + frame["tags"].astype(str) + " ").str.contains(f" {term.value} ", regex=False)
    texts = _read_texts(frame, _TEXTS[term.field]).where(_is_known(frame, _TEXTS[term.field]), "")
    if term.field in ("name", "note", "id", "run", "cpu"):
        return texts.str.contains(term.value, regex=False)
    return texts == term.value


def _is_known(frame: pd.DataFrame, name: str) -> "pd.Series[bool]":
    return (frame["elsewhere"] == "") | (name not in _OF_SETTINGS)


def _read_known(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column without the hyperparameters of runs from elsewhere, which are unknown."""
    return frame[name].where(_is_known(frame, name))


def _read_texts(frame: pd.DataFrame, name: str) -> "pd.Series[str]":
    column = (
        frame["head"].map({name: "\n".join([head.label, *head.former_labels]) for name, head in HEADS.items()})
        if name == "head_label"
        else frame[name]
    )
    return column.astype("object").where(column.notna(), "").astype(str).str.lower()
