"""Leaked images in comparisons: checks, accuracy without them, and likely label errors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis import leakage
from core.analysis.check import CHECKS, Result, run_checks
from core.analysis.label_errors import find_label_errors, suggest_labels
from core.analysis.leakage import compute_accuracy_without, find_leakage
from core.datasets.findings.image_findings import Findings
from core.datasets.report import DataFinding
from core.displays.headline import write_headline
from core.displays.views.label_errors import LabelErrors
from core.displays.views.leaked_accuracy import LeakedAccuracy
from core.exporters.label_error_csv import write_label_errors
from core.home import Home
from core.reports.default_report import write_default
from core.reports.report import ChartBlock
from core.spec import RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.command import call
from tests.support.comparison_cases import CASES
from tests.support.predictions import with_predictions, wrong_at
from tests.support.run_rewriter import as_spec, rewrite
from tests.support.run_writer import RunWriter


def list_leaks(code: str, pairs: dict[int, int]) -> pd.DataFrame:
    """Return the images of a finding: test images with the training image that each equals."""
    rows = [
        (code, split, row, group)
        for group, pair in enumerate(pairs.items())
        for split, row in zip(("test", "train"), pair, strict=True)
    ]
    return pd.DataFrame(rows, columns=["code", "split", "row", "group"])


def ask(monkeypatch: pytest.MonkeyPatch, name: str, comparison: Comparison, *tables: pd.DataFrame) -> Result:
    found = Findings((), pd.concat([*tables], ignore_index=True))
    monkeypatch.setattr(leakage, "read_findings", lambda home, key, fingerprint: found)
    return CHECKS[name].run(comparison)


def test_accuracy_without_leaked_images_is_stated(make_run: RunWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    gap = with_predictions(make_run, "gap", wrong_at(range(100, 200), 400))
    dense = with_predictions(make_run, "dense", wrong_at(range(380, 400), 400))
    comparison = Comparison.of([gap, dense])
    leaks = list_leaks("leaked_test_images", {row: 1000 - row for row in range(100)})
    near = list_leaks("near_leaked_test_images", {300: 5, 301: 1436})
    found = ask(monkeypatch, "leak", comparison, leaks, near)
    assert found.state == "failed"
    assert found.message == (
        "100 of 400 test images are also among the training images, and 2 of 400 test images are nearly the same "
        "picture as a training image: the test accuracy can be up to 26 percentage points too high. Test accuracy "
        "without these images: GAP 66.4% instead of 75.0%, Flatten + Dense 93.3% instead of 95.0%."
    )
    everything = list_leaks("leaked_test_images", {row: row for row in range(400)})
    assert ask(monkeypatch, "leak", comparison, everything).message == (
        "400 of 400 test images are also among the training images: the accuracy means nothing."
    )
    assert ask(monkeypatch, "leak", comparison, leaks.head(0)).state == "passed"


def test_passed_checks_state_what_is_right_before_what_was_found(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = Comparison.of([with_predictions(make_run, head, wrong_at([], 400)) for head in ("gap", "dense")])
    images = pd.concat([
        list_leaks("near_leaked_test_images", {300: 5, 301: 1436}),
        pd.DataFrame({"code": "near_duplicate_images", "split": "train", "row": [3, 1436], "group": 0}),
    ])  # fmt: skip
    message = "4 images are nearly the same picture as one with another label: some of these labels may be wrong."
    conflict = DataFinding(code="near_conflicting_labels", severity="note", count=4, message=message)
    monkeypatch.setattr(leakage, "read_findings", lambda *names: Findings((conflict,), images))
    passed = {check.name: result.message for check, result in run_checks(comparison) if result.state == "passed"}
    assert not [text for text in passed.values() if text[0].isdigit() or " are few" in text]  # these are findings
    for name, start in (
        ("leak", "Fewer than 1% of the test images are affected (2 of 400 test images are nearly"),
        ("validation_leak", "Fewer than 1% of the validation images are affected (1 of"),
        ("labels", f"No image has a copy with another label. {message}"),
        ("few_test_images", "The 400 test images are enough: "),
    ):
        assert passed[name].startswith(start)


@pytest.mark.parametrize("case", ["only_elsewhere", "with_elsewhere", "with_bare_elsewhere"])
def test_checks_of_models_from_elsewhere_with_findings_in_the_data(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    comparison = Comparison.of(CASES[case](make_run))
    leaks = list_leaks("leaked_test_images", {row: row for row in range(100)})
    unknown = case == "only_elsewhere"
    for name in CHECKS:
        found = ask(monkeypatch, name, comparison, leaks)
        if name in ("leak", "validation_leak"):
            assert (found.state == "not applicable") == unknown
            assert found.message.endswith("are unknown.") == unknown


def test_headline_and_view_state_the_accuracy_without_leaked_images(
    make_run: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = with_predictions(make_run, "gap", wrong_at(range(100, 200), 400))
    dense = with_predictions(make_run, "dense", wrong_at(range(380, 400), 400))
    comparison = Comparison.of([gap, dense])
    some, near = {row: row for row in range(100)}, {300: 5, 301: 6}
    for exact, nearly, text, rows in (
        (some, near, "102 of 400 test images are also training images, or nearly", 4),
        (some, {}, "100 of 400 test images are also training images", 4),
        ({}, some, "100 of 400 test images are nearly training images", 4),
        ({row: row for row in range(400)}, {}, "400 of 400 test images are also training images", 2),
        ({}, {300: 5}, "1 of 400 test images is nearly a training image", 4),
        ({}, {}, "No leaked test images are known.", 0),
    ):
        codes = {"leaked_test_images": exact, "near_leaked_test_images": nearly}
        found = Findings((), pd.concat([list_leaks(code, pairs) for code, pairs in codes.items()], ignore_index=True))
        monkeypatch.setattr(leakage, "read_findings", lambda *names, found=found: found)
        view, headline = LeakedAccuracy(comparison), write_headline(comparison)
        assert view.describe().startswith(text)
        assert len(view.frame()) == rows
        assert (text in headline) == (len(exact) + len(nearly) >= 4)
        assert ("means nothing" in headline) == ("means nothing" in view.describe()) == (len(exact) == 400)
        blocks = [block.display for block in write_default(comparison).blocks if isinstance(block, ChartBlock)]
        assert ("leaked_accuracy" in blocks) == (text in headline)
    clean = compute_accuracy_without(comparison.variants[0], np.arange(400) < 100)[1]
    monkeypatch.setattr(leakage, "read_findings", lambda *names: Findings((), list_leaks("leaked_test_images", some)))
    effect = f"accuracy without them GAP {clean:.1%}, Flatten + Dense 93.3%."
    assert write_headline(comparison).endswith(f" 100 of 400 test images are also training images: {effect}")
    frame = LeakedAccuracy(comparison).frame()
    assert frame.loc[frame["part"] == "not leaked", "images"].tolist() == [300, 300]
    assert ((frame["low"] < frame["accuracy"]) & (frame["accuracy"] < frame["high"])).all()


def test_only_images_that_the_run_has_used_leak(make_run: RunWriter) -> None:
    run = make_run(RunSpec(epochs=3, train_images=100))
    images = pd.concat([
        list_leaks("leaked_test_images", {0: 99, 1: 100, 2: 1436}),
        pd.DataFrame({
            "code": "duplicate_images", "split": "train", "row": [3, 85, 4, 120, 90, 91], "group": [0, 0, 1, 1, 2, 2],
        }),
    ])  # fmt: skip
    found = find_leakage(Comparison.of([run]), Findings((), images))
    assert np.flatnonzero(found.exact).tolist() == [0]
    assert (found.validation, found.validation_total) == (1, 20)


def test_reason_is_stated_if_the_images_were_not_checked(make_run: RunWriter, home: Home) -> None:
    run = make_run()
    names = ("leak", "validation_leak", "labels", "empty_images")
    assert [CHECKS[name].run(Comparison.of([run])).state for name in names] == ["passed"] * 4
    assert "2 of 360 test images are nearly" in CHECKS["leak"].run(Comparison.of([run])).message
    other = as_spec(run, run.spec.replace(dataset="folder", folder="pets", data="1" * 16), fingerprint="1" * 16)
    found = [CHECKS[name].run(Comparison.of([other])) for name in names]
    assert {one.state for one in found} == {"not applicable"}
    assert "no longer available" in found[0].message
    changed = rewrite(run, data={"fingerprint": "2" * 16})
    assert "no longer available" in CHECKS["leak"].run(Comparison.of([changed])).message


def test_number_of_test_images_is_checked(make_run: RunWriter) -> None:
    assert CHECKS["few_test_images"].run(Comparison.of([make_run()])).state == "passed"
    few = CHECKS["few_test_images"].run(Comparison.of([make_run(seed=1, test_images=20)]))
    assert few.message.startswith(
        "20 test images are few: with 18 of them correct, the accuracy has a 95% confidence interval"
    )


def test_flipped_labels_are_found(examples: list[Run]) -> None:
    """5% of the labels of the digits, twenty times: precision 1.00 and recall 0.78 with all runs, as with cleanlab."""
    labels = examples[0].predictions.test_labels
    scores = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        flipped = rng.random(len(labels)) < 0.05
        given = np.where(flipped, (labels + rng.integers(1, 10, len(labels))) % 10, labels)
        probs = np.mean([run.predictions.test_probs for run in examples], axis=0)
        found = suggest_labels(probs, given) != given
        scores.append(((found & flipped).sum() / max(found.sum(), 1), (found & flipped).sum() / flipped.sum()))
    precision, recall = np.mean(scores, axis=0)
    assert precision > 0.97
    assert recall > 0.7


def test_label_errors_are_listed_in_order_and_exported(make_run: RunWriter, home: Home, tmp_path: Path) -> None:
    run = make_run()
    labels = run.predictions.test_labels.copy()
    probs = np.full((len(labels), 10), 0.01, np.float32)
    probs[np.arange(len(labels)), labels] = 0.91
    labels[[5, 9]] = (labels[[5, 9]] + 1) % 10
    probs[9] = np.where(np.arange(10) == labels[9] - 1, 0.95, probs[9])
    run = rewrite(run, labels=labels, probs=probs, classes=["=0", *"123456789"])
    comparison = Comparison.of([run])
    assert sorted(find_label_errors(comparison)["image"]) == [5, 9]
    assert LabelErrors(comparison).describe().startswith("2 test images of 360 have a label that is probably wrong")
    target = tmp_path / "errors.csv"
    assert call("export", "label-errors", run.run_id, "-o", str(target)).exit_code == 0
    assert target.read_bytes() == write_label_errors(comparison)
    assert len(target.read_text("utf-8-sig").splitlines()) == 3
    diverged = rewrite(run, probs=np.full_like(probs, np.nan))
    assert find_label_errors(Comparison.of([diverged])).empty
