"""The Parameters page: the calculator and the growth of heads."""

from streamlit.testing.v1 import AppTest

from core.spec import HEADS
from tests.support.page import Open, read_tables

# The calculator


def totals(app: AppTest) -> dict[str, str]:
    table = next(table for table in read_tables(app) if "Head parameters" in table.columns)
    return dict(zip(table["Head"], table["Parameters"], strict=True))


def test_calculator_starts_with_the_published_totals(open_page: Open) -> None:
    found = totals(open_page("parameters"))
    assert (found["GAP"], found["Flatten + Dense"]) == ("24,586", "431,242")
    assert list(found) == [head.label for head in HEADS.values()]


def test_calculator_follows_its_sliders(open_page: Open) -> None:
    app = open_page("parameters")
    app.slider(key="side").set_value(64).run()
    found = totals(app)
    assert found["GAP"] == "24,586"
    assert found["Flatten + Dense"] == f"{320 + 18_496 + (14 * 14 * 64 + 1) * 256 + 2_570:,}"


def test_calculator_reports_when_the_maps_vanish(open_page: Open) -> None:
    app = open_page("parameters", side="8")
    app.slider(key="calculator_blocks").set_value(5).run()
    assert "Use fewer blocks or images larger than 8 × 8 × 1." in app.warning[0].value


# Train


def test_growth_chart_marks_the_input_of_the_calculator(open_page: Open) -> None:
    app = open_page("parameters", side="224", dimensions="1D")
    assert not [*app.error, *app.exception]
    assert "Head parameters by input size" in [heading.value for heading in app.subheader]
