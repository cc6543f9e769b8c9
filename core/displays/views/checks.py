"""Fairness checks of a comparison and their results."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import pandas as pd

from core.analysis.check import Check, Result, run_checks
from core.displays.chart_view import Chart
from core.displays.display import Display
from core.plural import format_plural

MARKS = {"failed": "✗", "passed": "✓", "not applicable": "–"}


@dataclass(frozen=True)
class Checks(Display):
    """One row per check; failed checks come first."""

    name: ClassVar[str] = "checks"
    title: ClassVar[str] = "Fairness checks"

    @cached_property
    def _results(self) -> list[tuple[Check, Result]]:
        return run_checks(self.comparison)

    def frame(self) -> pd.DataFrame:
        """Return the columns code, check, title, severity, state, message."""
        rows = [
            (one.code, one.name, one.title, one.severity, result.state, result.message) for one, result in self._results
        ]
        return pd.DataFrame(rows, columns=["code", "check", "title", "severity", "state", "message"])

    def table(self) -> pd.DataFrame:
        frame = self.frame()
        return pd.DataFrame(
            {
                "Code": frame["code"],
                "Check": frame["title"],
                "Severity": frame["severity"],
                "Result": frame["state"].map(MARKS) + " " + frame["state"],
                "Finding": frame["message"],
            }
        )

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        states = self.frame()["state"]
        failed, passed, rest = ((states == state).sum() for state in MARKS)
        return f"{format_plural(failed, 'check')} failed, {passed} passed, {rest} not applicable."
