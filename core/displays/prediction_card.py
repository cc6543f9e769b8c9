"""Predictions for one image as HTML cards: predicted class, activation map and class probabilities of each head."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from core.analysis.live_model import LivePrediction
from core.architecture.activation_map import normalize_maps
from core.displays.activation_overlay import EMPTY, Cell, build_group, build_groups
from core.displays.number import format_share, quote_class
from core.plural import format_plural
from core.store.metrics import NO_PREDICTION, compute_predicted

_MAX_CLASSES = 12


@dataclass(frozen=True)
class CardPrediction:
    """Prediction of one head: `probs` of shape (classes,) and the activation map of class `about` (None if missing)."""

    head: str
    color: str
    probs: NDArray[np.float32]
    shares: NDArray[np.float32] | None
    about: int

    @property
    def predicted(self) -> int:
        return int(compute_predicted(self.probs[np.newaxis])[0])


def collect_predictions(
    head: str, color: str, prediction: LivePrediction, about: int | None, *, exact: bool
) -> CardPrediction:
    """Prepare a prediction for one image for display.

    Args:
        about: class of the activation map. Default: the predicted class.
    """
    predicted = int(compute_predicted(prediction.probs)[0])
    shown = about if about is not None else 0 if predicted == NO_PREDICTION else predicted
    shares = None if prediction.maps is None else normalize_maps(prediction.maps, [shown], exact=exact)[0]
    return CardPrediction(head, color, prediction.probs[0], shares, shown)


def write_cards(predictions: Sequence[CardPrediction], classes: Sequence[str]) -> str:
    """Return one line for all heads: 'GAP: "3" (97.1%) · Flatten + Dense: "3" (99.0%)'."""
    parts = []
    for each in predictions:
        predicted = (
            "no prediction"
            if each.predicted == NO_PREDICTION
            else f"{quote_class(classes[each.predicted])} ({_percent(each.probs[each.predicted])})"
        )
        parts.append(f"{each.head}: {predicted}")
    return " · ".join(parts)


def build_cards(image: NDArray[np.uint8], predictions: Sequence[CardPrediction], classes: Sequence[str]) -> str:
    """Return one card per head for an image, uint8 of shape (height, width, channels)."""
    return build_groups([_build(image, each, classes) for each in predictions])


def _build(image: NDArray[np.uint8], card: CardPrediction, classes: Sequence[str]) -> str:
    predicted = card.predicted
    name = "no prediction" if predicted == NO_PREDICTION else classes[predicted]
    about = classes[card.about]
    title = f"evidence for {quote_class(about)}" if card.shares is not None else "no activation map"
    empty = EMPTY if card.shares is not None and not card.shares.any() else ""
    cell = build_group([Cell(image, title, empty, card.color, card.shares, about)], pixels=140, frame=False)
    return (
        '<div style="flex:1 1 260px;max-width:420px;border:1px solid rgba(128,138,150,0.35);border-radius:8px;'
        f'padding:12px"><div style="font-size:0.9rem">{escape(card.head)}</div>'
        f'<div style="font-size:1.7rem;font-weight:650;line-height:1.2;overflow-wrap:anywhere">{escape(name)}</div>'
        f'<div style="margin-bottom:8px">{"" if predicted == NO_PREDICTION else _percent(card.probs[predicted])}</div>'
        f'<div style="display:flex;gap:14px;flex-wrap:wrap">{cell}{_build_bars(card, classes)}</div></div>'
    )


def _build_bars(card: CardPrediction, classes: Sequence[str]) -> str:
    """Return bars of all classes in their order, or of the most probable ones if there are many classes."""
    probs = np.nan_to_num(card.probs)
    shown = np.arange(len(classes))
    if len(classes) > _MAX_CLASSES:
        shown = np.argsort(-probs, kind="stable")[:_MAX_CLASSES]
    rows = "".join(
        _build_bar(classes[number], float(card.probs[number]), card, number == card.predicted)
        for number in shown.tolist()
    )
    left = len(classes) - len(shown)
    rest = (
        f'<div style="font-size:0.75rem;opacity:0.75">and {format_plural(left, "less probable class")}</div>'
        if left
        else ""
    )
    return f'<div style="flex:1 1 130px;min-width:130px;font-size:0.8rem">{rows}{rest}</div>'


def _build_bar(name: str, prob: float, card: CardPrediction, bold: bool) -> str:
    width = 100 * prob if np.isfinite(prob) else 0
    return (
        f'<div style="display:flex;gap:6px;align-items:center;line-height:1.45{";font-weight:650" if bold else ""}">'
        f'<span style="flex:0 1 auto;min-width:1.6em;max-width:40%;overflow-wrap:anywhere">{escape(name)}</span>'
        '<span style="flex:1;height:9px;background:rgba(128,138,150,0.18);border-radius:3px">'
        f'<span style="display:block;height:100%;width:{width:.1f}%;background:{card.color};border-radius:3px"></span>'
        f'</span><span style="flex:none;width:4.2em;text-align:right">{_percent(prob)}</span></div>'
    )


def _percent(prob: float) -> str:
    return format_share(float(prob))
