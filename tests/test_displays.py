"""Every display over every kind of comparison: tidy data, a valid picture, a sentence, and numbers people can read."""

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.summary import SeedMean
from core.displays import number
from core.displays.display import DISPLAYS, Display
from core.displays.headline import (
    write_accuracies,
    write_curves,
    write_headline,
    write_params,
)
from core.displays.live_curves import build_live_charts
from core.displays.palette import colors, head_colors
from core.displays.views.checks import Checks
from core.displays.views.confusion import Confusion
from core.displays.views.confusions import ConfusionDifference
from core.displays.views.cost import Costs
from core.displays.views.curves import Curves
from core.displays.views.difference import HeadDifference
from core.displays.views.disagreement import Disagreement
from core.displays.views.example import Example
from core.displays.views.first import FirstImages
from core.displays.views.front import Front
from core.displays.views.gallery import Gallery
from core.displays.views.hyperparameter_curve import HyperparameterCurve
from core.displays.views.layers import Layers
from core.displays.views.published import PublishedResults
from core.displays.views.significance import Significance
from core.displays.views.tiles import Tiles
from core.errors import ComparisonError, DatasetError
from core.home import Home
from core.recipes import RECIPES
from core.spec import HEADS, RunSpec
from core.store.comparison import Comparison
from core.store.run import Run
from tests.finished_run import RunWriter
from tests.rewritten_run import as_kmnist, as_spec, history_of, rewrite

OF_PAIRS = HeadDifference | Significance | Disagreement | ConfusionDifference
TABLES = PublishedResults | Tiles | Significance | Checks | Front
MAY_BE_EMPTY = PublishedResults | ConfusionDifference | HyperparameterCurve
FOREIGN = (
    "<script>alert(1)</script>", "a.b[0]", "it's \"quoted\"", "back\\slash", "שלום עולם", "x" * 300, "datum['y']",
    "new\nline", "&amp; %", "日本",
)  # fmt: skip


def one_run(make_run: RunWriter) -> Iterator[Run]:
    yield make_run(head="gap")


def two_heads_three_seeds(make_run: RunWriter) -> Iterator[Run]:
    for seed in range(3):
        yield make_run(head="gap", seed=seed, accuracy=0.85)
        yield make_run(head="dense", seed=seed, accuracy=0.95)


def three_heads(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "gap_dense", "dense"):
        yield make_run(head=head)


def one_head_other_units(make_run: RunWriter) -> Iterator[Run]:
    yield make_run(head="dense", units=32)
    yield make_run(head="dense", units=256, epochs=5)


def some_values_of_a_setting(make_run: RunWriter) -> Iterator[Run]:
    for filters in (8, 16):
        for seed in range(2):
            yield make_run(head="gap", filters=filters, seed=seed)
    for units in (32, 256):
        yield make_run(head="dense", filters=16, units=units)


def diverged(make_run: RunWriter) -> Iterator[Run]:
    lost: dict[str, float | None] = {"loss": None, "val_loss": None}
    rows = [row | (lost if row["epoch"] == 3 else {}) for row in history_of(3)]
    yield rewrite(make_run(head="gap"), history=rows, metrics={"test_loss": None, "validation_loss": None})
    yield make_run(head="dense")


def foreign_names(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "dense"):
        yield rewrite(make_run(head=head), classes=FOREIGN)


def not_a_number(make_run: RunWriter) -> Iterator[Run]:
    """All probabilities of one seed and half of another are NaN, as after a diverged training."""
    for seed, lost in ((0, 360), (1, 180)):
        for head in ("gap", "dense"):
            run = make_run(head=head, seed=seed)
            probs = run.predictions.test_probs.copy()
            probs[:lost] = np.nan
            yield rewrite(run, probs=probs) if head == "gap" else run


def never_wrong(make_run: RunWriter) -> Iterator[Run]:
    for head in ("gap", "dense"):
        run = make_run(head=head)
        yield rewrite(run, predictions=run.predictions.test_labels)


