"""The published systems."""

import pytest

from core.architecture.model import compute_model
from core.errors import UnknownNameError
from core.recipes import RECIPES, Recipe, recipe_of
from core.spec import DATASETS
from core.store.comparison import list_offers
from core.store.record import Cost, Metrics
from core.store.run_store import RunStore
from tests.support.run_writer import RunWriter

recipes = pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))


@recipes
def test_recipe_matches_its_own_specs(recipe: Recipe) -> None:
    specs = recipe.specs(seeds=2)
    assert len(specs) == 2 * len(recipe.heads)
    assert all(recipe_of(spec) is recipe for spec in specs)


@recipes
def test_recipe_has_a_run_for_every_head_and_seed(recipe: Recipe) -> None:
    specs = recipe.specs(seeds=3)
    assert [(spec.seed, spec.head) for spec in specs] == [(s, head) for s in range(3) for head in recipe.heads]
    assert len({spec.run_id for spec in specs}) == len(specs)


@recipes
def test_recipe_has_no_setting_that_its_images_are_too_small_for(recipe: Recipe) -> None:
    models = [compute_model(spec, recipe.input_shape, recipe.classes) for spec in recipe.specs()]
    assert len(models) == len(recipe.heads)
    assert all(model.params > 0 for model in models)


@recipes
def test_recipe_has_label_and_description(recipe: Recipe) -> None:
    assert recipe.title
    assert recipe.question.endswith((".", "?"))
    assert len(recipe.heads) >= 2


PUBLISHED = {name for name, recipe in RECIPES.items() if recipe.published}


def test_recipes_with_published_results_are_known() -> None:
    own = {"digits-heads", "fashion-heads", "folder-heads"}  # no results are published
    assert set(RECIPES) - PUBLISHED == own


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_results_are_of_compared_heads(name: str) -> None:
    recipe = RECIPES[name]
    columns = {**Metrics.model_fields, **Cost.model_fields}
    strange = [figure for figure in recipe.published if figure.head not in recipe.heads or figure.metric not in columns]
    assert strange == []


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_parameters_equal_those_of_the_model(name: str) -> None:
    recipe = RECIPES[name]
    counts = [figure for figure in recipe.published if figure.metric in ("params", "trainable", "non_trainable")]
    found = [
        getattr(compute_model(recipe.spec_of(figure.head), recipe.input_shape, recipe.classes), figure.metric)
        for figure in counts
    ]
    assert counts
    assert found == [figure.value for figure in counts]


@recipes
def test_recipe_of_fixed_images_uses_their_shape(recipe: Recipe) -> None:
    dataset = DATASETS[recipe.spec.dataset]
    if "side" not in dataset.uses:
        assert (recipe.input_shape, recipe.classes) == (dataset.input_shape, len(dataset.classes))
    else:
        assert recipe.input_shape == (recipe.spec.side, recipe.spec.side, 3)


def test_kmnist_heads_is_as_published() -> None:
    recipe = RECIPES["kmnist-heads"]
    figures = {(figure.head, figure.metric): figure.value for figure in recipe.published}
    assert figures == {
        ("gap", "params"): 24_586,
        ("gap", "test_loss"): 0.3354,
        ("gap", "test_accuracy"): 0.9087,
        ("dense", "params"): 431_242,
        ("dense", "test_loss"): 0.3033,
        ("dense", "test_accuracy"): 0.9617,
    }
    spec = recipe.spec
    assert (spec.dataset, spec.epochs, spec.batch_size, spec.validation_fraction) == ("kmnist", 25, 25, 0.2)
    assert (spec.blocks, spec.filters, spec.dropout, spec.units) == (2, 32, 0.25, 256)


def test_other_settings_do_not_change_the_recipe() -> None:
    recipe = RECIPES["digits-heads"]
    assert recipe_of(recipe.spec.replace(epochs=3, blocks=1, head="gmp_dense")) is recipe


def test_unknown_recipe_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        RECIPES["kmnist"]
    assert str(caught.value) == f"Unknown recipe 'kmnist'. Choose one of: {', '.join(RECIPES)}."


def test_custom_images_are_a_setting_of_the_recipe(make_run: RunWriter, store: RunStore) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    own = RECIPES["folder-heads"].spec.model_dump(exclude={"head", "seed", "units", "data"})
    frame = store.frame().assign(recipe="folder-heads", **{**own, "folder": "cats"})
    (offer,) = list_offers(frame)
    assert (offer.own, len(offer.run_ids)) == (True, 2)
    assert "cats" in offer.label
