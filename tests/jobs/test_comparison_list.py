"""The comparison that is shown without a selection: that of the user's own run that finished last."""

from core.home import EXAMPLES, Home
from core.jobs.comparison_list import find_default
from core.jobs.sweep_store import keep_sweep
from core.store.run_store import RunStore
from core.ui.comparison_list import find_all_listed, find_all_offers
from tests.support.elsewhere_runs import add_elsewhere
from tests.support.run_writer import RunWriter


def find(home: Home) -> tuple[str, set[str]]:
    """Return the ID of the comparison and its runs."""
    store = RunStore(home, examples=EXAMPLES)
    listed, frame = find_all_listed(store), store.frame()
    key = find_default(find_all_offers(store), listed, frame)
    found = next((one.run_ids for one in listed if one.key == key), key.removeprefix("runs:").split(","))
    return key, {*found}


def test_comparison_without_a_selection_is_that_of_the_newest_own_run(home: Home, make_run: RunWriter) -> None:
    assert find(home)[0] == "recipe:digits-heads"  # of the examples, the only runs
    imported = add_elsewhere(home)
    assert find(home) == (f"runs:{imported.run_id}", {imported.run_id})
    pair = {make_run(head=head, epochs=3).run_id for head in ("gap", "dense")}
    assert find(home)[1] == pair  # newer than the examples or not
    trial = make_run(head="gap", epochs=2)
    assert find(home)[1] == {trial.run_id}
    assert find(home) == find(home)
    swept = [make_run(head="gap", epochs=3, filters=filters).spec for filters in (4, 8)]
    sweep = keep_sweep(home, "digits-heads", ["filters"], swept)
    assert find(home) == (f"sweep:{sweep.sweep_id}", {spec.run_id for spec in swept})
    RunStore(home).delete(swept[0].run_id)
    RunStore(home).delete(swept[1].run_id)
    assert find(home)[1] == {trial.run_id}
