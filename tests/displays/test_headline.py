"""The headline of a comparison and the summaries of pages."""

import re
from typing import Any

import numpy as np
import pytest

from core.displays.headline import (
    MAX_TITLE_CHARS,
    write_brief_headline,
    write_candidate_cautions,
    write_cautions,
    write_facts,
    write_headline,
)
from core.displays.page_summary import write_accuracies, write_curves, write_params
from core.displays.test_accuracy import describe_test_accuracy
from core.displays.views.gallery import choose_page_size
from core.home import Home
from core.spec import BACKBONES, RunSpec
from core.store.comparison import Comparison
from tests.support.accuracy_runs import compare
from tests.support.comparison_cases import CASES, Comparisons
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.run_rewriter import history_of, rewrite
from tests.support.run_writer import RunWriter

HEADLINES = [
    ({0: 0.9}, {}, r"GAP: 24,586 parameters, test accuracy 90\.0% \(single seed\)\."),
    ({0: 0.9, 1: 0.92}, {}, r"GAP: 24,586 parameters, test accuracy 91\.0 ± 1\.4%\."),
    ({0: 0.9}, {0: 0.95}, r", accuracy 5\.0 points lower \(single seed: no statistical conclusion\)\."),
    ({0: 0.95}, {0: 0.9}, r", accuracy 5\.0 points higher \(single seed: no statistical conclusion\)\."),
    ({0: 0.9}, {0: 0.9}, r", the same accuracy \(single seed: no statistical conclusion\)\."),
    (
        {0: 0.9, 1: 0.9}, {0: 0.9, 1: 0.9},
        r", the same accuracy \(on every test image, both are correct or both are wrong\)\.",
    ),
    ({0: 0.9, 1: 0.8}, {0: 0.9, 1: 0.8}, r", the same mean accuracy \(95% interval −[23]\d\.\d to [23]\d\.\d\)\."),
    ({0: 0.9}, {0: 0.9005}, r", accuracy 0\.05 points lower \(single seed: no statistical conclusion\)\."),
    ({0: 0.9}, {1: 0.95}, r"lower \(single seed: no statistical conclusion\)\."),
    ({0: 0.9, 1: 0.9}, {2: 0.95}, r", accuracy 5\.0 points lower \(single seed: no statistical conclusion\)\."),
    (
        {0: 0.90, 1: 0.91, 2: 0.90}, {0: 0.95, 1: 0.955, 2: 0.95},
        r", worse accuracy, 4\.8 points lower \(95% interval −[56]\.\d to −[34]\.\d\)\.",
    ),
    (
        {0: 0.95, 1: 0.95, 2: 0.955}, {0: 0.90, 1: 0.91, 2: 0.90},
        r", better accuracy, 4\.8 points higher \(95% interval [23]\.\d to [67]\.\d\)\.",
    ),
    (
        {0: 0.90, 1: 0.92}, {0: 0.95, 1: 0.96},
        r", no significant difference in accuracy \(4\.5 points lower, 95% interval −10\.\d to 1\.\d\); "
        r"about 5 seeds per head needed for a conclusion\.",
    ),
    (
        {0: 0.9, 1: 0.9, 2: 0.9}, {0: 0.901, 1: 0.901, 2: 0.901},
        r", no significant difference in accuracy: at most 0\.2 points lower \(0\.1 points lower, "
        r"95% interval −0\.2 to 0\.04\)\.",
    ),
    (
        {0: 0.90, 1: 0.901, 2: 0.90}, {0: 0.904, 1: 0.904, 2: 0.904},
        r", worse accuracy, 0\.4 points lower \(95% interval −0\.\d to −0\.\d+\), within the margin of 1 point\.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("gap", "dense", "ending"), HEADLINES)
def test_headline_states_the_finding_and_its_uncertainty(
    make_run: RunWriter, gap: dict[int, float], dense: dict[int, float], ending: str
) -> None:
    text = write_headline(compare(make_run, gap, dense, epochs=25))
    assert re.search(f"{ending}$", text), text
    if dense:
        assert text.startswith("GAP: 17.5× fewer parameters than Flatten + Dense, ")


def test_headline_of_imbalanced_classes_names_the_balanced_accuracy(make_run: RunWriter) -> None:
    labels = (np.arange(100) < 20).astype(np.int64)  # of ten classes only two, 80% and 20% of the images
    wrong = np.zeros(100, np.int64)
    runs = [rewrite(make_run(head=head, epochs=25), labels=labels, predictions=p) for head, p in (
        ("gap", wrong), ("dense", labels)
    )]  # fmt: skip
    assert write_headline(Comparison.of(runs)).endswith(
        "conclusion), balanced accuracy 50.0% against 100.0% (imbalanced classes)."
    )
    assert write_headline(Comparison.of(runs[:1])).endswith(
        "% (single seed), balanced accuracy 50.0% (imbalanced classes)."
    )
    runs += [rewrite(make_run(head=head, epochs=25, seed=1), labels=labels, predictions=p) for head, p in (
        ("gap", wrong), ("dense", labels)
    )]  # fmt: skip
    assert write_headline(Comparison.of(runs)).endswith(
        "against 100.0% (2 equal seeds) (50.0 points lower, 95% interval −62.4 to −37.6; imbalanced classes)."
    )
    assert "balanced" not in write_headline(Comparison.of([make_run(head="mlp")]))


def test_headline_of_equally_small_heads_claims_no_saving(make_run: RunWriter) -> None:
    runs = [make_run(head=head) for head in ("gap", "gap_linear")]
    text = write_headline(Comparison.of(runs))
    assert "the same number of parameters as" in text
    assert "fewer" not in text


def test_headline_counts_a_saving_too_small_for_a_ratio(make_run: RunWriter) -> None:
    baseline = make_run(head="dense")
    small = rewrite(make_run(head="gap"), cost={"params": baseline.record.cost.params - 1_200})
    assert "1,200 fewer parameters than Flatten + Dense" in write_headline(Comparison.of([small, baseline]))


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        ({"epochs": 25}, "GAP: 17.5×"),
        ({"epochs": 60, "train_images": 1437}, "GAP: 17.5×"),
        ({"epochs": 1}, "After 1 instead of 25 epochs: GAP has 17.5×"),
        ({"epochs": 25, "train_images": 100}, "On 100 of 1,437 training images: GAP has 17.5×"),
        (
            {"epochs": 3, "train_images": 100},
            "After 3 instead of 25 epochs, on 100 of 1,437 training images: GAP has 17.5×",
        ),
    ],
)
def test_headline_of_a_short_training_begins_with_its_epochs(
    make_run: RunWriter, settings: dict[str, Any], beginning: str
) -> None:
    text = write_headline(compare(make_run, {0: 0.9}, {0: 0.95}, **settings))
    assert text.startswith(beginning)
    assert text.endswith("accuracy 5.0 points lower (single seed: no statistical conclusion).")


