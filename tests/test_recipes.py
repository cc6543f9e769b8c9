"""The published systems."""

import shlex
import shutil
from itertools import product

import pytest

from core.architecture.model import compute_model
from core.architecture.recipe_model import compute_recipe_model
from core.displays.recipe_results import describe_printed
from core.displays.recipe_text import list_training, write_source
from core.displays.views.published import PublishedResults
from core.errors import UnknownNameError
from core.home import Home
from core.recipe import Recipe
from core.recipes import RECIPES, find_general_recipe, recipe_of, write_command
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, RunSpec
from core.store.comparison import Comparison, list_offers
from core.store.record import Cost, Metrics
from core.store.run_store import RunStore
from tests.support.run_rewriter import as_spec
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


COUNTS = ("params", "trainable", "non_trainable")
# exactly what the authors printed; every other count is computed
PRINTED = {
    ("kmnist-heads", "gap", "params"): 24_586,
    ("kmnist-heads", "gap", "test_loss"): 0.3354340976119041,
    ("kmnist-heads", "gap", "test_accuracy"): 0.9086999893188477,
    ("kmnist-heads", "dense", "params"): 431_242,
    ("kmnist-heads", "dense", "test_loss"): 0.3033015901445908,
    ("kmnist-heads", "dense", "test_accuracy"): 0.9617000222206116,
    ("mnist-heads", "dense", "test_accuracy"): 0.9939,
    ("demo224-heads", "mlp", "params"): 11_574_090,
    ("demo224-heads", "mlp", "trainable"): 11_573_898,
    ("demo224-heads", "mlp", "non_trainable"): 192,
    ("demo224-heads", "gap_dense", "params"): 66_602,
    ("demo224-heads", "gap_dense", "trainable"): 66_410,
    ("demo224-heads", "gap_dense", "non_trainable"): 192,
}
APPROXIMATE = {
    ("mnist-heads", "mlp", "test_accuracy"): (0.89, 0.90),
    ("celeba-heads", "gap_dense", "test_accuracy"): (0.97, 0.99),
}
COMPUTED = {
    ("mnist-heads", "gap_dense"): (52_746, 52_746, 0),
    ("mnist-heads", "dense"): (3_274_634, 3_274_634, 0),
    ("mnist-heads", "mlp"): (25_818, 25_818, 0),
    ("celeba-heads", "gap_dense"): (388_673, 388_673, 0),
    ("celeba-heads", "flatten"): (404_801, 404_801, 0),
    ("demo224-heads", "gmp_dense"): (66_602, 66_410, 192),
    ("transfer-heads", "flatten"): (14_789_955, 75_267, 14_714_688),
    ("transfer-heads", "gap_dense"): (14_716_227, 1_539, 14_714_688),
    ("transfer-mobilenet-heads", "gap_mlp"): (5_854_403, 5_832_515, 21_888),
}


def test_published_results_are_exactly_those_that_the_authors_printed() -> None:
    results = [(recipe.name, result) for recipe in RECIPES.values() for result in recipe.published]
    exact = {(name, r.head, r.metric): r.value for name, r in results if not r.printed}
    ranges = {(name, r.head, r.metric): (r.value, r.high) for name, r in results if r.printed}
    assert (exact, ranges) == (PRINTED, APPROXIMATE)
    assert len(results) == len(exact) + len(ranges)


def test_published_results_are_of_compared_heads() -> None:
    columns = {**Metrics.model_fields, **Cost.model_fields}
    for name, head, metric in [*PRINTED, *APPROXIMATE]:
        assert head in RECIPES[name].heads
        assert metric in columns


def test_parameter_counts_of_the_layers_equal_published_and_known_ones() -> None:
    printed = {key: value for key, value in PRINTED.items() if key[2] in COUNTS}
    known = {(*key, metric): n for key, counts in COMPUTED.items() for metric, n in zip(COUNTS, counts, strict=True)}
    assert not printed.keys() & known.keys()
    for (name, head, metric), value in (printed | known).items():
        assert getattr(compute_recipe_model(RECIPES[name], head), metric) == value, (name, head, metric)


