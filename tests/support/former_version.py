"""Contents of the home of the former version, `former_home/`."""

import json
import math
from pathlib import Path
from typing import Any

from tests.support.markers import LONG

FORMER: dict[str, Any] = json.loads((Path(__file__).parent / "former_home.json").read_text(encoding="utf-8"))


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