CASES: dict[str, Callable[[RunWriter], Iterator[Run]]] = {
    case.__name__: case
    for case in (
        one_run, two_heads_three_seeds, three_heads, one_head_other_units, diverged, foreign_names, never_wrong,
        not_a_number, some_values_of_a_setting,
    )
}  # fmt: skip


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Home, Comparison]]:
    """By name of the case: its home and comparison, made once for all tests of this file."""

    @cache
    def build(name: str) -> tuple[Home, Comparison]:
        home = Home(tmp_path_factory.mktemp(name))
        return home, Comparison.of(CASES[name](RunWriter(home)))

    return build


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, comparisons: Callable[[str], tuple[Home, Comparison]]) -> str:
    return str(request.param)


@pytest.fixture
def comparison(
    case: str, comparisons: Callable[[str], tuple[Home, Comparison]], monkeypatch: pytest.MonkeyPatch
) -> Comparison:
    home, found = comparisons(case)
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    return found


@pytest.fixture(params=DISPLAYS)
def display(request: pytest.FixtureRequest, comparison: Comparison) -> Display:
    made: Display = DISPLAYS[request.param](comparison)
    return made


_specs: dict[str, Any] = {}


@pytest.fixture
def spec(display: Display, case: str) -> Any:
    """The Vega-Lite of a display, valid, made once; None for a view without a picture."""
    key = f"{display.name}-{case}"
    if key not in _specs:
        chart = display.chart()
        _specs[key] = None if chart is None else chart.to_dict(validate=True)
    return _specs[key]


def test_every_file_of_the_views_is_a_display() -> None:
    assert all(issubclass(kind, Display) and kind.name == name and kind.title for name, kind in DISPLAYS.items())


def test_frame_is_tidy(display: Display) -> None:
    frame = display.frame()
    alone = len(display.comparison.variants) < 2
    if not isinstance(display, MAY_BE_EMPTY) and not (alone and isinstance(display, OF_PAIRS)):
        assert not frame.empty
    assert frame.columns.is_unique
    assert all(isinstance(name, str) and name for name in frame.columns)
    plain = str | int | float | bool | type(None)
    assert all(isinstance(value, plain) for row in frame.astype(object).to_numpy().tolist() for value in row)


def test_table_has_headings_and_one_row_a_line(display: Display) -> None:
    table = display.table()
    assert all(isinstance(name, str) and name for name in table.columns)
    assert table.columns.is_unique
    if type(display).table is not Display.table:
        text = table.astype(str).to_numpy().ravel().tolist()
        assert not [cell for cell in text if re.search(r"\bnan\b|\binf\b|\de[+-]\d", cell)]
        assert all(name[0].isupper() for name in table.columns)


def test_chart_is_valid_vega_lite_that_json_can_hold(display: Display, spec: Any) -> None:
    if isinstance(display, OF_PAIRS | Costs) and len(display.comparison.variants) < 2:
        assert spec is None
    elif isinstance(display, HyperparameterCurve):
        assert (spec is None) == display.frame().empty
    elif not isinstance(display, ConfusionDifference):  # without a confusion there is nothing to draw
        assert (spec is None) == isinstance(display, TABLES)
    json.dumps(spec, allow_nan=False)


def test_description_is_one_sentence_that_names_every_head(display: Display) -> None:
    text = display.describe()
    assert text.endswith(".")
    assert not text.endswith("..")
    assert "\n" not in text or FOREIGN[0] in "".join(display.comparison.first.record.data.classes)
    assert not re.search(r"\bnan\b|\binf\b", text)
    if isinstance(display, Curves | Example | Gallery | Layers) or type(display).name == "heads":
        assert all(label in text for label in display.comparison.labels)


@pytest.mark.parametrize("case", ["two_heads_three_seeds", "diverged"], indirect=True)
@pytest.mark.parametrize(("metric", "x", "log"), [("loss", "epoch", True), ("accuracy", "seconds", False)])
def test_curves_of_every_setting_are_valid(comparison: Comparison, metric: Any, x: Any, log: bool) -> None:
    curves = Curves(comparison, metric, x, 0.5, log, ("validation",), seeds=False)
    chart = curves.chart()
    assert chart is not None
    json.dumps(chart.to_dict(validate=True), allow_nan=False)
    assert curves.describe().endswith(".")
    assert "nan" not in curves.describe()


# What is drawn is what was given