def test_layers_equal_the_printed_summaries_row_by_row() -> None:
    summaries = {
        ("kmnist-heads", "gap"): [320, 18_496, 5_770],
        ("kmnist-heads", "dense"): [320, 18_496, 409_856, 2_570],
        ("demo224-heads", "gap_dense"): [896, 9_248, 128, 18_496, 36_928, 256, 650],
        ("demo224-heads", "mlp"): [896, 9_248, 128, 18_496, 36_928, 256, 11_505_728, 2_080, 330],
    }
    for (name, head), params in summaries.items():
        rows = compute_recipe_model(RECIPES[name], head).rows
        assert [row.params for row in rows if row.params] == params, (name, head)


def test_recipe_is_from_a_publication_or_has_no_published_figures() -> None:
    own = {"digits-heads", "fashion-heads", "folder-heads"}
    for name, recipe in RECIPES.items():
        texts = (*recipe.statements, *recipe.conclusions, *recipe.corrections)
        assert all(text.endswith((".", "”.")) for text in texts), name
        if name in own:
            assert (recipe.publication, recipe.published, texts, recipe.open_questions) == (None, (), (), ())
        else:
            assert recipe.publication is not None
            assert recipe.publication.title in write_source(recipe.publication)
            assert recipe.statements or recipe.published
            assert recipe.conclusions
            assert recipe.corrections


def test_open_questions_change_the_recipe_and_name_the_command_of_their_answer() -> None:
    found = [(recipe, question) for recipe in RECIPES.values() for question in recipe.open_questions]
    assert found
    for recipe, question in found:
        assert question.question.endswith("?")
        assert recipe.spec_of(recipe.heads[0], question.settings) != recipe.spec_of(recipe.heads[0])
        assert bool(question.answer) == bool(question.command)


def test_training_in_words_follows_the_spec() -> None:
    assert "GAP, test loss: 0.3354340976119041" in describe_printed(RECIPES["kmnist-heads"])
    assert "about 89 percent" in describe_printed(RECIPES["mnist-heads"])
    assert list_training(RECIPES["kmnist-heads"]) == [
        "Adam with learning rate 0.001 minimizes the categorical cross-entropy with one-hot labels.",
        "25 epochs with 25 images per step.",
        "All training images; the last 20% of them are for validation.",
    ]
    celeba = " ".join(list_training(RECIPES["celeba-heads"]))
    assert "20 epochs with 32 images per step, then 10 more from where it stopped." in celeba
    assert "16,000 training images; 1,000 images are for validation." in celeba
    assert "Random transforms of the training images: random crop, horizontal flip." in celeba


def test_printed_ratio_is_about_that_of_the_counts() -> None:
    gap, dense = (compute_recipe_model(RECIPES["kmnist-heads"], head).params for head in ("gap", "dense"))
    assert round(dense / gap, 2) == 17.54
    assert "17.54" in RECIPES["kmnist-heads"].statements[0]


@recipes
def test_recipe_of_fixed_images_uses_their_shape(recipe: Recipe) -> None:
    dataset = DATASETS[recipe.spec.dataset]
    if "side" not in dataset.uses:
        assert (recipe.input_shape, recipe.classes) == (dataset.input_shape, len(dataset.classes))
    else:
        assert recipe.input_shape == (recipe.spec.side, recipe.spec.side, 3)


def test_kmnist_heads_is_as_published() -> None:
    spec = RECIPES["kmnist-heads"].spec
    assert (spec.dataset, spec.epochs, spec.batch_size, spec.validation_fraction) == ("kmnist", 25, 25, 0.2)
    assert (spec.blocks, spec.filters, spec.dropout, spec.units) == (2, 32, 0.25, 256)


def test_other_settings_do_not_change_the_recipe() -> None:
    recipe = RECIPES["digits-heads"]
    assert recipe_of(recipe.spec.replace(epochs=3, blocks=1, head="gmp_dense")) is recipe


