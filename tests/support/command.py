"""The command line, called in this process."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from core.cli.app import app


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def ask(*words: str) -> Any:
    """Return the JSON output of a command."""
    result = call(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str) -> tuple[int, str]:
    """Return the exit code and the line on standard error."""
    result = call(*words)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert "Unexpected error" not in result.stderr
    return result.exit_code, result.stderr
