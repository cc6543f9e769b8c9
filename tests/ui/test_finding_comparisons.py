"""Finding comparisons: the picker with sweeps, saved and recent comparisons, the baseline, and what has finished."""

import re
import sqlite3
import time
from contextlib import closing

import pytest
from streamlit.testing.v1 import AppTest

from core.access.role import OWNER, Role, User
from core.actions.comparison import keep_comparison, remove_comparison
from core.datasets.cache import open_dataset, pin
from core.errors import AccessError, ComparisonError
from core.home import Home
from core.jobs.comparison_choice import choose_runs
from core.jobs.queue import JobQueue
from core.jobs.sweep_store import Sweep, keep_sweep
from core.spec import RunSpec
from core.store.comparison import Comparison, list_offers
from core.store.run_store import RunStore
from core.store.saved_comparison import clear_saved, delete_saved, list_saved, save_runs
from tests.support.command import ask
from tests.support.page import Open, text_of
from tests.support.run_writer import RunWriter


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not [*app.exception, *app.error]
    return app


def read_options(app: AppTest) -> list[str]:
    """Return the options of the comparison picker; their order is that of the groups."""
    return list(app.sidebar.selectbox[0].options)


def sweep_filters(home: Home, make_run: RunWriter, count: int = 3) -> tuple[Sweep, list[RunSpec]]:
    open_dataset(home, "digits")
    specs = [make_run(head="gap", filters=4 * (at + 1), epochs=25).spec for at in range(count)]
    return keep_sweep(home, "digits-heads", ["filters"], specs), specs


def test_picker_groups_sweeps_saved_and_recent_comparisons(
    open_page: Open, home: Home, make_run: RunWriter, two_heads: list[str]
) -> None:
    sweep, specs = sweep_filters(home, make_run)
    saved = save_runs(home, "For the paper", tuple(two_heads[:2]))
    (pair,) = [offer.key for offer in list_offers(make_run.store.frame()) if offer.label == "digits-heads · 3 epochs"]
    app = open_page("compare", compare=pair)
    assert read_options(app)[0].startswith("Saved: For the paper")
    assert read_options(app)[1].startswith("Sweep: digits-heads: GAP; filters 4, 8, 12; 1 seed")
    assert read_options(app)[-2] == "digits-heads · 3 epochs"
    assert not [label for label in read_options(app) if label.startswith("digits-heads ·") and "filters" in label]
    app.sidebar.selectbox[0].set_value(f"saved:{saved.saved_id}").run()
    assert "2 heads × 1 seed" in text_of(app)
    assert read_options(app)[0] == "Recent: digits-heads · 3 epochs"
    app.sidebar.selectbox[0].set_value(f"sweep:{sweep.sweep_id}").run()
    assert "3 settings × 1 seed" in text_of(app)
    assert read_options(app)[:2] == ["Recent: Saved: For the paper", "Recent: digits-heads · 3 epochs"]
    assert not app.error
    offered = {option for option in read_options(app) if not option.startswith("Recent")}
    assert len(offered) == len(read_options(app)) - 2
    assert ask("compare", f"saved:{saved.saved_id}")["missing"] == []
    assert specs[0].run_id in choose_runs(RunStore(home), [f"sweep:{sweep.sweep_id}"]).run_ids


def test_only_a_sweep_is_the_default_comparison(open_page: Open, home: Home, make_run: RunWriter) -> None:
    sweep_filters(home, make_run, 15)
    app = open_page("compare")
    assert "15 settings × 1 seed" in text_of(app)
    assert re.search(r"filters \d+ to \d+ \(15 values\); 1 seed", read_options(app)[0])
    assert "heads" not in app.title[0].value
    assert len(read_options(app)) == 2  # the sweep and the custom selection


def test_comparison_is_saved_with_its_baseline_and_deleted(open_page: Open, home: Home, two_heads: list[str]) -> None:
    app = open_page("compare")
    gap = Comparison.of(RunStore(home).open_all(two_heads)).variants[0]
    next(box for box in app.sidebar.selectbox if box.label == "Baseline").set_value(gap.key).run()
    assert app.title[0].value.startswith(
        "After 3 instead of 25 epochs: Flatten + Dense has 17.5× more parameters than GAP"
    )
    assert gap.key in app.query_params["baseline"]
    named = save_runs(home, "GAP first", tuple(two_heads), gap.key)
    linked = open_page("compare", compare="saved:gap first")
    assert linked.query_params["compare"] == f"saved:{named.saved_id}"
    delete_saved(home, named.saved_id)
    clear_saved(home)
    linked = open_page("evidence", baseline=gap.key)
    assert "17.5× more parameters than GAP" in text_of(linked)
    refused = open_page("evidence", baseline="mlp-00000000")
    assert "is not part of this comparison" in refused.warning[0].value
    chosen = Comparison.of(RunStore(home).open_all(two_heads)).with_baseline(gap.key)
    saved = keep_comparison(OWNER, home, " Mine ", chosen)
    assert [(one.name, one.baseline) for one in list_saved(home)] == [("Mine", gap.key)]
    app.run().sidebar.selectbox[0].set_value(f"saved:{saved.saved_id}").run()
    assert "17.5× more parameters than GAP" in app.title[0].value
    app.session_state["rename"] = True
    app.run().text_input(key=f"name of {saved.saved_id}").set_value("Ours").run()
    click(app, "Rename comparison")
    assert "Saved: Ours" in read_options(app)
    click(app, "Delete saved comparison")
    assert list_saved(home) == []
    assert app.sidebar.selectbox[0].value == "runs:"
    assert "1 deleted saved comparison can be restored." in [text.value for text in app.text]
    click(app, "Restore 1")
    assert [(one.name, one.baseline) for one in list_saved(home)] == [("Ours", gap.key)]
    assert not [text for text in app.text if "can be restored" in text.value]


