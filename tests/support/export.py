"""The command `headroom export`, and a text that no reader may run."""

from typer.testing import CliRunner, Result

from core.cli.app import app

HOSTILE = "<script>alert(1)</script>\n# [a](javascript:alert(1))\n```\n=1+1\u202e\0" + "x" * 9_000


def call(*words: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, words)])
