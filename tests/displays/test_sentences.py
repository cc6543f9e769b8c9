"""Sentences of displays and checks with class names that could be read as something else."""

import re

from core.analysis.check import run_checks
from core.displays.display import DISPLAYS
from core.displays.headline import write_accuracies, write_curves, write_facts, write_headline, write_params
from core.displays.number import quote_class
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
