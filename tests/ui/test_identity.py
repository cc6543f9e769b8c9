"""IDs in links do not depend on labels. Old links open the same comparison, or report that they are ambiguous."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.home import Home
from core.jobs.sweep_store import keep_sweep
from core.spec import HEADS
from core.store.comparison import Comparison, list_offers
from core.store.run_store import RunStore
from core.ui.link_choice import LinkChoice
from tests.support.page import Open
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

PAIR = ("gap", "dense")


def runs_of(app: AppTest) -> set[str]:
    """Return the IDs of the runs of the selected comparison."""
    key = app.session_state["compare"]
    return {
        run_id
        for offer in list_offers(RunStore(Home.default()).frame())
        if offer.key == key
        for run_id in offer.run_ids
    }


def make_pair(make_run: RunWriter, data: str) -> set[str]:
    """Publish runs of two heads on a version of a dataset."""
    return {make_run(head=head, data=data).run_id for head in PAIR}


def test_link_opens_the_same_runs_when_another_version_of_the_data_was_added(
    open_page: Open, make_run: RunWriter
) -> None:
    meant = {make_run(head=head).run_id for head in PAIR}
    app = open_page("curves")
    link = app.query_params["compare"]
    assert runs_of(app) == meant
    other = make_pair(make_run, "0123456789abcdef")
    make_run(head="gap", seed=1)
    app = open_page("curves", compare=link)
    assert meant < runs_of(app)
    assert not other & runs_of(app)
    assert app.query_params["compare"] == link


def test_former_link_that_fits_two_comparisons_lists_them_and_shows_neither(
    open_page: Open, make_run: RunWriter
) -> None:
    meant = {make_run(head=head).run_id for head in PAIR}
    assert runs_of(open_page("curves", compare="digits-heads · 3 epochs")) == meant
    make_pair(make_run, "0123456789abcdef")
    app = open_page("curves", compare="digits-heads · 3 epochs")
    (error,) = [error.value for error in app.error]
    assert error.startswith("'digits-heads · 3 epochs' fits several comparisons: ")
    assert error.endswith(" Select another comparison.")
    assert "0123456789abcdef" in error
    assert ([title.value for title in app.title], [*app.header]) == (["Curves"], [])
    label = "digits-heads · data fingerprint 0123456789abcdef · 3 epochs"
    assert not runs_of(open_page("curves", compare=label)) & meant


def test_comparison_of_a_sweep_follows_its_finished_runs(open_page: Open, home: Home, make_run: RunWriter) -> None:
    first, second = make_run(head="gap"), make_run(head="dense")
    sweep = keep_sweep(home, "digits-heads", [], [first.spec, second.spec])
    app = open_page("parameters", compare=f"sweep:{sweep.sweep_id}")
    assert ([*app.error], len(app.title)) == ([], 1)
    RunStore(home).delete(second.run_id)
    assert not app.run().error


def test_class_of_a_link_is_its_index_and_of_a_former_link_its_name(open_page: Open, make_run: RunWriter) -> None:
    for head in PAIR:  # names that are the index of another class
        rewrite(make_run(head=head), classes=tuple("1234567890"))
    app = open_page("predictions", **{"class": "2"})
    assert app.session_state["class_index"] == 1
    assert (app.query_params["class_index"], "class" in app.query_params) == ("1", False)
    assert open_page("predictions", class_index="2").session_state["class_index"] == 2


@pytest.mark.parametrize("name", ["head", "label", "key"])
def test_variant_of_a_link_is_kept_when_a_variant_with_the_same_head_is_added(
    open_page: Open, home: Home, make_run: RunWriter, name: str
) -> None:
    runs = [make_run(head=head) for head in (*PAIR, "mlp")]
    meant = Comparison.of(runs).variants[-1]
    names = {"head": meant.spec.head, "label": meant.label, "key": meant.key}
    app = open_page("evidence", evidence="agreement", first_head=names[name])
    assert (app.session_state["first_head"], app.query_params["first_head"]) == (meant.key, meant.key)
    runs.append(make_run(head=meant.spec.head, units=32))
    ids = ",".join(run.run_id for run in runs)
    app = open_page("evidence", evidence="agreement", first_head=meant.key, compare=f"runs:{ids}")
    assert app.session_state["first_head"] == meant.key


SECTIONED = [("evidence", {"evidence": section}) for section in ("agreement", "maps", "cost", "robustness")]
SECTIONED += [("data", {"data_section": "images"})]


@pytest.mark.parametrize(
    ("page", "params"),
    [*((page, {}) for page in ("augmentation", "curves", "data", "lab", "predictions", "runs", "train")), *SECTIONED],
)
def test_link_restores_every_choice_of_a_page_by_ids_without_labels(
    open_page: Open, make_run: RunWriter, monkeypatch: pytest.MonkeyPatch, page: str, params: dict[str, str]
) -> None:
    for head in (*PAIR, "mlp"):
        make_run(head=head)
        make_run(head=head, seed=1)
    choices: dict[str, LinkChoice[Any]] = {}
    read = LinkChoice._read_url
    monkeypatch.setattr(LinkChoice, "_read_url", lambda self: choices.update({self.key: self}) or read(self))
    app = open_page(page, **params)
    drawn = {**choices}
    choices.clear()  # some are not drawn for the new selections
    for key, choice in drawn.items():
        selected = next(reversed(choice.ids.values()))
        if key not in params:
            app.session_state[key] = [selected] if choice.many else selected
    app.run()
    expected = {key: app.session_state[key] for key in choices}
    for key in choices:
        assert app.query_params.get(key) not in choices[key].labels.keys() - choices[key].ids.keys(), key
    reopened = open_page(page, **app.query_params)
    assert {key: reopened.session_state[key] for key in expected} == expected
    assert not reopened.warning


@pytest.mark.parametrize(
    ("page", "key"),
    [("runs", "runs_head"), ("parameters", "layers_of"), ("train", "heads"), ("advisor", "candidate_heads")],
)
def test_former_label_of_a_head_opens_links(open_page: Open, make_run: RunWriter, page: str, key: str) -> None:
    for name, label in [(head.name, label) for head in HEADS.values() for label in head.former_labels]:
        make_run(head=name)
        app = open_page(page, **{key: label})
        assert not app.warning
        assert app.session_state[key] in (name, [name])
