"""Runs that were trained elsewhere in every read command: sentences, no errors."""

import json
import re
from pathlib import Path

import pytest

from tests.support.command import ask, call
from tests.support.comparison_cases import CASES
from tests.support.markers import thin
from tests.support.run_writer import RunWriter

ELSEWHERE = ["with_bare_elsewhere", "only_elsewhere"]
READ = (
    ("compare", "{all}"), ("analyse", "{all}"), ("show", "{one}"), ("runs",), ("runs", "--status", "finished"),
)  # fmt: skip


@pytest.mark.parametrize("case", thin(ELSEWHERE, 3))
def test_every_read_command_prints_runs_from_elsewhere(make_run: RunWriter, case: str) -> None:
    runs = [*CASES[case](make_run)]
    for words in READ:
        given = [run.run_id for run in runs] if words[-1] == "{all}" else [runs[-1].run_id]
        command = [*words[:-1], *given] if words[-1].startswith("{") else [*words]
        result = call(*command)
        assert result.exit_code == 0, (command, result.output)
        assert not re.search(r"\bnan\b|\bNone\b|(?<!spec\.)\bfolder\b|nnamed", result.output), (command, result.output)
        ask(*command)


def test_runs_from_elsewhere_are_exported(make_run: RunWriter, tmp_path: Path) -> None:
    ids = [run.run_id for run in CASES["with_bare_elsewhere"](make_run)]
    for words in (["report", "export"], ["export", "predictions"], ["export", "tensorboard"], ["bundle", "export"]):
        target = tmp_path / f"{'-'.join(words)}.{'json' if words[0] == 'report' else 'file'}"
        result = call(*words, *ids, "-o", str(target))
        assert result.exit_code == 0, (words, result.output)
    report = json.loads((tmp_path / "report-export.json").read_text())
    lost = [section["problem"] for section in report["sections"] if section.get("problem")]
    assert lost == []
    assert "random <forest> was trained elsewhere: no hyperparameters, no model file" in " ".join(report["cautions"])
