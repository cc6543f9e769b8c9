"""Every view of a race in every state: tidy data, a valid chart, a description; sentences of a race that works."""

import json
import math
import re
import shlex
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from core.advice.race_curves import RaceProgress
from core.cli.app import app
from core.displays.advice_display import ADVICE_DISPLAYS, AdviceDisplay, describe_candidate
from core.displays.advice_progress import describe_request, describe_stage, write_advice_command, write_known
from core.displays.chart_view import Chart
from core.displays.encoding import guard_names
from core.home import Home
from core.reports.advice_report import write_advice_report
from core.store.comparison import Comparison
from tests.support.comparison_cases import HOSTILE_NAMES
from tests.support.paths import ROOT
from tests.support.races import draw_curves, make_races, write_race
from tests.support.run_writer import RunWriter

TITLED = re.compile(r"^[A-Z]")


@pytest.fixture(scope="module")
def races(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RaceProgress]:
    """Races by their state, and one whose candidates have hostile names."""
    found = {name: draw_curves(race) for name, race in make_races(Home(tmp_path_factory.mktemp("races"))).items()}
    race = found["decided"].race
    names = [f"{name} {number}" for number, name in enumerate((HOSTILE_NAMES * 6)[: len(race.candidates)])]
    renamed = [one.model_copy(update={"name": name}) for one, name in zip(race.candidates, names, strict=True)]
    hostile = race.model_copy(update={"candidates": tuple(renamed)})
    diverged = found["racing"].curves.assign(accuracy=float("nan"))
    found["diverged"] = RaceProgress(found["racing"].race, diverged)
    return {**found, "hostile": RaceProgress(hostile, found["decided"].curves)}


SHOWN = ("begun", "racing", "seeds", "decided", "stopped", "diverged", "hostile")


def find_problems(view: AdviceDisplay, chart: Chart | None, *, validate: bool) -> Iterator[str]:
    frame, table, text = view.frame(), view.table(), view.describe()
    plain = str | int | float | bool
    if not all(isinstance(value, plain) for row in frame.astype(object).to_numpy().tolist() for value in row):
        yield "its frame has other values than numbers and text"
    yield from (f"column {name}" for name in frame if name != name.lower())
    yield from (f"heading {name!r}" for name in table if not TITLED.match(name))
    yield from (f"cell {cell}" for cell in table.astype(str).to_numpy().ravel() if re.search(r"\bnan\b", cell))
    if not text.endswith(".") or ".." in text or re.search(r"\bnan\b|\binf\b", text):
        yield f"its description: {text!r}"
    if chart is None:
        return
    spec = guard_names(chart.to_dict(validate=validate))
    json.dumps(spec, allow_nan=False)
    axes = re.findall(r'"title": (null|"[^"]*"|\[)', json.dumps({k: v for k, v in spec.items() if k == "layer"}))
    yield from (f"axis {title}" for title in axes if title.startswith('"') and not title[1].isupper())
    drawing = json.dumps({name: value for name, value in spec.items() if name != "datasets"})
    yield from (f"{name!r} is part of an expression" for name in HOSTILE_NAMES if f'datum["{name}' in drawing)


def test_every_view_shows_every_state(races: dict[str, RaceProgress]) -> None:
    assert set(ADVICE_DISPLAYS) == {path.stem for path in (ROOT / "core/displays/advice").glob("[!_]*.py")}
    drawn, problems = set(), []
    for name, kind in ADVICE_DISPLAYS.items():
        for state in SHOWN:
            view = kind(races[state])
            chart = view.chart()
            found = find_problems(view, chart, validate=state == "decided")
            problems += [f"{name}, {state}: {problem}" for problem in found]
            drawn |= {(name, state)} if chart is not None else set()
    assert problems == []
    assert {name for name, _ in drawn} == {*ADVICE_DISPLAYS}
    assert ("race", "begun") not in drawn
    assert {state for name, state in drawn if name == "decision"} == {"decided", "hostile"}


def test_names_of_close_candidates_do_not_overlap(races: dict[str, RaceProgress]) -> None:
    """They are to the right of all lines, each at another height inside the axis."""
    progress = races["seeds"]
    for accuracy in (0.0, 0.5, 0.9, 1.0):
        close = RaceProgress(progress.race, progress.curves.assign(accuracy=accuracy))
        layers = ADVICE_DISPLAYS["race"](close).chart().layer
        [low, high] = layers[1].to_dict()["encoding"]["y"]["scale"]["domain"]
        names = [layer.data for layer in layers if "position" in getattr(layer.data, "columns", ())]
        assert len(names) == 2, "symbols and texts"
        for frame in names:
            assert (frame["at"] > progress.race.rungs[-1]).all()
            gaps = frame["position"].sort_values().diff().dropna()
            assert (gaps > 0.04 * (high - low)).all()
            assert frame["position"].between(low, high).all()


