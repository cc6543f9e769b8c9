"""Runs that were trained elsewhere on every page: sentences, no errors."""

import re

import pytest

from tests.support.comparison_cases import CASES
from tests.support.page import PAGES, Open, text_of
from tests.support.run_writer import RunWriter

ELSEWHERE = ["with_bare_elsewhere", "only_elsewhere"]
_WRONG = re.compile(r".*(?:\bnan\b|\bNone\b|<NA>|nnamed| on ,).*")
READING = {"compare", "parameters", "curves", "predictions", "evidence", "run", "runs", "draw", "augmentation", "data"}
"""Pages that show runs or the comparison; the others are in one of both tests only."""


@pytest.mark.parametrize("case", ELSEWHERE)
def test_every_page_shows_runs_from_elsewhere(open_page: Open, make_run: RunWriter, case: str) -> None:
    runs = [*CASES[case](make_run)]
    key = f"runs:{','.join(run.run_id for run in runs)}"
    wrong = []
    for page in PAGES if case == "only_elsewhere" else sorted(READING):
        app = open_page(page, **({"run": runs[-1].run_id} if page == "run" else {"compare": key}))
        assert page == "run" or app.query_params["compare"] == key, page
        wrong += [f"{page}: {found.value}" for found in (*app.error, *app.exception)]
        if page == "run" and case == "with_bare_elsewhere":
            assert "Accuracy by epoch" not in [header.value for header in app.header]  # it has no history
            assert [metric.label.split(",")[0] for metric in app.metric] == ["Test accuracy"]
        if page == "runs":
            assert not {"Own images", "Folder "} & {*app.dataframe[0].value["Dataset"]}
        wrong += [f"{page} says {found}" for found in _WRONG.findall(text_of(app))]
    assert wrong == []
