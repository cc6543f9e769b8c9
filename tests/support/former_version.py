"""A copy of the home of the former version, and what it contained."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.home import Home
from tests.support.markers import LONG

_SUPPORT = Path(__file__).parent
FORMER: dict[str, Any] = json.loads((_SUPPORT / "former_home.json").read_text(encoding="utf-8"))


def copy_former_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Copy of the former home, without the examples, which `Home.default()` also returns."""
    path = tmp_path / "former"
    shutil.copytree(_SUPPORT / "former_home", path)
    monkeypatch.setenv("HEADROOM_HOME", str(path))
    monkeypatch.setenv("HEADROOM_EXAMPLES", str(tmp_path / "no-examples"))
    return Home(path)


def sample(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the last item, or all of them in `make test-all`."""
    return [*values.items()][0 if LONG else -1 :]


def same(found: Any, expected: Any, rel_tol: float = 1e-9) -> bool:
    """Return whether kind and value are equal; a missing number is NaN or missing in a table."""
    if expected is None:
        return found is None or found != found or str(found) == "<NA>"
    if isinstance(expected, bool) or not isinstance(expected, int | float):
        return bool(found == expected)
    return math.isclose(float(found), float(expected), rel_tol=rel_tol, abs_tol=1e-12)
