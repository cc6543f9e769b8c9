"""Comparisons that are offered, and their order."""

from dataclasses import replace
from itertools import product
from operator import attrgetter
from typing import Any

import pandas as pd
import pytest

from core.analysis.check import find_failed
from core.architecture.head import Head
from core.displays.headline import write_facts
from core.displays.views.confusion import Confusion
from core.home import Home
from core.recipes import RECIPES
from core.reports.display_option import make_display
from core.spec import HEADS, RunSpec
from core.store.comparison import (
    Comparison,
    count_training_images,
    describe_setting,
    find_offers,
    list_changes,
    list_offers,
)
from core.store.note import join_notes
from core.store.run_store import RunStore
from core.store.search import search
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

OWN = RunSpec(epochs=25)
TRIAL = RunSpec(epochs=1, train_images=100)


def first_offer(store: RunStore) -> set[str]:
    return set(list_offers(store.frame())[0].run_ids)


def pair(make_run: RunWriter, spec: RunSpec, seeds: int = 1) -> set[str]:
    runs = [make_run(spec, head=head, seed=seed) for seed in range(seeds) for head in ("gap", "dense")]
    return {run.run_id for run in runs}


def test_quick_trial_does_not_precede_a_finished_report(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN)
    pair(make_run, TRIAL)
    assert first_offer(store) == report


def test_one_head_does_not_precede_a_comparison_of_two(store: RunStore, make_run: RunWriter) -> None:
    trial = pair(make_run, TRIAL)
    make_run(OWN, head="gap")
    assert first_offer(store) == trial


def test_recipe_settings_precede_more_seeds(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN)
    pair(make_run, TRIAL, seeds=3)
    assert first_offer(store) == report


def test_official_data_precede_more_seeds(store: RunStore, make_run: RunWriter) -> None:
    cut = [make_run(OWN, head=head, seed=seed) for seed in range(2) for head in ("gap", "dense")]
    frame = store.frame().assign(official=False)
    frame.loc[:, "data"] = "0" * 16
    official = frame[frame["seed"] == 0].assign(data="1" * 16, official=True)
    official["run_id"] = [f"{n:012x}" for n in range(2)]
    offers = list_offers(pd.concat([frame, official]))
    assert [set(offer.run_ids) for offer in offers] == [set(official["run_id"]), {run.run_id for run in cut}]


def test_most_seeds_of_two_heads_come_first(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, RunSpec(epochs=3), seeds=2)
    pair(make_run, RunSpec(epochs=4))
    for seed in range(1, 3):
        make_run(RunSpec(epochs=4), head="gap", seed=seed)
    assert first_offer(store) == report


def test_third_head_does_not_lower_the_order_of_a_report(store: RunStore, make_run: RunWriter) -> None:
    report = pair(make_run, OWN, seeds=2) | {make_run(OWN, head="flatten").run_id}
    frame = store.frame().assign(dataset="fashion_mnist", recipe="fashion-heads")
    other = frame[(frame["seed"] == 0) & (frame["head"] != "flatten")]
    offers = list_offers(pd.concat([other, store.frame()]))
    assert [offer.label for offer in offers] == ["digits-heads", "fashion-heads"]
    assert set(offers[0].run_ids) == report


def test_newest_of_equal_offers_comes_first(store: RunStore, make_run: RunWriter) -> None:
    for epochs in (3, 5, 4):
        pair(make_run, RunSpec(epochs=epochs))
    labels = [offer.label for offer in list_offers(store.frame())]
    assert labels == [f"digits-heads · {epochs} epochs" for epochs in (4, 5, 3)]


def test_label_has_a_fingerprint_only_if_data_of_one_name_have_several(store: RunStore, make_run: RunWriter) -> None:
    pair(make_run, OWN)
    frame = store.frame().assign(recipe="folder-heads", dataset="folder")
    pets, birds = (frame.assign(folder=name, data=name[0].encode().hex() * 8) for name in ("pets", "birds"))
    labels = {offer.label for offer in list_offers(pd.concat([pets, birds]))}
    assert not any("fingerprint" in label for label in labels)
    (of_birds,) = (label for label in labels if "folder birds" in label)
    (of_pets,) = labels - {of_birds}
    offers = list_offers(pd.concat([pets, birds, pets.assign(data="0" * 16)]))
    versions = {f"{of_pets} · data fingerprint {data}" for data in ("0" * 16, "70" * 8)}
    assert {offer.label for offer in offers} == {of_birds, *versions}
    assert {offer.label for offer in find_offers(offers, of_pets)} == versions  # a link from before the second version
    former = of_pets.replace(" · folder pets", f" · data fingerprint {'70' * 8} · folder pets")
    assert [offer.label for offer in find_offers(offers, former)] == [f"{of_pets} · data fingerprint {'70' * 8}"]


def test_offer_records_whether_its_settings_are_those_of_the_recipe(store: RunStore, make_run: RunWriter) -> None:
    pair(make_run, OWN)
    pair(make_run, TRIAL)
    assert [(offer.label, offer.own) for offer in list_offers(store.frame())] == [
        ("digits-heads", True),
        ("digits-heads · 100 training images · 1 epoch", False),
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("epochs", 1, "1 epoch"),
        ("epochs", 1000, "1,000 epochs"),
        ("train_images", None, "all training images"),
        ("train_images", 1437, "1,437 training images"),
        ("batch_size", 50, "batch size 50"),
        ("units", 1, "1 dense unit"),
        ("dropout", 0.5, "dropout 0.5"),
        ("seed", 2, "seed 2"),
    ],
)
def test_setting_is_described_with_its_unit(name: str, value: object, words: str) -> None:
    assert describe_setting(name, value) == words


