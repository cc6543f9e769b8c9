"""Single displays: their charts, tables and descriptions."""

import re
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from core.displays.headline import write_facts
from core.displays.page_summary import write_curves
from core.displays.views.confusion import Confusion
from core.displays.views.curves import Curves
from core.displays.views.difference import HeadDifference, Margin
from core.displays.views.example import Example
from core.displays.views.gallery import Gallery
from core.displays.views.heads import Heads
from core.displays.views.layers import Layers
from core.displays.views.published import PublishedResults
from core.displays.views.run_metrics import RunMetrics
from core.displays.views.tiles import Tiles
from core.errors import ComparisonError
from core.recipes import RECIPES
from core.store.comparison import Comparison
from core.store.run import Run
from tests.support.accuracy_runs import compare
from tests.support.comparison_cases import CASES, Comparisons
from tests.support.run_rewriter import as_kmnist, as_spec, probs_of, with_classes
from tests.support.run_writer import RunWriter


def test_tiles_contain_the_exact_parameters_and_their_ratio(
    comparisons: Comparisons,
) -> None:
    table = Tiles(comparisons("two_heads_three_seeds")[1]).table().set_index("Metric")
    assert table.loc["Parameters", "Value"] == "24,586"
    assert table.loc["Parameters", "Difference"] == "17.5× fewer"
    assert set(table["Head"]) == {"GAP"}


def test_tiles_mark_only_significant_differences_as_better(make_run: RunWriter) -> None:
    far = compare(make_run, {0: 0.90, 1: 0.91, 2: 0.90}, {0: 0.95, 1: 0.955, 2: 0.95})
    row = Tiles(far).table().set_index("Metric").loc["Test accuracy"]
    assert better_of(far) == -1
    assert re.fullmatch(r"4\.8 points lower \(−\d\.\d to −\d\.\d\)", str(row["Difference"]))
    near = compare(make_run, {0: 0.80, 1: 0.90}, {0: 0.85, 1: 0.84}, epochs=4)
    assert better_of(near) == 0


@pytest.mark.parametrize("margin", get_args(Margin))
@pytest.mark.parametrize("accuracies", [(1.0, 1.0), (0.0, 0.0), (0.9, 0.9), (0.2, 0.9)])
def test_chart_of_differences_contains_zero_and_the_margin_of_its_note(
    make_run: RunWriter, margin: Margin, accuracies: tuple[float, float]
) -> None:
    runs = [
        make_run(head=h, seed=s, accuracy=a) for h, a in zip(("gap", "dense"), accuracies, strict=True) for s in (0, 1)
    ]
    view = HeadDifference(Comparison.of(runs), margin=margin)
    chart = view.chart()
    assert chart is not None
    layers = chart.to_dict()["layer"]
    low, high = next(
        x["scale"]["domain"] for layer in layers if "domain" in (x := layer["encoding"]["x"]).get("scale", {})
    )
    drawn = [row["x"] for values in chart.to_dict()["datasets"].values() for row in values if "x" in row]
    assert sorted(drawn) == [-float(margin), 0]
    assert all(low < value < high for value in drawn)


def test_values_that_a_run_from_elsewhere_lacks_are_not_made_up(comparisons: Comparisons) -> None:
    home, comparison = comparisons("with_bare_elsewhere")
    gap, bare = comparison.labels
    images = Gallery(comparison, home, page_size=6)
    shown = [(row["head"], images.write_predicted(row)[1]) for row in images.frame().to_dict("records")]
    assert {head for head, percent in shown if percent} == {gap}
    assert f"Of {bare} only the predicted classes are known." in images.explain()
    unsure = images.frame().query("head == @gap")["prob"].min()
    sorted_images = Gallery(comparison, home, order="least confident first").frame()
    assert sorted_images.query("head == @gap")["prob"].iloc[0] <= unsure
    assert set(Example(comparison).frame().dropna()["head"]) == {gap}
    assert f"{bare} has no probabilities" in Example(comparison).describe()
    assert f"{bare} not recorded" in write_curves(comparison)
    assert Heads(comparison).lacking == f"Not in the chart: {bare} (number of parameters unknown)."
    assert bare not in Curves(comparison).labels
    assert bare in Curves(comparison).lacking
    assert "not recorded" in RunMetrics(comparison).table()["Epoch"].tolist()
    facts = write_facts(comparison)
    assert "3 epochs where recorded" in facts
    assert "accuracies at the last epoch (3) or of the final model" in facts