def test_headline_names_the_head_that_was_trained_for_less(make_run: RunWriter) -> None:
    full, short = RunSpec(), RunSpec(epochs=1, train_images=100)
    gap, dense = ([make_run(spec, head=head) for spec in (full, short)] for head in ("gap", "dense"))
    other = make_run(short, head="flatten", accuracy=0.3)
    for number, label in enumerate(("Flatten + Dense", "GAP")):
        text = write_headline(Comparison.of([gap[number], dense[1 - number]]))
        beginning = f"After 1 instead of 25 epochs for {label}, on 100 of 1,437 training images for {label}: GAP has"
        assert text.startswith(beginning), text
    assert write_headline(Comparison.of([gap[0], dense[0], other])).startswith("GAP: ")  # not in the sentence
    stopped = rewrite(gap[0], history=history_of(7), epochs=7)
    assert write_headline(Comparison.of([stopped, dense[0]])).startswith("GAP: ")


def test_headline_does_not_repeat_the_names_of_the_variants(make_run: RunWriter) -> None:
    short = make_run(RunSpec(epochs=12, train_images=400, keep="best_val_loss"), head="dense", accuracy=0.9)
    text = write_headline(Comparison.of([make_run(RunSpec(), head="dense", accuracy=0.98), short]))
    assert not text.startswith("After")
    assert text.count("12 epochs") == text.count("400 training images") == text.count("kept epoch best") == 1


def test_facts_of_runs_without_a_recipe_name_their_backbones(
    home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Comparison, "recipe", None)
    tail, double, single = (make_run(filters=8, backbone=name) for name in ("conv_tail", "conv_conv_pool", "conv_pool"))
    elsewhere = add_elsewhere(home)
    names = [f"backbone {BACKBONES[run.spec.backbone].label}" for run in (tail, double)]
    for runs, fact in (
        ([tail], names[0]),
        ([tail, double], " and ".join(reversed(names))),  # in the order of the variants
        ([tail, double, single, elsewhere], "3 backbones"),
        ([elsewhere], "trained elsewhere"),
    ):
        assert write_facts(Comparison.of(runs))[0] == fact


def test_headline_omits_an_unknown_size(make_run: RunWriter) -> None:
    unknown = {"official": False, "train_count": None}
    run = rewrite(make_run(RunSpec(train_images=100)), data=unknown)
    assert write_headline(Comparison.of([run])).startswith("On 100 training images: GAP has 24,586 parameters")


