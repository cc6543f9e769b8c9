"""Reports from the command line, and the commands that make their figures again."""

import json
import shlex
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
from core.home import Home
from core.recipes import write_commands
from core.spec import HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison


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


@given(st.lists(specs, min_size=1, max_size=8))
def test_commands_name_these_runs_and_no_others(made: list[RunSpec]) -> None:
    train = cast(TyperGroup, get_command(app)).commands["train"]
    found: list[RunSpec] = []
    for command in write_commands(made):
        options = train.make_context("train", shlex.split(command)[2:]).params
        settings = {name: value for name, value in options.items() if name in SETTINGS}
        chosen = read_recipe(Home(Path("missing")), options["recipe"], settings)
        found += list_specs(*chosen, options["heads"], options["seeds"])
    assert len(found) == len({spec.run_id for spec in made})
    assert {spec.run_id for spec in found} == {spec.run_id for spec in made}
