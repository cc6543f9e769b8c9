"""The Train page: the form, cached runs, and running or completed jobs."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from core.datasets.custom.add import add_dataset
from core.home import Home
from core.jobs.queue import JobQueue
from core.models.add import add_model
from core.recipes import RECIPES
from core.spec import RunSpec
from tests.support.dispatcher import queue_up
from tests.support.image_folder import make_folder
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.paths import ROOT
from tests.support.run_writer import RunWriter

# Train


def test_train_shows_parameters_before_the_submission(open_page: Open, home: Home, digits: None) -> None:
    app = open_page("train")
    table = read_tables(app)[0]
    assert dict(zip(table["Head"], table["Parameters"], strict=True)) == {"GAP": "24,586", "Flatten + Dense": "431,242"}
    assert "Train 6 runs" in labels(app)
    assert JobQueue(home).jobs() == []


def test_train_offers_the_comparison_when_all_runs_are_cached(open_page: Open, make_run: RunWriter) -> None:
    for seed in range(2):
        for head in ("gap", "dense"):
            make_run(RunSpec(head=head, seed=seed))
    app = open_page("train", seeds="2")
    assert "Show comparison" in labels(app)
    assert app.success[0].value == "All 4 runs are already trained."


def test_train_asks_for_a_model_and_then_describes_it(open_page: Open, home: Home) -> None:
    app = open_page("train", backbone="model")
    assert "Select a model, or add one." in text_of(app)
    add_model(home, "net", ROOT / "tests/support/keras_files/keras-3.15.1-chain.keras")
    app.run()
    assert "Train 6 runs" in labels(app)
    assert "8 layers, 678 parameters" in text_of(app)


def test_image_side_follows_the_model_until_it_is_changed(open_page: Open, home: Home, tmp_path: Path) -> None:
    add_model(home, "net", ROOT / "tests/support/keras_files/keras-3.15.1-chain.keras")
    add_dataset(home, "mine", make_folder(tmp_path / "in", {"blue": 9, "red": 9}), side=32)
    params = {"recipe": "folder-heads", "dataset": "folder", "folder": "mine"}
    app = open_page("train", **params)
    assert app.slider(key="image_side").value == 96  # of the recipe
    app.selectbox(key="backbone").select("model").run()
    assert app.slider(key="image_side").value == 20
    app.slider(key="image_side").set_value(32).run()
    assert app.slider(key="image_side").value == 32
    linked = open_page("train", **params, backbone="model", model="net", image_side="64")
    assert linked.slider(key="image_side").value == 64


def test_train_counts_cached_runs(open_page: Open, make_run: RunWriter) -> None:
    make_run(RunSpec())
    app = open_page("train")
    assert app.success[0].value == "1 of 6 runs is already trained."
    assert "Train 5 runs" in labels(app)


def test_train_rejects_blocks_that_do_not_fit_the_images(open_page: Open, digits: None) -> None:
    app = open_page("train")
    blocks = app.slider(key="blocks")
    blocks.set_value(blocks.max).run()
    assert "Use fewer blocks" in app.error[0].value


def test_train_keeps_a_setting_that_only_one_of_the_heads_uses(open_page: Open, digits: None) -> None:
    app = open_page("train")
    app.slider(key="units").set_value(8).run()
    table = read_tables(app)[0].set_index("Head")
    assert table.loc["Flatten + Dense", "Parameters"] == f"{320 + 18_496 + (1_600 * 8 + 8) + (8 * 10 + 10):,}"
    assert table.loc["GAP", "Parameters"] == "24,586"


def test_train_without_a_head_shows_a_warning(open_page: Open, digits: None) -> None:
    app = open_page("train")
    app.pills(key="heads").set_value([]).run()
    assert "Select at least one head." in [warning.value for warning in app.warning]
    assert not [label for label in labels(app) if label.startswith("Train")]


def test_train_offers_to_download_a_missing_dataset(open_page: Open) -> None:
    app = open_page("train", recipe="kmnist-heads")
    assert "KMNIST is not downloaded." in [info.value for info in app.info]
    assert "Download KMNIST" in labels(app)


def test_link_opens_the_same_form(open_page: Open, digits: None) -> None:
    app = open_page(
        "train", epochs="3", learning_rate="0.01", blocks="1", seeds="1", train_images="500", heads="Flatten"
    )
    assert not app.warning
    assert app.slider(key="epochs").value == 3
    assert app.select_slider(key="learning_rate").value == 0.01
    assert app.slider(key="train_images").value == 500
    assert read_tables(app)[0]["Head"].tolist() == ["Flatten"]
    assert "Train 1 run" in labels(app)


def test_link_contains_only_what_differs_from_the_recipe(open_page: Open, digits: None) -> None:
    app = open_page("train", epochs="25", blocks="3", recipe="digits-heads")
    assert app.query_params == {"blocks": "3"}


def test_head_with_its_own_backbone_keeps_it_until_another_one_is_selected(open_page: Open, digits: None) -> None:
    link = {"recipe": "mnist-heads", "dataset": "digits", "heads": "mlp", "seeds": "1"}
    app = open_page("train", **link)
    assert any("Flatten + MLP: backbone: no convolutions, hidden layers 32-16" in each.value for each in app.caption)
    assert app.text_input(key="hidden").value == "32-16"
    assert read_tables(app)[0]["Parameters"].tolist() == ["25,818"]
    app.selectbox(key="backbone").set_value("conv_pool").run()
    assert read_tables(app)[0]["Parameters"].tolist() == ["25,818"]
    app.selectbox(key="backbone").set_value("conv_tail").run()
    assert read_tables(app)[0]["Parameters"].tolist() != ["25,818"]


def test_pooling_settings_are_offered_and_trained(open_page: Open, digits: None) -> None:
    app = open_page("train", heads="dense", pool_size="3", pool_stride="2", pooling="average", from_logits="true")
    assert not [*app.warning, *app.error]
    assert read_tables(app)[0]["Parameters"].tolist() == [f"{320 + 18_496 + (4 * 4 * 64 + 1) * 256 + 2_570:,}"]
    app.selectbox(key="recipe").set_value("kmnist-heads").run()
    app.selectbox(key="recipe").set_value("digits-heads").run()
    assert app.select_slider(key="pool_stride").value is None


def test_another_recipe_sets_its_own_values(open_page: Open, digits: None) -> None:
    app = open_page("train", epochs="3", heads="Flatten", train_images="500")
    app.selectbox(key="recipe").set_value("kmnist-heads").run()
    assert app.selectbox(key="dataset").value == "kmnist"
    assert app.slider(key="epochs").value == 25
    assert app.pills(key="heads").value == ["gap", "dense"]
    app.selectbox(key="recipe").set_value("digits-heads").run()
    assert app.slider(key="train_images").value == 1437
    assert not [*app.warning, *app.error]


def test_another_dataset_is_trained_on_all_its_images(open_page: Open, digits: None) -> None:
    app = open_page("train", train_images="500")
    app.selectbox(key="dataset").set_value("kmnist").run()
    app.selectbox(key="dataset").set_value("digits").run()
    assert app.slider(key="train_images").value == 1437


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_recipe_has_a_form(open_page: Open, digits: None, recipe: str) -> None:
    app = open_page("train", recipe=recipe)
    assert app.selectbox(key="recipe").value == recipe
    assert not [*app.error, *app.exception, *app.warning]


def test_text_that_is_not_a_setting_gives_an_error_message(open_page: Open, digits: None) -> None:
    app = open_page("train", heads="Flatten + MLP", hidden="64-x", augment="flip_sideways=1")
    assert any(error.value.startswith("Expected hidden to be up to five") for error in app.error)
    app.text_input(key="hidden").set_value("32-16").run()
    assert any("sideways" in error.value for error in app.error)


@pytest.fixture
def photos(home: Home, tmp_path: Path) -> None:
    """Custom dataset of twenty small images in two classes."""
    for name, grey in (("dark", 40), ("light", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (40, 40), (grey + number,) * 3).save(tmp_path / "photos" / name / f"{number}.png")
    add_dataset(home, "photos", tmp_path / "photos", side=32)


def test_added_folder_is_trained_on_from_the_form(open_page: Open, home: Home, photos: None) -> None:
    app = open_page("train", recipe="folder-heads", image_side="32", blocks="2", seeds="1")
    assert app.selectbox(key="folder").value == "photos"
    assert not [*app.error, *app.exception]
    assert read_tables(app)[0]["Head"].tolist() == ["GAP", "Flatten + Dense"]
    assert "Train 2 runs" in labels(app)


def test_face_recipe_offers_the_attributes(open_page: Open) -> None:
    app = open_page("train", recipe="celeba-heads", attribute="Smiling")
    assert app.selectbox(key="attribute").value == "Smiling"
    assert any("headroom datasets add celeba PATH" in info.value for info in app.info)


# Running and completed jobs


def test_latest_runs_are_listed_with_settings_and_time(
    open_page: Open, home: Home, ended: Callable[[RunSpec, str], None]
) -> None:
    ended(queue_up(home, epochs=3, blocks=1, train_images=500), "failed")
    app = open_page("train")
    assert "3 epochs · 500 training images · 1 block · 10 min ago" in [caption.value for caption in app.caption]
    assert "Retry" in labels(app)


def test_show_opens_the_comparison_whatever_the_link_contains(
    open_page: Open, home: Home, make_run: RunWriter, ended: Callable[[RunSpec, str], None]
) -> None:
    for epochs in (3, 4):
        for head in ("gap", "dense"):
            run = make_run(head=head, epochs=epochs)
    JobQueue(home).submit([run.spec])
    ended(run.spec, "finished")
    app = open_page("train", epochs="7", compare="digits-heads · 3 epochs")
    app.button(key=f"show-{run.run_id}").click().run()
    assert "24,586" in [metric.value for metric in app.metric]
    label = app.sidebar.selectbox[0].format_func(app.sidebar.selectbox[0].value)
    assert label == "digits-heads · 4 epochs"
    assert not [*app.warning, *app.error]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_retry_queues_the_same_spec(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None], state: str
) -> None:
    spec = queue_up(home, epochs=3)
    ended(spec, state)
    app = open_page("train")
    app.button(key=f"retry-{spec.run_id}").click().run()
    assert [job.spec for job in JobQueue(home).unfinished()] == [spec]
    assert "0 running, 1 queued" in [heading.value for heading in app.header]
    assert "Retry" not in labels(app)


def test_running_jobs_are_above_the_form(open_page: Open, home: Home, no_dispatcher: None) -> None:
    for seed in range(7):
        queue_up(home, seed=seed)
    app = open_page("train")
    headings = [heading.value for heading in app.header]
    assert headings.index("0 running, 7 queued") < headings.index("Summary")
    assert app.expander[0].label == "3 more queued"
    assert labels(app).count("Cancel") == 7


def test_stopping_a_job_that_has_just_ended_gives_a_message(
    open_page: Open, home: Home, no_dispatcher: None, ended: Callable[[RunSpec, str], None]
) -> None:
    spec = queue_up(home)
    app = open_page("train")
    ended(spec, "finished")
    app.button(key=f"cancel-{spec.run_id}").click().run()
    assert not app.exception


def test_invalid_slots_leave_the_rest_of_the_page(
    open_page: Open, home: Home, monkeypatch: pytest.MonkeyPatch, ended: Callable[[RunSpec, str], None]
) -> None:
    monkeypatch.setenv("HEADROOM_SLOTS", "0")
    ended(queue_up(home), "failed")
    app = open_page("train")
    assert app.error[0].value.startswith("Expected HEADROOM_SLOTS")
    assert "Completed jobs" in [heading.value for heading in app.header]


@pytest.mark.parametrize("state", ["queued", "running", "failed"])
def test_job_of_an_unknown_head_is_listed_among_the_others(
    open_page: Open, home: Home, no_dispatcher: None, state: str
) -> None:
    spec = queue_up(home)
    queue_up(home, seed=3)
    unknown = json.dumps({**spec.model_dump(), "head": "capsule"})
    with closing(sqlite3.connect(home.jobs / "queue.sqlite")) as table, table:
        table.execute("UPDATE job SET spec = ? WHERE run_id = ?", (unknown, spec.run_id))
        table.execute("UPDATE job SET state = ?, reason = 'Expected a head.'", (state,))
    app = open_page("train")
    assert not [*app.exception, *app.error]
    names = [f"Job {spec.run_id}", "GAP · Digits · seed 3"]
    if state == "failed":
        shown = [text.value for text in app.markdown if "· failed" in text.value]
        assert [text.value for text in app.text if "head" in text.value] == ["Expected a head."] * 2
    else:
        shown = [bar.proto.text for bar in app.get("progress")]
        assert f"cancel-{spec.run_id}" in [button.key for button in app.button]
    assert all(any(name in text for text in shown) for name in names), shown


def test_train_lists_what_differs_from_the_recipe_and_resets_it(open_page: Open, digits: None) -> None:
    def differences() -> list[str]:
        return [button.label for button in app.button if "(recipe: " in button.label]

    app = open_page("train")
    assert differences() == []
    app.slider(key="epochs").set_value(3)
    app.slider(key="filters").set_value(8)
    app.button_group(key="heads").set_value(["gap"]).run()
    assert differences() == [
        "Heads: GAP (recipe: GAP, Flatten + Dense)",
        "Epochs: 3 (recipe: 25)",
        "Filters: 8 (recipe: 32)",
    ]
    style = next(element.proto.body for element in app.get("html") if "st-key-epochs" in element.proto.body)
    assert ".st-key-heads, .st-key-epochs, .st-key-filters {" in style
    app.button(key="reset-epochs").click().run()
    assert app.slider(key="epochs").value == 25
    assert differences() == ["Heads: GAP (recipe: GAP, Flatten + Dense)", "Filters: 8 (recipe: 32)"]
    next(button for button in app.button if button.label == "Reset all").click().run()
    assert differences() == []
    assert "Train 6 runs" in labels(app)


def test_every_setting_of_a_link_that_differs_from_the_recipe_can_be_reset(open_page: Open, digits: None) -> None:
    link = {
        "train_images": "500",
        "patience": "2",
        "augment": "noise",
        "units": "64",
        "keep": "best_val_loss",
    }
    app = open_page("train", dataset="fashion_mnist", **link)
    reset = [button for button in app.button if (button.key or "").startswith("reset-")]
    assert {button.key for button in reset} >= {"reset-dataset", "reset-patience", "reset-augmentation", "reset-keep"}
    app = open_page("train", **link)
    for name in ("train_images", "patience", "augmentation", "units", "keep"):
        app.button(key=f"reset-{name}").click().run()
        assert f"reset-{name}" not in [button.key for button in app.button]
    assert "Train 6 runs" in labels(app)