def fields_of(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        if isinstance(spec.get("field"), str):
            yield spec["field"]
        for key, value in spec.items():
            if key != "datasets":
                yield from fields_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from fields_of(value)


def test_data_never_becomes_the_name_of_a_field(spec: Any) -> None:
    assert all(re.fullmatch(r"[a-zA-Z_]\w*", field) for field in fields_of(spec))


def expressions_of(spec: Any) -> Iterator[str]:
    if isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("filter", "test", "expr", "calculate") and isinstance(value, str):
                yield value
            elif key != "datasets":
                yield from expressions_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from expressions_of(value)


def test_data_never_becomes_part_of_an_expression(display: Display, spec: Any) -> None:
    words = [*display.comparison.labels, *FOREIGN]
    assert not [text for text in expressions_of(spec) for word in words if word in text]


def test_foreign_names_reach_the_picture_whole(comparisons: Callable[[str], tuple[Home, Comparison]]) -> None:
    _, comparison = comparisons("foreign_names")
    for view in (Confusion(comparison), Example(comparison)):
        data = view.chart().to_dict()["datasets"]
        drawn = {row["label"] for rows in data.values() for row in rows if "label" in row}
        assert drawn == set(FOREIGN)


def test_head_keeps_its_colour_in_every_comparison(
    comparisons: Callable[[str], tuple[Home, Comparison]],
) -> None:
    alone = {name: colors(comparisons(name)[1]) for name in ("one_run", "two_heads_three_seeds", "three_heads")}
    assert {palette["GAP"] for palette in alone.values()} == {head_colors()["GAP"]}
    assert alone["three_heads"]["Flatten + Dense"] == alone["two_heads_three_seeds"]["Flatten + Dense"]


def test_every_head_has_a_colour_of_its_own() -> None:
    assert len(set(head_colors().values())) == len(HEADS)


def test_variants_of_one_head_have_different_colours(
    comparisons: Callable[[str], tuple[Home, Comparison]],
) -> None:
    palette = colors(comparisons("one_head_other_units")[1])
    assert len(set(palette.values())) == len(palette) == 2


# Single views


def test_tiles_give_the_exact_parameters_and_their_ratio(
    comparisons: Callable[[str], tuple[Home, Comparison]],
) -> None:
    table = Tiles(comparisons("two_heads_three_seeds")[1]).table().set_index("Figure")
    assert table.loc["Parameters", "Value"] == "24,586"
    assert table.loc["Parameters", "Difference"] == "17.5× fewer"
    assert set(table["Head"]) == {"GAP"}


def test_tiles_call_better_only_what_is_settled(make_run: RunWriter) -> None:
    far = compare(make_run, {0: 0.90, 1: 0.91, 2: 0.90}, {0: 0.95, 1: 0.955, 2: 0.95})
    row = Tiles(far).table().set_index("Figure").loc["Test accuracy"]
    assert better_of(far) == -1
    assert re.fullmatch(r"4\.8 points lower \(−\d\.\d to −\d\.\d\)", str(row["Difference"]))
    near = compare(make_run, {0: 0.80, 1: 0.90}, {0: 0.85, 1: 0.84}, epochs=4)
    assert better_of(near) == 0


def better_of(comparison: Comparison) -> int:
    return int(Tiles(comparison).frame().set_index("metric").loc["test_accuracy", "better"])


def test_tiles_of_equal_accuracy_name_no_direction(make_run: RunWriter) -> None:
    table = Tiles(compare(make_run, {0: 0.9}, {0: 0.9})).table().set_index("Figure")
    assert table.loc["Test accuracy", "Difference"] == "the same (one seed)"


def test_layer_shares_of_each_head_sum_to_one(comparison: Comparison) -> None:
    shares = Layers(comparison).frame().groupby("head")["share"].sum()
    assert shares.tolist() == pytest.approx([1] * len(comparison.labels))


def test_published_figures_stand_beside_the_measured(make_run: RunWriter) -> None:
    view = PublishedResults(Comparison.of([make_run()]))
    assert view.frame().empty  # digits-heads was never published
    assert view.describe() == "This recipe has no published figures."


@pytest.mark.parametrize(
    ("settings", "data", "note"),
    [
        ({"epochs": 25}, {}, ""),
        ({"epochs": 25}, {"official": False}, "Measured on other data than published: the accuracies and losses of"),
        ({"epochs": 1}, {}, "Measured with other settings than published (1 epoch instead of 25): the accuracies and"),
        (
            {"epochs": 1, "train_images": 100},
            {"official": False},
            "Measured on other data than published and with other settings than published "
            "(100 training images instead of all, 1 epoch instead of 25): the accuracies and losses of a row are",
        ),
        ({"epochs": 25, "filters": 8}, {}, "(8 filters instead of 32): the figures of a row are not comparable."),
    ],
)
def test_note_says_why_published_and_measured_may_not_be_compared(
    make_run: RunWriter, settings: dict[str, Any], data: dict[str, Any], note: str
) -> None:
    text = PublishedResults(Comparison.of([as_kmnist(make_run(**settings), **data)])).note()
    assert note in text
    assert bool(note) == text.endswith("not comparable.")


@pytest.mark.parametrize(
    "metric", sorted({figure.metric for recipe in RECIPES.values() for figure in recipe.published})
)
def test_every_published_figure_has_a_name_and_stands_beside_the_measured(make_run: RunWriter, metric: str) -> None:
    recipe = next(r for r in RECIPES.values() if metric in {figure.metric for figure in r.published})
    head = next(figure.head for figure in recipe.published if figure.metric == metric)
    view = PublishedResults(Comparison.of([as_spec(make_run(head=head), recipe.spec.replace(head=head))]))
    assert len(view.table()) == len(view.frame()) > 0


def test_note_is_empty_where_nothing_was_published(make_run: RunWriter) -> None:
    assert PublishedResults(Comparison.of([make_run(epochs=1)])).note() == ""
    unpublished = as_kmnist(make_run(head="flatten", epochs=1))
    assert PublishedResults(Comparison.of([unpublished])).note() == ""


@pytest.mark.parametrize("image", [-1, 360, 10**9])
def test_example_outside_the_test_split_is_refused(
    comparisons: Callable[[str], tuple[Home, Comparison]], image: int
) -> None:
    with pytest.raises(ComparisonError, match=rf"Expected image between 0 and 359; got {image}\."):
        Example(comparisons("one_run")[1], image).frame()


def test_example_probabilities_of_each_head_sum_to_one(comparison: Comparison) -> None:
    frame = Example(comparison, 3).frame()
    told = frame.dropna().groupby("head")["prob"].sum()  # a diverged training gives no probability to any class
    assert told.tolist() == pytest.approx([1] * len(told), abs=1e-5)
    assert frame.groupby("head")["right"].sum().tolist() == [1] * len(comparison.labels)


def test_gallery_pages_part_what_is_selected(comparisons: Callable[[str], tuple[Home, Comparison]]) -> None:
    home, comparison = comparisons("two_heads_three_seeds")
    whole = Gallery(comparison, home, "wrong")
    pages = [Gallery(comparison, home, "wrong", page=page).frame() for page in range(1, whole.pages + 1)]
    images = [image for page in pages for image in dict.fromkeys(page["image"])]
    assert images == whole.selected()
    assert all(len(page) <= 24 * 2 for page in pages)


@pytest.mark.parametrize(("page", "as_page"), [(-5, 1), (0, 1), (10**6, None)])
def test_gallery_page_is_kept_in_range(
    comparisons: Callable[[str], tuple[Home, Comparison]], page: int, as_page: int | None
) -> None:
    home, comparison = comparisons("one_run")
    pages = Gallery(comparison, home).pages
    expected = Gallery(comparison, home, page=as_page or pages).frame()
    pd.testing.assert_frame_equal(Gallery(comparison, home, page=page).frame(), expected)


def test_gallery_without_a_match_is_empty_and_says_so(comparisons: Callable[[str], tuple[Home, Comparison]]) -> None:
    home, comparison = comparisons("never_wrong")
    gallery = Gallery(comparison, home, "wrong")
    assert (gallery.frame().empty, gallery.chart(), gallery.pages) == (True, None, 1)
    assert gallery.describe().startswith("0 test images")


def ask_one_question(run: Run) -> Run:
    """The run as if its head had told by one number whether a digit is a one. It calls the first three images so."""
    labels = (run.predictions.test_labels == 1).astype(np.int64)
    predictions = np.where(np.arange(len(labels)) < 3, 1, labels)
    run = as_spec(run, run.spec.replace(loss="binary"))
    with np.load(run.path / "predictions.npz") as stored:
        arrays = dict(stored)
    arrays |= {name: arrays[name][:, :2] for name in ("test_probs", "validation_probs")}
    np.savez(run.path / "predictions.npz", **arrays)
    return rewrite(run, labels=labels, predictions=predictions, classes=("not one", "one"))


def test_first_images_are_the_first_as_stored(comparisons: Callable[[str], tuple[Home, Comparison]]) -> None:
    home, comparison = comparisons("two_heads_three_seeds")
    view = FirstImages(comparison, home)
    assert list(dict.fromkeys(view.frame()["image"])) == list(range(12))
    assert "predicted" in view.explain()


def test_one_question_is_answered_by_the_probability_of_its_yes(make_run: RunWriter, home: Home) -> None:
    view = FirstImages(Comparison.of([ask_one_question(make_run(head="dense"))]), home)
    frame = view.frame()
    assert set(frame["told"]) == {"one"}
    wanted = [("one", "0.70") if right else ("one", "0.70 ✗") for right in frame["right"][:3]]
    said = [view.write_predicted(row) for row in frame.to_dict("records")]
    assert said[:3] == wanted
    assert not frame["right"][:3].all()
    assert ("one", "0.30") in said[3:]
    assert "the probability that a head gives to one;" in view.explain()
    chart = view.chart()
    assert chart is not None
    drawn = {row["said"] for rows in chart.to_dict()["datasets"].values() for row in rows if "said" in row}
    assert "one 0.30" in drawn


def test_pictures_of_other_data_are_refused(make_run: RunWriter, home: Home) -> None:
    run = make_run()
    path = home.datasets / "digits" / "dataset.json"
    path.write_text(path.read_text().replace(run.record.data.fingerprint, "0123456789abcdef"))
    with pytest.raises(DatasetError, match="cannot be shown"):
        Gallery(Comparison.of([run]), home).thumbnails([0])


def test_live_charts_wait_for_an_epoch_and_then_draw_every_run() -> None:
    frame = pd.DataFrame(history_of(2))
    spec = RunSpec()
    assert build_live_charts([(spec, frame.head(0))]) == []
    charts = build_live_charts([(spec, frame), (spec.replace(head="dense"), frame), (spec.replace(seed=1), frame)])
    assert len(charts) == 2
    for chart in charts:
        runs = {row["run"] for rows in chart.to_dict(validate=True)["datasets"].values() for row in rows}
        assert runs == {"GAP, seed 0", "GAP, seed 1", "Flatten + Dense, seed 0"}


# Sentences


LABELS = np.arange(2_000) % 10


def with_accuracy(run: Run, accuracy: float) -> Run:
    """The run as if it had 2,000 test images and got the first of them wrong."""
    wrong = round((1 - accuracy) * len(LABELS))
    predictions = np.where(np.arange(len(LABELS)) < wrong, (LABELS + 1) % 10, LABELS)
    return rewrite(run, labels=LABELS, predictions=predictions, metrics={"test_accuracy": accuracy})


def compare(make_run: RunWriter, gap: dict[int, float], dense: dict[int, float] | None = None, **settings: Any) -> Any:
    """GAP with these accuracies by seed, and Flatten + Dense."""
    values = {"gap": gap, "dense": dense or {}}
    return Comparison.of(
        with_accuracy(make_run(head=head, seed=seed, **settings), value)
        for head, seeds in values.items()
        for seed, value in seeds.items()
    )


HEADLINES = [
    ({0: 0.9}, {}, r"GAP: 24,586 parameters, test accuracy 90\.0 % \(one seed\)\."),
    ({0: 0.9, 1: 0.92}, {}, r"GAP: 24,586 parameters, test accuracy 91\.0 ± 1\.4 %\."),
    ({0: 0.9}, {0: 0.95}, r", accuracy 5\.0 points lower \(one seed: a result, not a verdict\)\."),
    ({0: 0.95}, {0: 0.9}, r", accuracy 5\.0 points higher \(one seed: a result, not a verdict\)\."),
    ({0: 0.9}, {0: 0.9}, r", the same accuracy \(one seed: a result, not a verdict\)\."),
    ({0: 0.9, 1: 0.8}, {0: 0.9, 1: 0.8}, r", the same accuracy, image by image\."),
    ({0: 0.9}, {0: 0.9005}, r", accuracy 0\.05 points lower \(one seed: a result, not a verdict\)\."),
    ({0: 0.9}, {1: 0.95}, r"lower \(one seed each, not the same: a result, not a verdict\)\."),
    ({0: 0.9, 1: 0.9}, {2: 0.95}, r"lower \(no seed in common: a result, not a verdict\)\."),
    ({0: 0.9, 1: 0.9}, {1: 0.95}, r"lower \(one seed in common: a result, not a verdict\)\."),
    (
        {0: 0.90, 1: 0.91, 2: 0.90}, {0: 0.95, 1: 0.955, 2: 0.95},
        r", worse accuracy, 4\.8 points lower \(95 % interval −[56]\.\d to −[34]\.\d\)\.",
    ),
    (
        {0: 0.95, 1: 0.95, 2: 0.955}, {0: 0.90, 1: 0.91, 2: 0.90},
        r", better accuracy, 4\.8 points higher \(95 % interval [23]\.\d to [67]\.\d\)\.",
    ),
    (
        {0: 0.90, 1: 0.92}, {0: 0.95, 1: 0.96},
        r", no difference in accuracy that these runs can show \(4\.5 points lower, 95 % interval −1\d.* to \d.*\); "
        r"about 3 seeds a head would settle it\.",
    ),
    (
        {0: 0.9, 1: 0.9, 2: 0.9}, {0: 0.901, 1: 0.901, 2: 0.901},
        r", no difference in accuracy that these runs can show \(0\.1 points lower, 95 % interval −0\.\d+ to 0\.0\); "
        r"about [34],\d00 test images would settle it\.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("gap", "dense", "ending"), HEADLINES)
def test_headline_says_what_was_found_and_how_sure_it_is(
    make_run: RunWriter, gap: dict[int, float], dense: dict[int, float], ending: str
) -> None:
    text = write_headline(compare(make_run, gap, dense, epochs=25))
    assert re.search(f"{ending}$", text), text
    if dense:
        assert text.startswith("GAP: 17.5× fewer parameters than Flatten + Dense, ")


def test_headline_of_equally_small_heads_claims_no_saving(make_run: RunWriter) -> None:
    runs = [make_run(head=head) for head in ("gap", "gap_linear")]
    text = write_headline(Comparison.of(runs))
    assert "as many parameters as" in text
    assert "fewer" not in text


def test_headline_counts_a_saving_too_small_for_a_ratio(make_run: RunWriter) -> None:
    rival = make_run(head="dense")
    small = rewrite(make_run(head="gap"), cost={"params": rival.record.cost.params - 1_200})
    assert "1,200 fewer parameters than Flatten + Dense" in write_headline(Comparison.of([small, rival]))


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        ({"epochs": 25}, "GAP: 17.5×"),
        ({"epochs": 60, "train_images": 1437}, "GAP: 17.5×"),
        ({"epochs": 1}, "After 1 epoch of 25: GAP has 17.5×"),
        ({"epochs": 25, "train_images": 100}, "On 100 of 1,437 training images: GAP has 17.5×"),
        ({"epochs": 3, "train_images": 100}, "After 3 epochs of 25, on 100 of 1,437 training images: GAP has 17.5×"),
    ],
)
def test_headline_of_a_short_training_says_so_first(
    make_run: RunWriter, settings: dict[str, Any], beginning: str
) -> None:
    text = write_headline(compare(make_run, {0: 0.9}, {0: 0.95}, **settings))
    assert text.startswith(beginning)
    assert text.endswith("accuracy 5.0 points lower (one seed: a result, not a verdict).")


def test_headline_names_the_shortest_of_unequal_trainings(make_run: RunWriter) -> None:
    runs = [make_run(RunSpec(), head="gap"), make_run(RunSpec(epochs=1, train_images=100), head="dense")]
    short = "After as few as 1 epoch of 25, on as few as 100 of 1,437 training images: GAP has"
    assert write_headline(Comparison.of(runs)).startswith(short)


def test_headline_names_no_size_that_nobody_wrote_down(make_run: RunWriter) -> None:
    unknown = {"official": False, "train_count": None}
    run = rewrite(make_run(RunSpec(train_images=100)), data=unknown)
    assert write_headline(Comparison.of([run])).startswith("On 100 training images: GAP has 24,586 parameters")


def test_headline_without_a_recipe_names_the_epochs_alone(make_run: RunWriter) -> None:
    run = make_run(epochs=3)
    comparison = Comparison.of([rewrite(run)])
    vars(comparison)["recipe"] = None  # as of a dataset that no recipe has
    assert write_headline(comparison).startswith("After 3 epochs: GAP has")


def test_sentences_of_the_pages_name_every_head(comparison: Comparison) -> None:
    for write in (write_params, write_curves, write_accuracies):
        text = write(comparison)
        assert text.endswith(".")
        assert "nan" not in text
        assert all(label in text for label in comparison.labels)


def test_missed_images_follow_from_the_accuracy(make_run: RunWriter) -> None:
    assert write_accuracies(compare(make_run, {0: 0.9}, {0: 1.0})) == (
        "Of 2,000 test images, GAP misses 200, Flatten + Dense misses 0."
    )


# Numbers


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 test images"), (1, "1 test image"), (2, "2 test images"), (1437, "1,437 test images")],
)
def test_one_is_no_plural(count: int, text: str) -> None:
    assert number.format_plural(count, "test image") == text


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        (number.format_count, 24_586, "24,586"),
        (number.format_count, 431_242.0, "431,242"),
        (number.format_short, 5_195_828, "5.20 M"),
        (number.format_short, 999_999, "1.00 M"),
        (number.format_short, 0, "0"),
        (number.format_short, 12, "12.0"),
        (number.format_bytes, 98_304, "98.3 kB"),
        (number.format_bytes, 999.6, "1.00 kB"),
        (number.format_bytes, 0, "0 B"),
        (number.format_seconds, 0.00021, "210 µs"),
        (number.format_seconds, 3e-5, "30.0 µs"),
        (number.format_seconds, 0, "0 µs"),
        (number.format_seconds, 0.9999, "1.00 s"),
        (number.format_seconds, 59.99, "1 min 0 s"),
        (number.format_seconds, 200, "3 min 20 s"),
        (number.format_seconds, 3599.9, "1 h 0 min"),
        (number.format_seconds, 4000, "1 h 7 min"),
        (number.format_seconds, math.nan, "–"),
        (number.format_ratio, 17.54, "17.5×"),
        (number.format_accuracy, SeedMean(0.8731, None, 1), "87.3 %"),
        (number.format_accuracy, SeedMean(0.8731, 0.012, 3), "87.3 ± 1.2 %"),
        (number.format_accuracy, SeedMean(0.87314, 0.0004, 3), "87.31 ± 0.04 %"),
        (number.format_accuracy, SeedMean(math.nan, None, 1), "–"),
        (number.format_loss, SeedMean(0.33541, None, 1), "0.335"),
        (number.format_loss, SeedMean(0.33541, 0.0123, 2), "0.335 ± 0.012"),
        (number.format_loss, SeedMean(math.nan, math.nan, 2), "–"),
    ],
)
def test_number_is_written_as_people_write_it(form: Callable[[Any], str], value: Any, text: str) -> None:
    assert form(value) == text


@settings(deadline=None)
@given(
    st.sampled_from([number.format_count, number.format_short, number.format_bytes, number.format_seconds]),
    st.floats(0, 1e15) | st.integers(0, 10**15) | st.sampled_from([math.nan, math.inf]),
)
def test_no_size_is_written_with_an_exponent_or_as_nan(form: Callable[[float], str], value: float) -> None:
    assert not re.search(r"nan|inf|\de[+-]?\d", form(value))


@settings(deadline=None)
@given(
    st.sampled_from([number.format_accuracy, number.format_loss]),
    st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf]),
    st.none() | st.floats(0, 1e6),
)
def test_no_estimate_is_written_with_an_exponent_or_as_nan(
    form: Callable[[SeedMean], str], mean: float, spread: float | None
) -> None:
    assert not re.search(r"nan|inf|\de[+-]?\d", form(SeedMean(mean, spread, 2)))


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_seconds_keep_three_digits(value: float) -> None:
    text = number.format_seconds(value)
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
    parts = text.split()
    back = sum(float(a) * units[b] for a, b in zip(parts[::2], parts[1::2], strict=True))
    assert back == pytest.approx(value, rel=0.01)