def better_of(comparison: Comparison) -> int:
    return int(Tiles(comparison).frame().set_index("metric").loc["test_accuracy", "better"])


def test_tiles_of_equal_accuracy_have_no_direction(make_run: RunWriter) -> None:
    table = Tiles(compare(make_run, {0: 0.9}, {0: 0.9})).table().set_index("Metric")
    assert table.loc["Test accuracy", "Difference"] == "the same (single seed)"


def test_layer_shares_of_each_head_sum_to_one(comparisons: Comparisons) -> None:
    for case in CASES:
        comparison = comparisons(case)[1]
        shares = Layers(comparison).frame().groupby("head")["share"].sum()
        assert shares.tolist() == pytest.approx([1] * len(Layers(comparison).available.labels)), case


def test_recipe_without_published_results_has_an_empty_view(make_run: RunWriter) -> None:
    view = PublishedResults(Comparison.of([make_run()]))
    assert view.frame().empty  # digits-heads has no published results
    assert view.describe() == "This recipe has no published results."


@pytest.mark.parametrize(
    ("settings", "data", "note"),
    [
        ({"epochs": 25}, {}, ""),
        (
            {"epochs": 25},
            {"official": False},
            "Measured on different data: published and measured accuracies and losses",
        ),
        (
            {"epochs": 1},
            {},
            "Measured with different hyperparameters (1 epoch instead of 25): published and measured accuracies",
        ),
        (
            {"epochs": 1, "train_images": 100},
            {"official": False},
            "Measured on different data and with different hyperparameters "
            "(100 training images instead of all, 1 epoch instead of 25): published and measured accuracies and losses",
        ),
        (
            {"epochs": 25, "filters": 8},
            {},
            "(8 filters instead of 32): published and measured results are not comparable.",
        ),
    ],
)
def test_note_explains_why_published_and_measured_results_differ(
    make_run: RunWriter, settings: dict[str, Any], data: dict[str, Any], note: str
) -> None:
    text = PublishedResults(Comparison.of([as_kmnist(make_run(**settings), **data)])).note()
    assert note in text
    assert bool(note) == text.endswith("not comparable.")


def test_every_published_result_has_a_label_and_a_measured_value(make_run: RunWriter) -> None:
    results = [(recipe, result) for recipe in RECIPES.values() for result in recipe.published]
    metrics = {result.metric for _, result in results if not result.settings}
    assert metrics == {"params", "trainable", "non_trainable", "test_accuracy", "test_loss"}
    for seed, metric in enumerate(metrics):
        recipe, head = next((r, result.head) for r, result in results if result.metric == metric)
        view = PublishedResults(Comparison.of([as_spec(make_run(head=head), recipe.spec_of(head, {"seed": seed}))]))
        assert len(view.table()) == len(view.frame()) > 0
        assert view.frame()["measured"].notna().all()


def test_figure_with_other_hyperparameters_is_measured_only_with_them(make_run: RunWriter) -> None:
    recipe = RECIPES["celeba-heads"]
    (result,) = recipe.published
    for changes, measured in (({}, False), (result.settings, True)):
        run = as_spec(make_run(head=result.head), recipe.spec_of(result.head, changes))
        view = PublishedResults(Comparison.of([run]))
        (row,) = view.table().to_dict("records")
        assert row["Metric"] == "Test accuracy, all training images, all validation images"
        assert row["Published"] == "97–99%"
        assert (row["Measured"] != "–") == view.frame()["measured"].notna().item() == measured
        assert "training images" not in view.note()


def test_published_results_of_another_dataset_are_labelled(make_run: RunWriter) -> None:
    recipe = RECIPES["mnist-heads"]
    run = as_spec(make_run(head="dense"), recipe.spec_of("dense", {"dataset": "kmnist"}))
    view = PublishedResults(Comparison.of([run]))
    assert view.table()["Metric"].tolist() == ["Test accuracy (published: MNIST)"]
    assert not view.frame()["official"].any()
    assert (
        view.note()
        == "Measured on KMNIST instead of MNIST: published and measured accuracies and losses are not comparable."
    )
    photos = as_spec(make_run(head="mlp"), RECIPES["demo224-heads"].spec_of("mlp"))
    assert "with images of 28 × 28 × 1 instead of 224 × 224 × 3" in PublishedResults(Comparison.of([photos])).note()