def test_recipe_on_another_dataset_stays_that_recipe() -> None:
    """Except where the run is exactly that of another recipe, such as kmnist-heads on the digits."""
    for recipe in RECIPES.values():
        for dataset, head in product(DATASETS, recipe.heads):
            spec = recipe.spec_of(head, {"dataset": dataset, "epochs": 3})
            same = {
                other.name
                for other in RECIPES.values()
                if other.spec_of(head, {"dataset": dataset, "epochs": 3}) == spec
            }
            found = recipe_of(spec)
            assert found is not None
            assert found.name in {recipe.name, *same}, (recipe.name, dataset, head)
            assert found.spec.dataset == dataset or found is recipe or not recipe.published, (recipe.name, dataset)


def test_heads_of_a_configuration_have_the_same_recipe() -> None:
    for backbone, dataset in product(BACKBONES, DATASETS):
        specs = [RunSpec().replace(backbone=backbone, dataset=dataset, head=head, units=7, epochs=9) for head in HEADS]
        assert len({recipe.name for spec in specs if (recipe := recipe_of(spec))}) == 1


def test_runs_of_every_backbone_are_a_comparison(home: Home, make_run: RunWriter) -> None:
    """Also of those that no recipe has, such as a model of the user."""
    names = [name for name in BACKBONES if name not in {recipe.spec.backbone for recipe in RECIPES.values()}]
    assert len(names) > 5
    for dataset in ("digits", "folder"):
        for name in names:
            found = recipe_of(RunSpec().replace(backbone=name, dataset=dataset))
            assert found is find_general_recipe(dataset), (name, dataset)
    spec = RunSpec().replace(backbone=names[0])
    ids = {as_spec(make_run(head=head), spec.replace(head=head)).run_id for head in ("gap", "dense")}
    offers = list_offers(RunStore(home, examples=home.path / "none").frame())
    assert ids in [{*offer.run_ids} for offer in offers]


def test_command_of_a_run_trains_that_run_on_any_dataset() -> None:
    for recipe, dataset in product(RECIPES.values(), DATASETS):
        for head in ("gap_dense", "mlp", *recipe.heads):
            spec = recipe.spec_of(head, {"dataset": dataset, "pool_size": 3, "l1": 0.01, "seed": 2})
            words = shlex.split(write_command(spec))[2:]
            flags = dict(zip(words[::2], words[1::2], strict=True))
            named, heads = RECIPES[flags.pop("--recipe")], flags.pop("--heads")
            names = {name.removeprefix("--").replace("-", "_"): value for name, value in flags.items()}
            assert named.spec_of(heads, {name: SETTINGS[name].read(value) for name, value in names.items()}) == spec


def test_network_without_convolutions_is_compared_with_the_other_heads(make_run: RunWriter, store: RunStore) -> None:
    recipe = RECIPES["mnist-heads"]
    for head in recipe.heads:
        run = make_run(head=head)
        as_spec(run, recipe.spec_of(head, {"epochs": 3}))
        shutil.rmtree(run.path)
    (offer,) = list_offers(store.frame())
    assert len(offer.run_ids) == 3
    assert offer.key.startswith("recipe:mnist-heads:")
    assert offer.label == "mnist-heads · 3 epochs"
    comparison = Comparison.of(store.open_all(offer.run_ids))
    assert comparison.recipe is recipe
    assert PublishedResults(comparison).frame()["published"].tolist() == [0.9939, 0.89]


def test_unknown_recipe_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        RECIPES["kmnist"]
    hint = "Did you mean 'kmnist-heads'? "
    assert str(caught.value) == f"Unknown recipe 'kmnist'. {hint}Choose one of: {', '.join(RECIPES)}."


def test_custom_images_are_a_setting_of_the_recipe(make_run: RunWriter, store: RunStore) -> None:
    for head in ("gap", "dense"):
        make_run(head=head)
    own = RECIPES["folder-heads"].spec.model_dump(exclude={"head", "seed", "units", "data"})
    frame = store.frame().assign(recipe="folder-heads", **{**own, "folder": "cats"})
    (offer,) = list_offers(frame)
    assert (offer.own, len(offer.run_ids)) == (True, 2)
    assert "cats" in offer.label