def test_tables_name_every_candidate_with_its_result(races: dict[str, RaceProgress]) -> None:
    progress = races["decided"]
    table = ADVICE_DISPLAYS["decision"](progress).table()
    assert table["Result"].tolist() == [
        "chosen", "finalist", "out after 6 epochs", "out after 6 epochs", "out after 3 epochs", "excluded",
    ]  # fmt: skip
    assert table["Evidence"].tolist()[0] == "−0.2 points, 95% interval −0.8 to +0.4: within the margin."
    assert (table["Evidence"] != "–").all()
    front = ADVICE_DISPLAYS["advice_front"](progress).frame()
    assert front.loc[front["chosen"], "candidate"].tolist() == ["GAP (linear maps), 16 filters"]
    assert front["complete"].sum() == 2
    excluded = ADVICE_DISPLAYS["candidates"](progress).table()["Status"].tolist()[-1]
    assert excluded.startswith("excluded: ")
    assert excluded.endswith(" 849.7 kB; the limit is 600 kB.")


def test_plan_counts_epochs_of_the_race_and_of_the_grid(races: dict[str, RaceProgress]) -> None:
    frame = ADVICE_DISPLAYS["schedule"](races["begun"]).frame()
    assert frame[["runs", "epochs"]].to_numpy().tolist() == [[5, 3], [4, 3], [3, 6], [12, 12], [25, 12]]
    assert math.isclose(ADVICE_DISPLAYS["schedule"](races["begun"]).share, (15 + 12 + 18 + 144) / 300)


def test_sentence_says_what_is_known_so_far_and_promises_nothing(races: dict[str, RaceProgress]) -> None:
    assert write_known(races["begun"]) == "All 5 candidates are in the race; no epoch has finished yet."
    assert write_known(races["racing"]) == (
        "4 of 5 candidates are left; Flatten + Dense, 8 filters leads with 68.4% validation accuracy after 3 epochs, "
        "0.4 points ahead of GAP (linear maps), 16 filters. Nothing is decided yet."
    )
    assert write_known(races["diverged"]) == "4 of 5 candidates are left; no accuracy is known yet."
    assert describe_stage(races["racing"].race) == "4 candidates to epoch 6 of 12"
    assert describe_stage(races["seeds"].race) == "seed 3 of at most 5 of 2 candidates"
    assert describe_request(races["begun"].race) == (
        "fewest parameters within 1.0 point of the best accuracy · at most 600 kB"
    )
    seeds = races["seeds"].race
    assert [describe_candidate(seeds, one) for one in seeds.candidates[2:]] == [
        "out after 6 epochs", "finalist", "finalist", "excluded",
    ]  # fmt: skip


def test_command_asks_the_same_question(
    races: dict[str, RaceProgress], home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    race = races["begun"].race
    command = write_advice_command(race)
    assert command == (
        "headroom advise --recipe digits-heads --heads gap,gap_linear,dense --epochs 12 --set filters=8,16 "
        "--max-size 600000 --margin 1 --budget 1800s"
    )
    monkeypatch.setenv("HEADROOM_HOME", str(home.path))
    result = CliRunner().invoke(app, [*shlex.split(command)[1:], "--dry-run", "--json"])
    planned = json.loads(result.stdout)
    assert {one["key"] for one in planned["candidates"]} == {one.key for one in race.candidates}
    assert planned["limits"] == race.request.limits.model_dump()
    odd = race.candidates[0].parsed_spec.replace(augmentation="flip_horizontal=0.5,rotation=10", seed=3)
    only = race.candidates[0].model_copy(update={"spec": odd.canonical(), "settings": {}})
    limits = race.request.limits.model_copy(update={"size": None, "latency": 0.005, "params": 50_000.0})
    request = race.request.model_copy(update={"limits": limits, "goal": "best", "budget_seconds": None})
    changed = race.model_copy(update={"candidates": (only,), "request": request})
    assert shlex.split(write_advice_command(changed))[2:] == [
        "--recipe", "digits-heads", "--heads", "gap", "--augmentation", "flip_horizontal=0.5,rotation=10",
        "--filters", "8", "--epochs", "12", "--seed", "3", "--max-latency", "5000us", "--max-params", "50000",
        "--margin", "1", "--goal", "best",
    ]  # fmt: skip


def test_report_begins_with_the_answer(home: Home, make_run: RunWriter) -> None:
    race = make_races(home)["decided"]
    write_race(home, race, make_run)
    assert race.answer
    comparison = Comparison.of(make_run.store.open_all(list(race.answer.runs)))
    report = write_advice_report(draw_curves(race), comparison)
    assert report.title.startswith("Use GAP (linear maps), 16 filters: 13.8× fewer parameters than Flatten + Dense")
    text = report.blocks[0].text  # type: ignore[union-attr]
    assert "| Candidate | Result |" in text
    assert "headroom advise --recipe" in text
    assert set(report.runs) == set(race.answer.runs)
