"""The faster Altair of the tests: the same charts and the same errors."""

import altair as alt
import pandas as pd
import pytest
from altair.utils import schemapi

from core.displays.views.confusion import Confusion
from core.displays.views.curves import Curves
from tests.support import quick_altair
from tests.support.comparison_cases import Comparisons


def draw_all(comparisons: Comparisons) -> list[object]:
    _, comparison = comparisons("two_heads_three_seeds")
    invalid = alt.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(x=alt.X("a:Q", scale={"zero": 5}))
    with pytest.raises(schemapi.SchemaValidationError) as error:
        invalid.to_dict()
    return [view(comparison).chart().to_dict() for view in (Curves, Confusion)] + [str(error.value)]


def test_charts_and_errors_are_those_of_altair(comparisons: Comparisons, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw_all(comparisons)
    for name, slow in quick_altair.SLOW.items():
        assert getattr(schemapi, name) is not slow
        monkeypatch.setattr(schemapi, name, slow)
    assert drawn == draw_all(comparisons)
