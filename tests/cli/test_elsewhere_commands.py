"""Runs that were trained elsewhere in every read command: sentences, no errors."""

import re

import pytest

from tests.support.command import ask, call
from tests.support.comparison_cases import CASES
from tests.support.run_writer import RunWriter

ELSEWHERE = [name for name in CASES if "elsewhere" in name]
READ = (
    ("compare", "{all}"), ("analyse", "{all}"), ("show", "{one}"), ("runs",), ("runs", "--status", "finished"),
)  # fmt: skip


@pytest.mark.parametrize("case", ELSEWHERE)
def test_every_read_command_prints_runs_from_elsewhere(make_run: RunWriter, case: str) -> None:
    runs = [*CASES[case](make_run)]
    for words in READ:
        given = [run.run_id for run in runs] if words[-1] == "{all}" else [runs[-1].run_id]
        command = [*words[:-1], *given] if words[-1].startswith("{") else [*words]
        result = call(*command)
        assert result.exit_code == 0, (command, result.output)
        assert not re.search(r"\bnan\b|\bNone\b", result.output), (command, result.output)
        ask(*command)
