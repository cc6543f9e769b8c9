"""Help texts of the commands, and their start-up time."""

import json
import resource
import subprocess
import sys
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from core.cli.app import app
from core.spec import SETTINGS
from tests.support.command import call
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter


def list_commands() -> dict[str, Any]:
    """Return all commands by their path, such as "datasets download"."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    found: dict[str, Any] = {}
    for name, command in root.commands.items():
        found[name] = command
        if isinstance(command, TyperGroup):
            found |= {f"{name} {member}": inner for member, inner in command.commands.items()}
    return found


COMMANDS = list_commands()


# Help


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_has_a_help_text(path: str) -> None:
    command = COMMANDS[path]
    assert command.help
    assert [param.name for param in command.params if not param.help] == []
    assert call(*path.split(), "--help").exit_code == 0


@pytest.mark.parametrize("path", [path for path, command in COMMANDS.items() if not command.hidden])
def test_list_of_commands_contains_every_command(path: str) -> None:
    assert f"`headroom {path}" in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_help_is_shown_without_a_command() -> None:
    result = call()
    assert result.exit_code == 0
    assert all(path.split()[0] in result.stdout for path in COMMANDS)


def test_help_does_not_offer_the_fingerprint() -> None:
    text = call("train", "--help").stdout
    assert "--data " not in text
    assert "--dataset " in text


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "head"])
def test_every_setting_is_an_option_of_train_with_its_help_and_bounds(name: str) -> None:
    option = next(param for param in COMMANDS["train"].params if param.name == name)
    setting = SETTINGS[name]
    assert option.opts == [f"--{name.replace('_', '-')}"]
    assert setting.help in option.help
    assert setting.low is None or setting.bounds.removeprefix("between ") in option.help


# Start-up time and imports


READS = [
    ["recipes"], ["params", "--recipe", "digits-heads"], ["runs"], ["compare", "--recipe", "digits-heads"],
    ["datasets"], ["jobs"], ["doctor"], ["show", "0"], ["analyse", "0"], ["--help"], ["train", "--help"], ["sweep"],
    ["sweep", "--recipe", "digits-heads", "--dry-run"], ["comparisons"], ["advise"],
    ["advise", "--recipe", "digits-heads", "--dry-run"],
]  # fmt: skip
LOADED = """
import json, sys
from core.cli.app import app
from core.displays.comparison_json import EVIDENCE
for words in json.loads(sys.argv[1]):
    try:
        app(words)
    except SystemExit as end:
        assert end.code in (0, 1), (words, end.code)
print("loaded", *{name.partition(".")[0] for name in sys.modules})
"""


def list_loaded(calls: list[list[str]]) -> set[str]:
    """Return the top-level packages that a new process has imported after some commands."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(calls)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_reading_commands_import_neither_tensorflow_nor_streamlit(make_run: RunWriter) -> None:
    make_run(head="gap")
    make_run(head="dense")
    assert not {"tensorflow", "keras", "streamlit", "sklearn"} & list_loaded(READS)


def test_help_imports_no_numerical_library() -> None:
    assert not {"numpy", "pandas", "altair", "scipy"} & list_loaded([["--help"], ["train", "--help"]])


def test_help_takes_less_than_a_second_of_processor_time() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "core", "--help"], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 1
