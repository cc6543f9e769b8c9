"""Links of the former version, opened by the current code: they lead to the same page and values.

Where a name has changed, the current code translates it; add such names to RENAMED and REWORDED.
"""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.home import Home
from core.spec import DATASETS, HEADS, SETTINGS
from core.store.comparison import list_offers
from core.store.run_store import RunStore
from core.ui.alias import NAMES, VALUES
from core.ui.evidence.sections import SECTIONS
from core.ui.lab.topic import TOPICS
from core.ui.link_choice import write_id
from tests.support.former_version import FORMER, same, sample
from tests.support.markers import LONG, thin
from tests.support.paths import ROOT

RENAMED = NAMES
"""Former name of a URL parameter: key of its widget today."""

REWORDED = {(name, old): new for name, values in VALUES.items() for old, new in values.items()}
"""Former name of a URL parameter and former value: value of its widget today."""

_HEADS = {label: name for name, head in HEADS.items() for label in (head.label, *head.former_labels)}
IDS: dict[str, dict[str, str]] = {
    "layers_of": _HEADS,
    "runs_head": _HEADS,
    "first_head": _HEADS,
    "second_head": _HEADS,
    "evidence": {label: name for name, (label, _) in SECTIONS.items()},
    "setting_runs": {"this comparison": "own"},
    "against": {setting.label: name for name, setting in SETTINGS.items()},
    "data": {"Folder shapes": "folder-shapes"} | {dataset.label: name for name, dataset in DATASETS.items()},
}
"""ID by label, for parameters whose former values were labels."""

CLASSES = {"class": "class_index", "map_class": "map_class_index"}
"""Parameters that had the name of a class: parameters with its index."""

PAGES = list(dict.fromkeys(link["page"] for link in FORMER["links"]))


@pytest.fixture
def served(former_home: Home) -> Iterator[Home]:
    """Home whose dispatcher lock is held, so that pages start no dispatcher. AppTest resets the server's state to that
    of the first page view at each run; this keeps it.
    """
    begin, main = PagesManager.__init__, sys.modules["__main__"]

    def init(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    with (
        closing((former_home.jobs / "dispatcher.lock").open("w")) as lock,
        patch.object(PagesManager, "__init__", init),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield former_home
    sys.modules["__main__"] = main


@pytest.mark.parametrize("page", thin(PAGES, 3))
def test_links_open_the_same_page_and_values(served: Home, page: str) -> None:
    links = [link for link in FORMER["links"] if link["page"] == page]
    assert len(links) > 2
    for link in links if LONG else [max(links, key=lambda link: len(link["values"]))]:
        app = open_link(link["link"])
        for name, value in link["values"].items():
            if value is not None:
                check_value(app, served, name, value, link["link"])


def test_links_to_a_comparison_by_its_former_label_open_it(served: Home) -> None:
    for offer in FORMER["offers"][:: 1 if LONG else 4]:
        app = open_page("jobs", {"compare": [offer["label"]]})
        check_value(app, served, "compare", {"offer": offer["run_ids"]}, offer["label"])


def test_former_parameter_names_are_accepted(served: Home) -> None:
    open_page("lab", {name: ["1"] for name in FORMER["url_names"] if not name.startswith(("lab_", "compare", "runs"))})


def test_reports_open_at_their_former_addresses(served: Home) -> None:
    for report_id, expected in sample(FORMER["drafts"]):
        app = open_page("reports", {"report": [report_id]})
        assert any(expected["titles"][-1] in title for title in read_titles(app))
    for address, expected in sample(FORMER["published"]):
        app = open_page("reports", {"report": [address]})
        assert any(expected["title"] in title for title in read_titles(app))
        assert any(expected["checksum"] in caption.value for caption in app.caption)


def open_link(link: str) -> AppTest:
    parts = urlsplit(link)
    return open_page(parts.path.strip("/"), parse_qs(parts.query, keep_blank_values=True))


def open_page(page: str, params: dict[str, list[str]]) -> AppTest:
    """Open a page as a link does; nothing may be rejected, and nothing may fail except a failed job."""
    app = AppTest.from_file(ROOT / "dashboard.py", default_timeout=120)
    app.query_params.update({name: values if len(values) > 1 else values[0] for name, values in params.items()})
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception, params
    assert [warning.value for warning in app.warning if warning.icon == ":material/link_off:"] == [], params
    reasons = {job["reason"] for job in FORMER["jobs"].values()}
    assert [error.value for error in app.error if error.value not in reasons] == [], params
    return app


def check_value(app: AppTest, home: Home, name: str, value: Any, link: str) -> None:
    if name == "job":  # the page of its run
        assert app.query_params["run"] == value, link
        return
    key = RENAMED.get(name, name)
    key = CLASSES.get(key, key)
    if key.startswith("lab_"):  # the former page had all sections of a topic
        topic = app.session_state["lab_topic"]
        for section in TOPICS[topic] if key not in app.session_state else ():
            if key not in app.session_state:
                app = open_link(f"{link}&lab_{topic.lower()}_section={write_id(section)}")
    found = app.session_state[key]
    if key in CLASSES.values():
        assert found == int(value), link  # the classes of the digits are named by their index
    elif isinstance(value, dict) and "offer" in value:
        offers = {offer.key: set(offer.run_ids) for offer in list_offers(RunStore(home).frame())}
        assert offers[found] == set(value["offer"]), link
        assert app.query_params["compare"] == found, link
    elif key == "compare":
        assert found.startswith("runs:"), link
    elif key in ("first_head", "second_head"):
        assert found.startswith(f"{IDS[key][value]}-"), link
    elif key in IDS:
        assert found == IDS[key].get(value, REWORDED.get((key, value), value)), link
    elif isinstance(value, dict):
        assert value["contains"] in found, link
    elif isinstance(value, list):
        assert [*found] == [REWORDED.get((key, one), one) for one in value], link
    else:
        assert same(found, REWORDED.get((key, value), value)), f"{link}: {name} is {found!r}"


def read_titles(app: AppTest) -> list[str]:
    return [element.value for elements in (app.title, app.header, app.markdown) for element in elements]