def test_saved_comparisons_are_checked(home: Home, two_heads: list[str]) -> None:
    comparison = Comparison.of(RunStore(home).open_all(two_heads))
    with pytest.raises(AccessError, match="trainer role"):
        keep_comparison(User("vera", Role.VIEWER), home, "x", comparison)
    for name in ("", " ", "x" * 101, "a\nb"):
        with pytest.raises(ComparisonError, match="Expected a name of 1 to 100 printable characters"):
            save_runs(home, name, tuple(two_heads))
    with pytest.raises(ComparisonError, match="Expected 1 to 200 runs to save; got 0"):
        save_runs(home, "empty", ())
    saved = save_runs(home, "kept", tuple(two_heads))
    store = RunStore(home)
    store.delete(two_heads[0])
    assert f"Run {two_heads[0]} was deleted." in choose_runs(store, [f"saved:{saved.saved_id}"]).notice
    remove_comparison(OWNER, home, saved.saved_id)
    for saved_id in (saved.saved_id, "../runs/x", ""):
        with pytest.raises(ComparisonError, match=r"was not found|Expected the ID"):
            choose_runs(store, [f"saved:{saved_id}"])
    (home.comparisons / "0123456789ab.json").write_text("{")
    with pytest.raises(ComparisonError, match="is damaged"):
        choose_runs(store, ["saved:0123456789ab"])
    assert list_saved(home) == []


def end_jobs(home: Home, *lost: str) -> None:
    with closing(sqlite3.connect(JobQueue(home).path)) as table, table:
        table.execute("UPDATE job SET state = 'finished', ended_at = ?", (time.time(),))
        for run_id in lost:
            table.execute("UPDATE job SET state = 'failed' WHERE run_id = ?", (run_id,))


def test_finished_training_offers_its_comparison(
    open_page: Open, home: Home, make_run: RunWriter, no_dispatcher: None
) -> None:
    open_dataset(home, "digits")
    make_run(head="gmp_dense", epochs=7)
    app = open_page("train", epochs="3", seeds="2")
    click(app, "Train 4 runs")
    assert not [button for button in app.button if button.label == "Compare"]
    specs = [job.spec for job in JobQueue(home).unfinished()]
    for spec in specs[:3]:
        make_run(pin(home, spec))
    end_jobs(home, specs[3].run_id)
    sentence = "Finished: 3 of 4 runs of digits-heads · 3 epochs. 1 failed or cancelled."
    elsewhere = app.switch_page("pages/lab.py").run()
    assert f"**{sentence}**" in [text.value for text in elsewhere.sidebar.markdown]
    click(elsewhere, "Compare")
    assert "2 heads × 1–2 seeds" in text_of(elsewhere)
    for page in ("train", "jobs"):  # also in other sessions
        other = open_page(page)
        assert sentence in [message.value for message in other.success]
        assert not [text for text in other.sidebar.markdown if "Finished" in text.value]
        click(other, "Compare")
        assert "2 heads × 1–2 seeds" in text_of(other)
    JobQueue(home).submit([specs[0].replace(seed=9)])
    assert not [message.value for page in ("train", "jobs") for message in open_page(page).success]  # others run now


def test_comparison_names_its_unfinished_runs_until_they_are_part_of_it(
    open_page: Open, home: Home, make_run: RunWriter, no_dispatcher: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_run(head="gap")
    JobQueue(home).submit([first.spec.replace(head="dense"), first.spec.replace(head="gap", epochs=9)])
    app = open_page("compare")
    waiting = "1 run of this comparison is queued or running."
    assert next(message.value for message in app.info) == waiting
    assert "Show new runs" not in [button.label for button in app.button]
    new = make_run(head="dense")
    end_jobs(home)
    with monkeypatch.context() as patched:  # the first call draws the page, the second one is that of the fragment
        patched.setattr("core.ui.pending.list_pending", lambda *_, found=[[], [new.run_id]]: found.pop())
        app.run()
    notice = "1 new run of this comparison has finished. This page does not show it yet."
    assert notice in [message.value for message in app.success]
    click(app, "Show new runs")
    assert notice not in [message.value for message in app.success]
    assert "2 heads × 1 seed" in text_of(app)
    assert waiting not in [message.value for message in app.info]
