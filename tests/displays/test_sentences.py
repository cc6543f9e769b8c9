"""Sentences of displays and checks with class names that could be read as something else."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from itertools import product

import numpy as np

from core.analysis.check import run_checks
from core.analysis.crossed import compute_components
from core.displays.caption import write_caption
from core.displays.display import CLASS_SETTINGS, DISPLAYS
from core.displays.headline import write_facts, write_headline
from core.displays.number import quote_class
from core.displays.option import list_options
from core.displays.page_summary import write_accuracies, write_curves, write_params
from core.displays.prediction_card import CardPrediction, write_cards
from core.displays.views.activation import Activation
from core.home import Home
from core.store.comparison import Comparison
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

NAMES = (
    "a, b", "W" * 76, "שלום עולם", "🙂 y", ":red[x]", "$a$", "constructor", "8 images lost", "predicts", "no class",
)  # fmt: skip


def test_class_names_are_quoted_in_every_sentence(make_run: RunWriter, home: Home) -> None:
    runs = [
        rewrite(make_run(head=head, seed=seed, accuracy=0.5), classes=NAMES)
        for head in ("gap", "dense")
        for seed in (0, 1)
    ]
    comparison = Comparison.of(runs)
    sentences = {write.__name__: write(comparison) for write in (write_headline, write_params, write_curves)}
    sentences |= {"accuracies": write_accuracies(comparison), "facts": " ".join(write_facts(comparison))}
    for name, kind in DISPLAYS.items():
        context = {"home": home} if "home" in kind.__dataclass_fields__ else {}
        display = kind(comparison, **context)
        explained = display.explain() if hasattr(display, "explain") else ""
        sentences[name] = " ".join([display.describe(), *([explained] if isinstance(explained, str) else explained)])
    sentences |= {check.code: result.message for check, result in run_checks(comparison)}
    unquoted = {
        (where, name)
        for where, text in sentences.items()
        for name in NAMES
        if name not in ("predicts", "no class") and name in text.replace(quote_class(name), "")
    }
    assert unquoted == set()
    assert sum(quote_class(name) in text for text in sentences.values() for name in NAMES) >= 5
    assert not any(re.search(r"\b(nan|inf|None)\b", text) for text in sentences.values())


DIGITS = tuple(str(number) for number in range(610000, 610010))
_LOST = 8  # a class that GAP never predicts


def find_unquoted(text: str) -> list[str]:
    """Return the class names of digits in a text that are neither in quotation marks nor its beginning, as in labels
    such as "8: 93%"."""
    return re.findall(r'(?<!^)(?<!")\b61000\d\b(?!")', text.strip())


def list_texts(comparison: Comparison, home: Home) -> Iterator[tuple[str, str]]:
    """Yield every sentence about a comparison, with the setting of a display that selects a class."""
    for name, kind in DISPLAYS.items():
        context = {"home": home} if "home" in kind.__dataclass_fields__ else {}
        display = kind(comparison, **context)
        classes = [option for option in list_options(kind, comparison) if option.name in CLASS_SETTINGS]
        for shown in (display, *(replace(display, **{option.name: 3}) for option in classes)):
            explained = shown.explain() if hasattr(shown, "explain") else ""
            yield from ((name, text) for text in (write_caption(shown), shown.heading, *np.ravel(explained)))
            if isinstance(shown, Activation):
                yield from ((name, unescape(text)) for text in re.findall(r">([^<>]*)<", shown.draw().html))
    for write in (write_headline, write_params, write_curves, write_accuracies):
        yield write.__name__, write(comparison)
    yield "facts", " ".join(write_facts(comparison))
    yield from ((check.code, result.message) for check, result in run_checks(comparison))
    probs = comparison.first.predictions.test_probs[:1]
    yield "cards", write_cards([CardPrediction("GAP", "", probs[0], None, 0)], DIGITS)


def test_class_names_of_digits_never_read_as_numbers(make_run: RunWriter, home: Home) -> None:
    runs = []
    for head, seed in product(("gap", "dense"), (0, 1)):
        run = make_run(head=head, seed=seed, accuracy=0.5)
        probs = run.predictions.test_probs.copy()
        probs[:, _LOST] = 0.0
        runs.append(rewrite(run, classes=DIGITS, probs=probs / probs.sum(axis=1, keepdims=True)))
    texts = [*list_texts(Comparison.of(runs), home)]
    assert [(where, text) for where, text in texts if find_unquoted(text)] == []
    named = {where for where, text in texts if re.search(r'"61000\d"', text)}
    assert named >= {"H09", "activation", "cards", "class_accuracy", "class_metrics", "confusion", "example", "gallery"}


_ODD = re.compile(r"[^.;]*(?:\b(?:nan|inf|None)\b|(?<![\w.)])-\d|\b0\.00 points|(?:loses|gains) 0\.0 points)[^.;]*")


def test_extreme_results_are_described_as_others(make_run: RunWriter, home: Home) -> None:
    """All predictions right or wrong, one epoch: no negative loss, no difference of 0.00 points, no missing value."""
    odd = []
    for epochs, accuracy in ((3, 1.0), (4, 0.0), (1, 0.9), (5, 0.5)):
        given = {"epochs": epochs, "accuracy": accuracy}
        runs = [make_run(head=head, seed=seed, **given) for head in ("gap", "dense") for seed in (0, 1)]
        odd += [(accuracy, name, *_ODD.findall(text)) for name, text in list_texts(Comparison.of(runs), home)]
    assert [found for found in odd if len(found) > 2] == []


def test_equal_numbers_of_correct_predictions_are_no_difference() -> None:
    """Means over other seeds and images in another order differ by rounding only."""
    chance = np.random.default_rng(0)
    for _ in range(50):
        first = chance.random((3, 361)) < 0.9
        second = chance.permuted(first, axis=1)
        assert compute_components(first, np.concatenate([second, second])).mean == 0
