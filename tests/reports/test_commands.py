"""Reports from the command line, and the commands that make their figures again."""

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from core.cli.app import app
from core.cli.recipe_option import read_recipe
from core.cli.train import list_specs
from core.datasets import cache
from core.home import Home
from core.models.add import add_model
from core.recipes import write_commands
from core.reports.reproduction import build_reproduction
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison
from core.store.record import CLASS_ORDER, MODEL_FILE
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.own_models import FILES
from tests.support.run_writer import RunWriter


def call(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_command_line_makes_publishes_lists_and_exports(runs: Comparison, tmp_path: Path) -> None:
    ids = [run.run_id for run in runs.runs]
    report_id = call("report", "create", *ids, "--title", "Ours").strip()
    address, checksum = call("report", "publish", report_id).split()
    assert address == f"{report_id}-1"
    (listed,) = json.loads(call("report", "--json"))
    assert (listed["id"], listed["title"], listed["versions"], listed["runs"]) == (report_id, "Ours", [1], ids)
    path = tmp_path / "report.json"
    call("report", "export", address, "-o", str(path))
    assert json.loads(path.read_text())["checksum"] == checksum
    call("report", "export", report_id, "--draft", "-o", str(path))
    assert json.loads(path.read_text())["checksum"] is None
    call("report", "export", *ids, "-o", str(tmp_path / "runs.csv"))
    assert (tmp_path / "runs.csv").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("r7k2m9qx", "r7k2m9qy", "-o", "x.html"),
            "Give either one report, or run IDs.",
        ),
        (("r7k2m9qx", "-o", "x.html"), "Report r7k2m9qx was not found; it may have been deleted."),
        (("0123", "-o", "x.html"), "Run '0123' was not found; it may have been deleted."),
        (("0123", "-o", "x.doc"), "Expected a file with the extension .html, "),
        (("0123", "-o", "x", "--format", "doc"), "Unknown format 'doc'. Choose one of: html, "),
    ],
)
def test_export_that_cannot_be_is_refused_in_a_sentence(home: Home, words: tuple[str, ...], sentence: str) -> None:
    result = CliRunner().invoke(app, ["report", "export", *words])
    assert result.exit_code == 1
    assert result.stderr.startswith(sentence)


specs = st.builds(
    lambda head, seed, **settings: RunSpec().replace(head=head, seed=seed, **settings),
    st.sampled_from([*HEADS]),
    st.integers(0, 4),
    epochs=st.sampled_from([1, 25]),
    filters=st.sampled_from([8, 32]),
    units=st.sampled_from([32, 128]),
    dropout=st.sampled_from([0.0, 0.25]),
    augmentation=st.sampled_from(["", "flip_horizontal=0.5"]),
)


def read_commands(home: Home, commands: Iterable[str]) -> list[RunSpec]:
    """Return the specs that `headroom train` reads from commands."""
    train = cast(TyperGroup, get_command(app)).commands["train"]
    found: list[RunSpec] = []
    for command in commands:
        options = train.make_context("train", shlex.split(command)[2:]).params
        settings = {name: value for name, value in options.items() if name in SETTINGS}
        found += list_specs(*read_recipe(home, options["recipe"], settings), options["heads"], options["seeds"])
    return found


@given(st.lists(specs, min_size=1, max_size=8))
def test_commands_name_these_runs_and_no_others(made: list[RunSpec]) -> None:
    found = read_commands(Home(Path("missing")), write_commands(made))
    assert len(found) == len({spec.run_id for spec in made})
    assert {spec.run_id for spec in found} == {spec.run_id for spec in made}


MODEL = {"dataset": "folder", "folder": "pets", "backbone": "model", "frozen": True, "side": 96}
KINDS: dict[str, list[dict[str, object]]] = {
    "recipe": [{"head": "gap"}, {"head": "dense", "seed": 1}],
    "sweep": [{"head": head, "dropout": rate} for head in ("gap", "dense") for rate in (0.0, 0.5)],
    "advice": [{"head": "gap", "filters": 16, "epochs": epochs} for epochs in (4, 25)],
    "own images": [{"dataset": "folder", "folder": "pets", "side": 96}],
    "own model": [MODEL, MODEL | {"head": "dense", "side": 20}],
}


@pytest.mark.parametrize("kind", KINDS)
def test_reproduction_lists_every_run_and_evaluation_in_order(
    home: Home, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(cache, "list_folders", lambda home: ["pets"])
    info = add_model(home, "own", next(path for path in FILES if "chain" in path.name))
    model = {"model": info.reference} if kind == "own model" else {}
    runs = [make_run(RunSpec(), **settings, **model) for settings in KINDS[kind]]
    evaluated = add_elsewhere(home, "own model", data="digits", library=MODEL_FILE)
    ordered = add_elsewhere(home, "own", data="digits", library=MODEL_FILE, settings={CLASS_ORDER: "1,2 b"})
    imported = [add_elsewhere(home, name) for name in ("baseline", "other")]
    comparison = Comparison.of([*runs, evaluated, ordered, *imported])
    commands = build_reproduction(comparison).commands
    trained = [command for command in commands if command.startswith("headroom train")]
    found = read_commands(home, trained)
    data = runs[0].spec.data
    assert sorted(spec.replace(data=data).run_id for spec in found) == sorted(run.run_id for run in runs)
    assert commands[: len(trained)] == tuple(trained)
    assert {*commands[len(trained) : -1]} == {
        "headroom models evaluate 'own model' --dataset digits",
        "headroom models evaluate own --dataset digits --classes '1,2 b'",
        "headroom import FILE",
    }
    assert commands[-1] == f"headroom compare {' '.join(run.run_id for run in comparison.runs)}"