def test_changes_list_what_differs_from_the_recipe(make_run: RunWriter) -> None:
    recipe = RECIPES["digits-heads"]
    own = Comparison.of(make_run(OWN, head=head, seed=seed) for head in ("gap", "dense") for seed in (0, 1))
    assert list_changes(recipe, own.variants) == {}
    other = Comparison.of([make_run(TRIAL, head="gap"), make_run(TRIAL, head="dense", epochs=2, units=32)])
    assert list_changes(recipe, other.variants) == {
        "train_images": "100 training images instead of all",
        "units": "32 dense units instead of 256",
        "epochs": "1 epoch and 2 epochs instead of 25",
    }


@pytest.mark.parametrize(
    ("names", "differing"),
    [
        (["pets"], ""),
        (["birds", "pets"], "model birds and pets"),
        (["", "pets"], "backbone Conv–pool blocks and model pets"),
        (["", "birds", "pets"], "backbone Conv–pool blocks and model birds and model pets"),
    ],
)
def test_own_model_is_described_by_its_name_alone(
    make_run: RunWriter, store: RunStore, names: list[str], differing: str
) -> None:
    runs = []
    for name, head in product(names, ("gap", "dense")):
        run = make_run(OWN, head=head)
        model = {"backbone": "model", "model": f"{name}:0123456789abcdef", "frozen": True} if name else {}
        spec = run.spec.replace(**model).canonical()
        runs.append(replace(run, record=run.record.model_copy(update={"spec": spec})))
    comparison, own = Comparison.of(runs), [f"model {name}" for name in names if name]
    texts = [*comparison.labels, *write_facts(comparison)]
    assert not any("Your model" in text for text in texts)
    assert list_changes(RECIPES["digits-heads"], comparison.variants) == {
        "backbone": f"{' and '.join(own)} instead of Conv–pool blocks",
        "frozen": "frozen backbone instead of trained backbone",
    }
    found = find_failed(comparison, "backbone")
    assert (found.message.partition(": ")[2].partition(".")[0] if found else "") == differing
    frame = store.frame().assign(backbone="model", model=f"{names[-1]}:0123456789abcdef", frozen=True)
    assert [offer.label for offer in list_offers(frame)] == [f"digits-heads · {own[-1]} · frozen backbone"]


@pytest.mark.parametrize(
    ("data", "count"),
    [
        ({}, 1437),
        ({"train_count": None}, 1437),
        ({"train_count": None, "official": False}, None),
        ({"train_count": 5000, "official": False}, 5000),
    ],
)
def test_size_of_the_full_data_is_known_or_none(make_run: RunWriter, data: dict[str, Any], count: int | None) -> None:
    assert count_training_images(rewrite(make_run(TRIAL), data=data)) == count
    assert count_training_images(rewrite(make_run(OWN), data={**data, "train_count": None})) == 1437


def test_one_run_on_other_data_makes_the_comparison_unofficial(make_run: RunWriter) -> None:
    runs = [make_run(head="gap"), rewrite(make_run(head="dense"), data={"official": False})]
    assert not Comparison.of(runs).official


def test_label_of_several_seeds_names_no_seed(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", seed=seed) for seed in (0, 1)] + [make_run(head="dense", seed=seed) for seed in (1, 2)]
    runs += [make_run(head="gap", seed=seed, epochs=4) for seed in (2, 3)]
    assert not [label for label in Comparison.of(runs).labels if "seed" in label]


def test_labels_of_older_versions_still_open(make_run: RunWriter) -> None:
    """Old links contain labels of comparisons, and old drafts labels of variants, with "0.0" and "1e-05"."""
    runs = [make_run(OWN, head="dense", dropout=dropout, l2=1e-5) for dropout in (0.0, 0.5)]
    comparison = Comparison.of(runs)
    assert comparison.labels == ["Flatten + Dense · dropout 0", "Flatten + Dense · dropout 0.5"]
    assert comparison.former_labels["Flatten + Dense · dropout 0.0"] == comparison.labels[0]
    draft = make_display(Confusion, comparison, {"head": "Flatten + Dense · dropout 0.0"}, Home.default())
    assert draft.describe() == Confusion(comparison, head=comparison.labels[0]).describe()
    offers = list_offers(make_run.store.frame())
    assert {offer.label for offer in find_offers(offers, "digits-heads · dropout 0.0 · l2 penalty 1e-05")} == {
        "digits-heads · dropout 0 · l2 penalty 0.00001"
    }


@pytest.mark.parametrize("head", [head for head in HEADS.values() if head.former_labels], ids=attrgetter("name"))
def test_former_label_of_a_head_opens_drafts_and_is_found(make_run: RunWriter, head: Head) -> None:
    runs = [make_run(head=head.name, backbone=backbone) for backbone in ("conv_pool", "conv_conv_pool")]
    frame = join_notes(make_run.store.frame(), {})
    for label in head.former_labels:
        for comparison in (Comparison.of(runs[:1]), Comparison.of(runs)):
            for current in comparison.labels:
                former = current.replace(head.label, label)
                draft = make_display(Confusion, comparison, {"head": former}, Home.default())
                assert draft.describe() == Confusion(comparison, head=current).describe()
        assert {*search(frame, f'"{label}"')["run_id"]} == {run.run_id for run in runs}
