"""The commands recipes and params."""

import re

import pytest

from core.home import Home
from core.recipes import RECIPES
from core.spec import RunSpec
from tests.support.command import ask, call
from tests.support.run_writer import RunWriter


def test_recipes_list_published_and_measured_results(make_run: RunWriter) -> None:
    runs = [make_run(head="gap", seed=seed, accuracy=accuracy) for seed, accuracy in enumerate((0.5, 0.9))]
    accuracies = [run.record.metrics.test_accuracy for run in runs]
    found = {recipe["name"]: recipe for recipe in ask("recipes")}
    assert list(found) == list(RECIPES)
    kmnist = found["kmnist-heads"]
    accuracy = next(row for row in kmnist["published"] if (row["head"], row["metric"]) == ("gap", "test_accuracy"))
    assert accuracy["value"] == 0.9086999893188477
    assert kmnist["publication"]["title"] == "Reducing trainable parameters with a Dense-free ConvNet classifier"
    assert kmnist["computed"][1] == {"head": "dense", "params": 431_242, "trainable": 431_242, "non_trainable": 0}
    assert found["kmnist-heads"]["measured"] == {
        "runs": 0, "runs_of_other_configurations": 0, "configuration": None, "official": None, "heads": [],
    }  # fmt: skip
    digits = found["digits-heads"]
    assert (digits["dataset"], digits["backbone"], digits["heads"]) == ("digits", "conv_pool", ["gap", "dense"])
    assert digits["measured"]["runs"] == 2
    (gap,) = digits["measured"]["heads"]
    assert (gap["head"], gap["runs"], gap["best_test_accuracy"]) == ("gap", 2, max(accuracies))
    assert gap["mean_test_accuracy"] == pytest.approx(sum(accuracies) / 2)
    text = call("recipes").stdout
    assert all(figure in text for figure in ("90.87%", "99.39%", "97–99%", "Source: Christian Versloot"))
    assert f"{max(accuracies):.1%}" in text
    assert "Measured with other hyperparameters than the recipe's: 3 epochs." in text


def test_recipes_measure_at_the_recipes_own_settings_alone(make_run: RunWriter) -> None:
    own = make_run(RunSpec(), head="gap", accuracy=0.5)
    make_run(head="gap", epochs=2, accuracy=0.95)
    make_run(RunSpec(), head="dense", units=8)
    measured = next(recipe["measured"] for recipe in ask("recipes") if recipe["name"] == "digits-heads")
    assert (measured["runs"], measured["runs_of_other_configurations"], measured["configuration"]) == (1, 2, None)
    (gap,) = measured["heads"]
    assert (gap["head"], gap["best_test_accuracy"]) == ("gap", own.record.metrics.test_accuracy)
    assert "Measured with other" not in call("recipes").stdout


def test_recipes_speak_to_strangers(home: Home) -> None:
    text = call("recipes").stdout
    assert not re.search(r"\bR\d\b", text)
    assert all(recipe.question in text for recipe in RECIPES.values())


def test_params_are_the_published_ones_without_the_dataset(home: Home) -> None:
    gap, dense = ask("params", "--recipe", "kmnist-heads")["models"]
    assert list(gap) == ["head", "total", "trainable", "non_trainable", "flops", "layers"]
    assert (gap["head"], gap["total"], gap["trainable"], gap["non_trainable"]) == ("gap", 24_586, 24_586, 0)
    assert (dense["head"], dense["total"]) == ("dense", 431_242)
    assert gap["layers"][0] == {
        "name": "conv2d", "type": "Conv2D", "output_shape": [26, 26, 32],
        "params": 320, "trainable": 320, "non_trainable": 0, "flops": 26 * 26 * 32 * (2 * 9 + 1),
        "inputs": ["input"],
    }  # fmt: skip
    for model in (gap, dense):
        for total, column in (("total", "params"), ("trainable", "trainable"), ("flops", "flops")):
            assert sum(layer[column] for layer in model["layers"]) == model[total]
    assert [layer["params"] for layer in dense["layers"] if layer["params"]] == [320, 18_496, 409_856, 2_570]
    assert not home.path.exists()
    assert "431,242" in call("params", "--recipe", "kmnist-heads").stdout


def test_params_follow_settings_side_and_classes() -> None:
    words = ["--set", "units=64", "--set", "filters=8", "--side", "64", "--classes", "3"]
    models = ask("params", "--recipe", "kmnist-heads", "--heads", "dense, gap_dense", *words)["models"]
    former = ask("params", "--recipe", "kmnist-heads", "--head", "dense", "--head", "gap_dense", *words)["models"]
    assert models == former
    assert [model["head"] for model in models] == ["dense", "gap_dense"]
    dense = {layer["name"]: layer for layer in models[0]["layers"]}
    assert dense["conv2d"]["output_shape"] == [62, 62, 8]
    assert dense["dense"]["output_shape"] == [64]
    assert models[1]["layers"][-1]["output_shape"] == [3]


def test_head_may_be_set_like_any_setting() -> None:
    models = ask("params", "--recipe", "kmnist-heads", "--set", "head=flatten")["models"]
    assert [model["head"] for model in models] == ["flatten"]
