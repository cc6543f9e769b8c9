"""The commands compare and analyse."""

import json

import pytest

from core.displays.comparison_json import EVIDENCE
from core.home import Home
from core.spec import RunSpec
from core.store.comparison import list_offers
from core.store.run_store import RunStore
from tests.support.command import ask, call
from tests.support.run_rewriter import as_kmnist
from tests.support.run_writer import RunWriter


def test_compare_answers_with_everything_the_first_page_of_a_report_says(make_run: RunWriter) -> None:
    gap = [make_run(head="gap", seed=seed, accuracy=0.8) for seed in (0, 1)]
    dense = [make_run(head="dense", seed=seed, accuracy=0.95) for seed in (0, 1)]
    found = ask("compare", *(run.run_id[:8] for run in dense + gap))
    assert found["headline"].startswith(
        "After 3 instead of 25 epochs: GAP has 17.5× fewer parameters than Flatten + Dense"
    )
    assert ("H06", "failed") in [(check["code"], check["state"]) for check in found["checks"]]
    assert found["difference"][0]["verdict"] == "worse"
    assert len(found["significance"]) == 2
    assert set(EVIDENCE) <= set(found)
    assert (found["dataset"], found["fingerprint"], found["official"]) == ("digits", gap[0].spec.data, True)
    assert found["published"] == []
    first, second = found["heads"]
    assert (first["head"], first["label"], first["params"], second["params"]) == ("gap", "GAP", 24_586, 431_242)
    assert isinstance(first["keras_bytes"], int)
    assert first["seeds"] == [0, 1]
    assert first["run_ids"] == [run.run_id for run in gap]
    accuracies = [run.record.metrics.test_accuracy for run in gap]
    assert first["test_accuracy"]["mean"] == pytest.approx(sum(accuracies) / 2)
    assert first["test_accuracy"]["std"] == pytest.approx(abs(accuracies[0] - accuracies[1]) / 2**0.5)
    text = call("compare", "--recipe", "digits-heads").stdout
    assert found["headline"] in text
    assert "431,242" in text
    assert "Caveat: " in text


def test_analyse_prints_every_figure_that_compare_carries(make_run: RunWriter) -> None:
    ids = [make_run(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in (0, 1)]
    other = make_run(head="dense", units=32).run_id  # not compared, but on the same test set
    found, compared = ask("analyse", *ids), ask("compare", *ids)
    assert {*ids, other} <= {row["run_id"] for row in found["pareto"]}
    assert {row["head"] for row in found["cost"]} == {"GAP", "Flatten + Dense"}
    assert {row["setting"] for row in found["hyperparameter_curve"]} >= {"units"}
    assert all(found[name] == compared[name] for name in ("headline", *EVIDENCE))
    text = call("analyse", *(run_id[:8] for run_id in ids)).stdout
    assert found["headline"] in text
    for words in (
        "over images and seeds",
        "McNemar's exact test",
        "H06",
        "Temperature",
        "validation accuracy, mean over seeds",
        "not measured",
        "(last step), per percentage point of accuracy",
        "Pareto-optimal",
        "Dense units",
    ):
        assert words in text
    alone = ask("analyse", ids[0])
    assert (alone["difference"], alone["significance"]) == ([], [])


def test_spread_of_one_seed_is_null(make_run: RunWriter) -> None:
    (head,) = ask("compare", make_run(head="gap").run_id)["heads"]
    assert head["test_accuracy"]["std"] is None
    assert head["test_loss"]["std"] is None


def test_compare_by_recipe_takes_what_the_front_page_shows(home: Home, make_run: RunWriter) -> None:
    report = [make_run(RunSpec(), head=head).run_id for head in ("gap", "dense")]
    for head in ("gap", "dense"):
        make_run(head=head, epochs=2)
    result = call("compare", "--recipe", "digits-heads", "--json")
    assert [head["run_ids"] for head in json.loads(result.stdout)["heads"]] == [[run_id] for run_id in report]
    assert set(list_offers(RunStore(home).frame())[0].run_ids) == set(report)
    assert "one of 2 configurations" in result.stderr


def test_published_figures_name_the_head_and_count_in_whole_numbers(make_run: RunWriter) -> None:
    runs = [as_kmnist(make_run(head=head, epochs=1)) for head in ("gap", "dense")]
    found = ask("compare", *(run.run_id for run in runs))["published"]
    assert {(row["head"], row["label"]) for row in found} == {("gap", "GAP"), ("dense", "Flatten + Dense")}
    counted = [(row["published"], row["measured"]) for row in found if row["metric"] == "params"]
    assert counted == [(24_586, 24_586), (431_242, 431_242)]
    assert all(type(value) is int for row in counted for value in row)
    text = call("compare", *(run.run_id for run in runs)).stdout
    assert "with different hyperparameters (1 epoch instead of 25)" in text


def test_comparison_of_a_link_is_accepted(make_run: RunWriter) -> None:
    ids = [make_run(head=head).run_id for head in ("gap", "dense")]
    assert ask("compare", f"runs:{','.join(ids)}")["headline"] == ask("compare", *ids)["headline"]
