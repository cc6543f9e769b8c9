"""Reports as authors edit them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.displays.display import DISPLAYS
from core.displays.option import list_options
from core.errors import ReportError
from core.home import Home
from core.reports.display_option import make_display
from core.reports.report import TextBlock
from core.store.comparison import Comparison
from tests.support.reports import report_of

names = st.lists(st.text("abcdefgh", min_size=6, max_size=6), min_size=1, max_size=8, unique=True)


@given(names, st.data())
def test_moving_inserting_and_removing_keep_all_other_blocks(ids: list[str], data: st.DataObject) -> None:
    report = report_of(*ids)
    chosen = data.draw(st.sampled_from(ids))
    steps = data.draw(st.integers(-10, 10))
    moved = [block.id for block in report.move(chosen, steps).blocks]
    assert sorted(moved) == sorted(ids)
    assert moved.index(chosen) == min(max(ids.index(chosen) + steps, 0), len(ids) - 1)
    assert [name for name in moved if name != chosen] == [name for name in ids if name != chosen]
    assert [block.id for block in report.remove(chosen).blocks] == [name for name in ids if name != chosen]
    after = data.draw(st.sampled_from([None, *ids]))
    inserted = [block.id for block in report.insert(TextBlock(id="zzzzzz"), after).blocks]
    assert [name for name in inserted if name != "zzzzzz"] == ids
    assert inserted.index("zzzzzz") == (0 if after is None else ids.index(after) + 1)
    assert report.replace(chosen, text="x").remove(chosen) == report.remove(chosen)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "Expected a title of 1 to 300 characters; got 0."),
        ({"title": "x" * 301}, "Expected a title of 1 to 300 characters; got 301."),
        ({"blocks": tuple(TextBlock() for _ in range(61))}, "A report may have at most 60 blocks; this one has 61."),
        (
            {"blocks": (TextBlock.model_construct(id="abcdef", text="x" * 20_001),)},
            "A text block may have at most ",
        ),
        ({"runs": ()}, "This report is invalid: runs has too few items."),
    ],
)
def test_invalid_report_is_rejected_with_an_error_message(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReportError) as caught:
        report_of("abcdef").change(**changes)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("name", [*DISPLAYS])
def test_every_display_setting_is_valid_or_rejected_with_a_reason(name: str, runs: Comparison, home: Home) -> None:
    kind = DISPLAYS[name]
    for setting in list_options(kind, runs):
        options = [setting.options[0], setting.options[-1]] if isinstance(setting.options, range) else setting.options
        for value in options:
            display = make_display(kind, runs, {setting.name: value}, home)
            assert getattr(display, setting.name) == value
            assert display.describe()
        with pytest.raises(ReportError, match=f"Expected {setting.name} of {name} to be "):
            make_display(kind, runs, {setting.name: "<nonsense>"}, home)
    with pytest.raises(ReportError, match=f"Unknown setting 'home' of {name}. "):
        make_display(kind, runs, {"home": "x"}, home)


def test_one_is_not_true(runs: Comparison, home: Home) -> None:
    with pytest.raises(ReportError, match="Expected log of curves to be one of False, True; got 1"):
        make_display(DISPLAYS["curves"], runs, {"log": 1}, home)