def test_note_is_empty_without_published_results(make_run: RunWriter) -> None:
    assert PublishedResults(Comparison.of([make_run(epochs=1)])).note() == ""
    unpublished = as_kmnist(make_run(head="flatten", epochs=1))
    assert PublishedResults(Comparison.of([unpublished])).note() == ""


@pytest.mark.parametrize("image", [-1, 360, 10**9])
def test_example_outside_the_test_set_is_rejected(comparisons: Comparisons, image: int) -> None:
    with pytest.raises(ComparisonError, match=rf"Expected image between 0 and 359; got {image}\."):
        Example(comparisons("one_run")[1], image).frame()


def test_example_probabilities_of_each_head_sum_to_one(comparisons: Comparisons) -> None:
    for case in CASES:
        comparison = comparisons(case)[1]
        frame = Example(comparison, 3).frame()
        sums = frame.dropna().groupby("head")["prob"].sum()  # a diverged run has no class probabilities
        assert sums.tolist() == pytest.approx([1] * len(sums), abs=1e-5), case
        assert frame.groupby("head")["correct"].sum().tolist() == [1] * len(comparison.labels), case


def test_gallery_pages_partition_the_selected_images(comparisons: Comparisons) -> None:
    home, comparison = comparisons("two_heads_three_seeds")
    whole = Gallery(comparison, home, "wrong")
    pages = [Gallery(comparison, home, "wrong", page=page).frame() for page in range(1, whole.pages + 1)]
    images = [image for page in pages for image in dict.fromkeys(page["image"])]
    assert images == whole.selected()
    assert all(len(page) <= 24 * 2 for page in pages)


@pytest.mark.parametrize(("page", "as_page"), [(-5, 1), (0, 1), (10**6, None)])
def test_gallery_page_is_limited_to_the_range(comparisons: Comparisons, page: int, as_page: int | None) -> None:
    home, comparison = comparisons("one_run")
    pages = Gallery(comparison, home).pages
    expected = Gallery(comparison, home, page=as_page or pages).frame()
    pd.testing.assert_frame_equal(Gallery(comparison, home, page=page).frame(), expected)


def test_gallery_without_matches_is_empty_with_a_description(comparisons: Comparisons) -> None:
    home, comparison = comparisons("never_wrong")
    gallery = Gallery(comparison, home, "wrong")
    assert (gallery.frame().empty, gallery.chart(), gallery.pages) == (True, None, 1)
    assert gallery.describe().startswith("0 test images")


def as_binary(run: Run) -> Run:
    """Return the run as if one logit decided whether a digit is a one; the first three images are predicted as ones."""
    labels = (run.predictions.test_labels == 1).astype(np.int64)
    predictions = np.where(np.arange(len(labels)) < 3, 1, labels)
    run = as_spec(run, run.spec.replace(loss="binary"))
    with np.load(run.path / "predictions.npz") as stored:
        arrays = dict(stored)
    arrays |= {name: arrays[name][:, :2] for name in ("test_probs", "validation_probs")}
    arrays["validation_labels"] = (arrays["validation_labels"] == 1).astype(np.int64)
    run = with_classes(run, labels, probs_of(predictions, 100), [f"class {i}" for i in range(100)])
    confusion = Confusion(Comparison.of([run]), "GAP", 0)
    spec = confusion.chart().to_dict()
    assert {layer["mark"]["type"] for layer in spec["layer"]} == {"rect"}
    assert sum(map(len, spec["datasets"].values())) == 102
    assert len(spec["layer"][0]["encoding"]["x"]["axis"]["values"]) <= 20
    assert confusion.table()["True class → prediction"].tolist() == ["class 7 → class 70", "class 0 → class 9"]
    assert '"class 7" as "class 70" (3.0 images), "class 0" as "class 9" (1.0 images)' in confusion.describe()
