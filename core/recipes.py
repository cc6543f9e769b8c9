"""Recipes: named specs of published systems with their published results."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from core.errors import UnknownNameError
from core.spec import RunSpec


@dataclass(frozen=True)
class PublishedResult:
    """Published value of a metric (a column of the run list) on the official dataset."""

    head: str
    metric: str
    value: float


@dataclass(frozen=True)
class Recipe:
    """A backbone and a dataset with the heads to compare.

    Attributes:
        settings: hyperparameters by head that differ from `spec`.
        input_shape, classes: image shape and number of classes of the published parameter counts.
    """

    name: str
    title: str
    question: str
    spec: RunSpec
    heads: tuple[str, ...]
    published: tuple[PublishedResult, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    input_shape: tuple[int, ...] = (28, 28, 1)
    classes: int = 10

    def spec_of(self, head: str, changes: Mapping[str, Any] | None = None) -> RunSpec:
        """Return the spec of a head.

        All changes are applied together, because a hyperparameter that only this head uses would be reset to its
        default by the head of `spec`.
        """
        return self.spec.replace(**{"head": head, **self.settings.get(head, {}), **(changes or {})})

    def specs(self, heads: tuple[str, ...] | None = None, seeds: int = 1) -> list[RunSpec]:
        """Return the specs of all runs of this recipe: every head with the seeds 0 to seeds − 1."""
        return [self.spec_of(head, {"seed": seed}) for seed in range(seeds) for head in heads or self.heads]


_GAP_AND_DENSE = ("gap", "dense")
_FACES = RunSpec(
    dataset="celeba", side=64, train_images=16_000, validation_images=1_000, backbone="conv_tail", blocks=4,
    dropout=0.5, loss="binary", head="gap_dense", epochs=20, batch_size=32,
    augmentation="random_crop,flip_horizontal=0.5",
)  # fmt: skip
_PHOTOS = RunSpec(dataset="folder", side=224, batch_size=32)

_ALL = (
    Recipe(
        "digits-heads",
        "Handwritten digits: GAP against Flatten + Dense",
        "The heads of kmnist-heads on the digits of scikit-learn (8×8 pixels, enlarged to 28×28); works offline.",
        RunSpec(dataset="digits"),
        _GAP_AND_DENSE,
    ),
    Recipe(
        "kmnist-heads",
        "Cursive Japanese: GAP against Flatten + Dense",
        "How much accuracy does a head without Dense layers lose, with about 18 times fewer parameters?",
        RunSpec(dataset="kmnist"),
        _GAP_AND_DENSE,
        (
            PublishedResult("gap", "params", 24_586),
            PublishedResult("gap", "test_loss", 0.3354),
            PublishedResult("gap", "test_accuracy", 0.9087),
            PublishedResult("dense", "params", 431_242),
            PublishedResult("dense", "test_loss", 0.3033),
            PublishedResult("dense", "test_accuracy", 0.9617),
        ),
    ),
    Recipe(
        "fashion-heads",
        "Clothing: GAP against Flatten + Dense",
        "The heads of kmnist-heads on images of clothing (Fashion-MNIST).",
        RunSpec(dataset="fashion_mnist"),
        _GAP_AND_DENSE,
    ),
    Recipe(
        "mnist-heads",
        "Handwritten digits: a large Dense head against GAP",
        "A network with 3.3 million parameters classifies digits almost perfectly: how many of them does it need?",
        RunSpec(
            dataset="mnist",
            validation_images=10_000,
            kernel_size=5,
            padding="same",
            dropout=0.0,
            head="dense",
            units=1024,
            head_dropout=0.5,
            loss="sparse",
            epochs=20,
            batch_size=64,
        ),
        ("gap_dense", "dense"),
        (
            PublishedResult("gap_dense", "params", 52_746),
            PublishedResult("dense", "params", 3_274_634),
            PublishedResult("dense", "test_accuracy", 0.9939),
        ),
        settings={"gap_dense": {"head_dropout": 0.0}},
    ),
    Recipe(
        "celeba-heads",
        "An attribute of a face: global pooling against Flatten",
        "One logit predicts an attribute of a face; random crops and flips augment the training images.",
        _FACES,
        ("gap_dense", "flatten"),
        (PublishedResult("gap_dense", "params", 388_673), PublishedResult("flatten", "params", 404_801)),
        input_shape=(64, 64, 3),
        classes=2,
    ),
    Recipe(
        "demo224-heads",
        "Photos: how the head's parameters explode with the image",
        "On images of 224×224 pixels a small MLP after Flatten has 170 times as many parameters as global pooling.",
        _PHOTOS.replace(backbone="conv_conv_pool", head="mlp", hidden="64-32", head_dropout=0.3),
        ("gap_dense", "gmp_dense", "mlp"),
        (
            PublishedResult("mlp", "params", 11_574_090),
            PublishedResult("mlp", "trainable", 11_573_898),
            PublishedResult("mlp", "non_trainable", 192),
            PublishedResult("gap_dense", "params", 66_602),
            PublishedResult("gap_dense", "trainable", 66_410),
            PublishedResult("gap_dense", "non_trainable", 192),
            PublishedResult("gmp_dense", "params", 66_602),
            PublishedResult("gmp_dense", "trainable", 66_410),
            PublishedResult("gmp_dense", "non_trainable", 192),
        ),
        input_shape=(224, 224, 3),
    ),
    Recipe(
        "transfer-heads",
        "Transfer learning from VGG16: GAP against Flatten",
        "With a frozen backbone only the head is trained: how much accuracy does global pooling cost?",
        _PHOTOS.replace(backbone="vgg16", frozen=True, head="flatten"),
        ("gap_dense", "flatten"),
        (
            PublishedResult("flatten", "params", 14_789_955),
            PublishedResult("flatten", "trainable", 75_267),
            PublishedResult("flatten", "non_trainable", 14_714_688),
            PublishedResult("gap_dense", "params", 14_716_227),
            PublishedResult("gap_dense", "trainable", 1_539),
            PublishedResult("gap_dense", "non_trainable", 14_714_688),
        ),
        input_shape=(224, 224, 3),
        classes=3,
    ),
    Recipe(
        "transfer-mobilenet-heads",
        "Transfer learning from MobileNet: GAP with and without an MLP",
        "MobileNet fine-tuned completely, with a head of three hidden layers or without hidden layers.",
        _PHOTOS.replace(backbone="mobilenet", head="gap_mlp", hidden="1024-1024-512", learning_rate=1e-4),
        ("gap_dense", "gap_mlp"),
        (
            PublishedResult("gap_mlp", "params", 5_854_403),
            PublishedResult("gap_mlp", "trainable", 5_832_515),
            PublishedResult("gap_mlp", "non_trainable", 21_888),
        ),
        input_shape=(224, 224, 3),
        classes=3,
    ),
    Recipe(
        "folder-heads",
        "Your own images: GAP against Flatten + Dense",
        "A folder with one subfolder per class, trained from random weights at any image size.",
        _PHOTOS.replace(side=96, blocks=3),
        _GAP_AND_DENSE,
        input_shape=(96, 96, 3),
        classes=3,
    ),
)


class _Recipes(dict[str, Recipe]):
    def __missing__(self, name: str) -> Recipe:
        known = ", ".join(self)
        raise UnknownNameError(f"Unknown recipe {name!r}. Choose one of: {known}.")


RECIPES: Mapping[str, Recipe] = MappingProxyType(_Recipes({recipe.name: recipe for recipe in _ALL}))


def recipe_of(spec: RunSpec) -> Recipe | None:
    """Return the recipe of a run: the one with its dataset and backbone; other hyperparameters may differ."""
    same = (r for r in RECIPES.values() if (r.spec.dataset, r.spec.backbone) == (spec.dataset, spec.backbone))
    return next(same, None)


def list_overrides(spec: RunSpec) -> dict[str, Any]:
    """Return the hyperparameters of a run that differ from its recipe, without head and seed.

    A hyperparameter that is None in the run but not in the recipe is left out: no option can set it.
    """
    defaults = _find_recipe(spec).spec_of(spec.head)
    return {
        name: value
        for name, value in spec.model_dump().items()
        if value not in (None, getattr(defaults, name)) and name not in ("data", "head", "seed")
    }


def write_command(spec: RunSpec, heads: Sequence[str] = (), seeds: int = 1) -> str:
    """Return the command that trains a run, or several heads and `seeds` seeds starting with the seed of the run.

    >>> write_command(RunSpec(head="dense", seed=3, epochs=10))
    'headroom train --recipe digits-heads --heads dense --epochs 10 --seed 3'
    >>> write_command(RunSpec(dataset="kmnist"), ["gap", "dense"], 2)
    'headroom train --recipe kmnist-heads --heads gap,dense --seeds 2'
    """
    words = ["headroom train", f"--recipe {_find_recipe(spec).name}", f"--heads {','.join(heads or [spec.head])}"]
    if seeds > 1:
        words.append(f"--seeds {seeds}")
    for name, value in list_overrides(spec).items():
        option = name.replace("_", "-")
        words.append(f"--{'' if value else 'no-'}{option}" if isinstance(value, bool) else f"--{option} {value}")
    if spec.seed:
        words.append(f"--seed {spec.seed}")
    return " ".join(words)


def _find_recipe(spec: RunSpec) -> Recipe:
    return recipe_of(spec) or _ALL[0]


def write_commands(specs: Iterable[RunSpec]) -> list[str]:
    """Return the fewest commands that train exactly these runs.

    >>> write_commands([RunSpec(head=head, seed=seed) for head in ("gap", "dense") for seed in (1, 2)])
    ['headroom train --recipe digits-heads --heads gap,dense --seeds 2 --seed 1']
    """
    seeds: dict[RunSpec, set[int]] = {}
    for spec in specs:
        seeds.setdefault(spec.replace(seed=0), set()).add(spec.seed)
    groups: list[tuple[RunSpec, int, list[str]]] = []
    for configuration, configuration_seeds in seeds.items():
        for first, count in _list_ranges(sorted(configuration_seeds)):
            spec = configuration.replace(seed=first)
            for leader, length, heads in groups:
                changes = {"data": spec.data, "seed": first, **list_overrides(leader)}
                same = leader.seed == first and length == count and _find_recipe(leader) == _find_recipe(spec)
                if same and _find_recipe(leader).spec_of(spec.head, changes) == spec:
                    heads.append(spec.head)
                    break
            else:
                groups.append((spec, count, [spec.head]))
    return [write_command(leader, heads, count) for leader, count, heads in groups]


def _list_ranges(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first number and the length of each range of consecutive numbers."""
    start = 0
    for index in range(1, len(numbers) + 1):
        if index == len(numbers) or numbers[index] != numbers[index - 1] + 1:
            yield numbers[start], index - start
            start = index
