"""Library page: an overview, and one entry per recipe that is complete without runs, data or a network."""

import re
import time

from streamlit.testing.v1 import AppTest

from core.architecture.recipe_model import compute_recipe_model
from core.displays.number import format_count
from core.home import Home
from core.recipes import RECIPES
from core.spec import DATASETS, HEADS
from tests.support.dataset_writer import write_dataset
from tests.support.page import Open, labels, read_tables, text_of
from tests.support.run_writer import RunWriter

LAYERS = "library-layers"  # key of the expander
MAX_SECONDS = 0.15


def plain(app: AppTest) -> str:
    """Return the text of the page without escapes."""
    return re.sub(r"\\(.)", r"\1", text_of(app)).replace("\u2060", "")


def measure_run(app: AppTest) -> float:
    begin = time.process_time()
    app.run()
    return time.process_time() - begin


def test_every_recipe_is_readable_without_runs_data_and_network(open_page: Open) -> None:
    app = open_page("library")
    assert app.title[0].value == "Library"
    assert [label.removeprefix("Open ") for label in labels(app) if label.startswith("Open ")] == sorted(
        RECIPES, key=lambda name: RECIPES[name].publication is None
    )
    text = plain(app)
    for name, recipe in RECIPES.items():
        assert recipe.question in text
        app.session_state["library"], app.session_state[LAYERS] = name, True
        app.run()
        assert app.title[0].value == recipe.title
        assert not [*app.error, *app.warning], name
        entry = plain(app)
        dataset = DATASETS[recipe.spec.dataset]
        parts = [recipe.question, dataset.summary, dataset.licence, *recipe.conclusions, *recipe.corrections]
        parts += [*recipe.statements, *(question.question for question in recipe.open_questions)]
        if recipe.publication:
            parts += [recipe.publication.author[1:], recipe.publication.title, recipe.publication.published_in]
        assert [part for part in parts if " ".join(part.split()) not in entry] == [], name
        *tables, results = read_tables(app)
        models = [compute_recipe_model(recipe, head) for head in recipe.heads]
        counts = results[results["Metric"] == "Parameters"]
        assert counts["Computed"].tolist() == [format_count(model.params) for model in models]
        assert counts["Head"].tolist() == [HEADS[head].label for head in recipe.heads]
        assert set(results["Measured"]) == {"–"}
        assert ("Published" in results) == bool(recipe.published)
        if recipe.published:
            printed = [value for text in results["Published"] if text != "–" for value in text.split(" / ")]
            assert len(printed) == len(recipe.published)
        lengths = [len(table) for table in tables] + [len(table.value) for table in app.dataframe]
        assert sorted(lengths) == sorted(len(model.rows) for model in models)
        assert f"Total **{models[0].params:,}**" in entry
        assert f"Train {name}" in labels(app)
        # The fastest of three: other processes slow single runs even in processor time.
        assert any(measure_run(app) < MAX_SECONDS for _ in range(3)), name


def test_cards_open_entries_that_the_link_keeps(open_page: Open) -> None:
    app = open_page("library")
    next(button for button in app.button if button.label == "Open kmnist-heads").click().run()
    assert app.title[0].value == RECIPES["kmnist-heads"].title
    assert app.query_params["library"] == "kmnist-heads"
    assert open_page("library", library="mnist-heads").title[0].value == RECIPES["mnist-heads"].title
    refused = open_page("library", library="nothing")
    assert refused.title[0].value == "Library"
    assert "Expected library to be one of" in refused.warning[0].value


def test_entry_shows_what_the_runs_measured_and_opens_them(open_page: Open, two_heads: list[str]) -> None:
    app = open_page("library", library="digits-heads")
    assert "17.5× fewer parameters than" in text_of(app)
    results = read_tables(app)[-1]
    measured = results.set_index(["Head", "Metric"])["Measured"]
    assert measured["GAP", "Parameters"] == "24,586"
    assert "%" in measured["Flatten + Dense", "Test accuracy"]
    assert "6 finished runs" not in text_of(app)
    next(button for button in app.button if button.label == "View this comparison").click().run()
    assert "17.5× fewer parameters than" in app.title[0].value


def test_sample_of_added_images_is_not_compared_with_official_ones(open_page: Open, home: Home) -> None:
    write_dataset(home, ("cat", "dog"))
    text = plain(open_page("library", library="folder-heads"))
    assert "First training image of each class in Folder mine:" in text
    assert "official" not in text


def test_open_question_leads_to_its_runs_or_to_their_training(open_page: Open, make_run: RunWriter) -> None:
    app = open_page("library", library="kmnist-heads")
    next(button for button in app.button if button.label == "Train with 3 blocks").click().run()
    assert app.title[0].value == "Train"
    assert app.query_params["recipe"] == "kmnist-heads"
    assert app.query_params["blocks"] == "3"