def test_headline_without_a_recipe_states_only_the_epochs(make_run: RunWriter) -> None:
    run = make_run(epochs=3)
    comparison = Comparison.of([rewrite(run)])
    vars(comparison)["recipe"] = None  # like a dataset without a recipe
    assert write_headline(comparison).startswith("After 3 epochs: GAP has")


def test_summaries_of_pages_contain_every_head(comparisons: Comparisons) -> None:
    wrong = []
    for case in CASES:
        comparison = comparisons(case)[1]
        for write in (write_params, write_curves, write_accuracies):
            text = write(comparison)
            if not text.endswith(".") or "nan" in text or not all(label in text for label in comparison.labels):
                wrong.append((case, text))
    assert wrong == []


def test_misclassified_images_follow_from_the_accuracy(make_run: RunWriter) -> None:
    assert write_accuracies(compare(make_run, {0: 0.9}, {0: 1.0})) == (
        "Misclassified test images (of 2,000): GAP 200, Flatten + Dense 0."
    )


def test_many_variants_have_short_summaries_and_pages(make_run: RunWriter) -> None:
    writing = [
        make_run(head="dense", units=units, accuracy=0.8 + 0.01 * step) for step, units in enumerate(range(8, 23))
    ]
    runs = [rewrite(run, metrics={"test_accuracy": 0.8 + 0.01 * step}) for step, run in enumerate(writing)]
    assert write_accuracies(Comparison.of(runs)) == (
        "Misclassified test images (of 360): lowest Flatten + Dense · 22 dense units 22, "
        "highest Flatten + Dense · 8 dense units 72."
    )
    assert [choose_page_size(variants) for variants in (1, 6, 7, 18, 19, 100)] == [24, 24, 12, 12, 6, 6]


def test_epoch_of_the_accuracies_is_stated_with_those_of_the_last(make_run: RunWriter) -> None:
    plain = make_run(head="gap", epochs=25)
    assert "accuracies at the last epoch (25)" in write_facts(Comparison.of([plain]))
    kept = [make_run(head="dense", epochs=25, keep="best_val_loss", seed=seed) for seed in (0, 1)]
    last = [run.record.metrics.model_dump() | {"test_accuracy": 0.5} for run in kept]
    runs = [rewrite(run, kept_epoch=12 + 5 * i, last_metrics=last[i]) for i, run in enumerate(kept)]
    facts = write_facts(Comparison.of([plain, *runs]))
    assert "accuracies at the last epoch (25) or the best epoch (12–17, by validation loss)" in facts
    assert "test accuracy at the last epoch: Flatten + Dense 50.0% (2 equal seeds)" in facts
    assert describe_test_accuracy(runs[0].record).endswith(
        "% at the best epoch (12, by validation loss), 50.0% at the last epoch (25)"
    )


def test_diverged_training_is_counted_and_named(make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run(head="gap", seed=seed) for seed in (0, 1)])
    spec = comparison.first.spec
    others = [spec.replace(seed=1), spec.replace(learning_rate=1.0, seed=2)]  # it has a run; another configuration
    comparison = comparison.with_diverged([*others, spec.replace(seed=3), spec.replace(head="dense")])
    assert "1 head × 2 seeds (2 more diverged)" in write_facts(comparison)
    caution = "2 of 4 training runs diverged and have no result: GAP with seed 3; Flatten + Dense with seed 0. "
    assert any(message.startswith(caution) for message in write_cautions(comparison))


def test_long_headline_has_a_brief_form_with_the_same_claim(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", filters=8 * (i + 1), seed=seed, accuracy=0.8) for i in range(9) for seed in range(2)]
    for comparison in (Comparison.of(runs), Comparison.of(runs[:4])):
        brief, full = write_brief_headline(comparison), write_headline(comparison)
        assert len(brief) <= MAX_TITLE_CHARS
        assert (brief == full) == (len(full) <= MAX_TITLE_CHARS)
        assert full.startswith(brief.partition(", ")[0].partition(" than ")[0])
        assert re.findall(r"[\d.]+ points \w+", full)[0] in brief  # also without significance


def test_settings_of_candidates_that_differ_on_purpose_are_no_caution(make_run: RunWriter) -> None:
    mixed = Comparison.of([make_run(head=head, filters=filters) for head, filters in (("gap", 8), ("dense", 16))])
    assert any("differ in more than the head" in text for text in write_cautions(mixed))
    assert not any("differ in more than the head" in text for text in write_candidate_cautions(mixed))
