"""Captions: each setting of each display that is not at its default is named with its value."""

import re
from typing import Any

import pytest

from core.displays.caption import write_caption
from core.displays.display import CLASS_SETTINGS, DISPLAYS
from core.displays.number import quote_class
from core.displays.option import list_options
from core.home import Home
from core.reports.display_option import make_display
from core.spec import HEADS
from core.store.comparison import Comparison
from tests.support.comparison_cases import Comparisons
from tests.support.markers import long
from tests.support.run_rewriter import without_evidence
from tests.support.run_writer import RunWriter

_MOST_CHARS = 1_500  # of a caption

pytestmark = pytest.mark.slow  # describes every display with every setting


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    writer = RunWriter(Home(tmp_path_factory.mktemp("captions")))
    seeds = [(head, seed) for seed in range(2) for head in ("gap", "dense")]
    return Comparison.of([*(writer(head=head, seed=seed) for head, seed in seeds), writer(head="gap", filters=8)])


@pytest.fixture(params=[3, *(pytest.param(count, marks=long) for count in (9, 15))])
def variants(request: pytest.FixtureRequest, runs: Comparison) -> Comparison:
    """Return comparisons of few heads, of all heads, and of many settings of one head."""
    writer = RunWriter(Home(runs.first.path.parents[1]))
    changes: list[dict[str, Any]] = [{"head": head} for head in HEADS]
    if request.param > len(changes):
        changes = [{"filters": 4 * number} for number in range(1, request.param + 1)]
    return runs if request.param == 3 else Comparison.of([writer(seed=n, **each) for each in changes for n in range(2)])


def test_caption_names_every_setting_that_chose_the_data(variants: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, home = variants, Home(variants.first.path.parents[1])
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    missing = []
    for name, kind in DISPLAYS.items():
        for option in list_options(kind, runs):
            values = [option.options[1]] if isinstance(option.options, range) else [*option.options]
            for value in values if len(values) < 6 else {values[0], values[1], values[-1], option.default}:
                caption = write_caption(make_display(kind, runs, {option.name: value}, home))
                text = str(value) if isinstance(option.options, range) else option.options[value]
                text = quote_class(text) if option.name in CLASS_SETTINGS and value is not None else text
                stated = f"{option.label} = {text}" in caption
                if stated == (value == option.default) and option.name != "seed":
                    missing.append(f"{name}: {option.label} = {text}: {caption}")
                if option.name == "seed":
                    average = value is None and kind.averages_seeds
                    assert f"Seed = {'mean over all' if average else value or 0}" in caption or "Seed = GAP" in caption
    assert missing == []


def test_seed_in_a_caption_is_the_one_of_the_data(runs: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(runs.first.path.parents[1])
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    for name, kind in DISPLAYS.items():
        if "seed" in kind.__dataclass_fields__:
            display = make_display(kind, runs, {}, home)
            same = display.frame().equals(make_display(kind, runs, {"seed": 0}, home).frame())
            assert same == ("Seed = 0" in write_caption(display)), name


def test_caption_names_the_seed_that_was_not_chosen(runs: Comparison) -> None:
    assert write_caption(DISPLAYS["disagreement"](runs)).endswith(" Settings: Seed = 0.")
    assert "Flatten + Dense: 1" in write_caption(DISPLAYS["disagreement"](runs, seed=1))


def test_caption_states_the_evidence_that_its_display_awaits(home: Home, make_run: RunWriter) -> None:
    evaluated, other = make_run(head="gap"), without_evidence(make_run(head="dense"))
    for runs in (Comparison.of([evaluated, other]), Comparison.of([other])):
        stated = {}
        for name, kind in DISPLAYS.items():
            display = make_display(kind, runs, {}, home)
            stated[name] = write_caption(display).count("being computed; queued jobs come first.")
            assert "being computed" not in display.describe(), name
        assert {name for name, count in stated.items() if count} == {"cost", "robustness", "robustness_loss"}
        assert max(stated.values()) == 1


def test_options_of_every_display_have_readable_labels(runs: Comparison) -> None:
    texts = {
        f"{name}: {text}"
        for name, kind in DISPLAYS.items()
        for option in list_options(kind, runs)
        for text in (option.label, *([] if isinstance(option.options, range) else option.options.values()))
    }
    assert [text for text in texts if re.search(r"_\w+$|\de[+-]\d", text.partition(": ")[2])] == []


def test_captions_of_many_variants_are_readable(comparisons: Comparisons) -> None:
    """No sentence lists all variants of a sweep, and none omits that the best of many is optimistic."""
    home, many = comparisons("fifteen_variants")
    texts = {}
    for name, kind in DISPLAYS.items():
        context = {"home": home} if "home" in kind.__dataclass_fields__ else {}
        texts[name] = write_caption(kind(many, **context))
    assert {name: len(text) for name, text in texts.items() if len(text) > _MOST_CHARS} == {}
    assert "14 settings: 14 one seed; 14 undecided" in texts["difference"]
    for name in ("pareto", "front", "hyperparameter_curve", "parallel"):
        assert "on the test set: the highest accuracies are optimistic" in texts[name], name
    assert "Best of 15 runs" in texts["parallel"]
