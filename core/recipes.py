"""The published systems as named specs, with their published figures and where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.errors import UnknownNameError
from core.spec import RunSpec


@dataclass(frozen=True)
class Published:
    """A figure as its author printed it; `metric` is a column of the run list, `official` data is meant."""

    head: str
    metric: str
    value: float


@dataclass(frozen=True)
class Recipe:
    """One backbone and dataset with the heads to be compared on them."""

    name: str
    title: str
    question: str
    spec: RunSpec
    heads: tuple[str, ...]
    published: tuple[Published, ...] = ()

    def specs(self, heads: tuple[str, ...] | None = None, seeds: int = 1) -> list[RunSpec]:
        """The runs of this recipe: every head with the seeds 0 … seeds − 1."""
        return [self.spec.replace(head=head, seed=seed) for seed in range(seeds) for head in heads or self.heads]


_R1_HEADS = ("gap", "dense")

_ALL = (
    Recipe(
        "digits-heads",
        "Handwritten digits: GAP against Flatten + Dense",
        "The two classifiers of kmnist-heads on scikit-learn's bundled 8×8 scans, enlarged to 28×28; needs no network.",
        RunSpec(dataset="digits"),
        _R1_HEADS,
    ),
    Recipe(
        "kmnist-heads",
        "Cursive Japanese: GAP against Flatten + Dense",
        "What does a classifier without Dense layers cost in accuracy, in a model of about 18 times fewer parameters?",
        RunSpec(dataset="kmnist"),
        _R1_HEADS,
        (
            Published("gap", "params", 24_586),
            Published("gap", "test_loss", 0.3354),
            Published("gap", "test_accuracy", 0.9087),
            Published("dense", "params", 431_242),
            Published("dense", "test_loss", 0.3033),
            Published("dense", "test_accuracy", 0.9617),
        ),
    ),
    Recipe(
        "fashion-heads",
        "Clothing: GAP against Flatten + Dense",
        "The two classifiers of kmnist-heads on photographs of clothing, Fashion-MNIST.",
        RunSpec(dataset="fashion_mnist"),
        _R1_HEADS,
    ),
)


class _Recipes(dict[str, Recipe]):
    def __missing__(self, name: str) -> Recipe:
        known = ", ".join(repr(recipe) for recipe in self)
        raise UnknownNameError(f"Expected recipe to be one of {known}; got {name!r}.")


RECIPES: Mapping[str, Recipe] = MappingProxyType(_Recipes({recipe.name: recipe for recipe in _ALL}))


def recipe_of(spec: RunSpec) -> Recipe | None:
    """The recipe a run belongs to: the one with its dataset and backbone, whatever the other knobs."""
    same = (r for r in RECIPES.values() if (r.spec.dataset, r.spec.backbone) == (spec.dataset, spec.backbone))
    return next(same, None)


def write_command(spec: RunSpec) -> str:
    """The command that trains this run, with the data that is here.

    >>> write_command(RunSpec(head="dense", seed=3, epochs=10))
    'python -m core train --recipe digits-heads --heads dense --epochs 10 --seed 3'
    """
    recipe = recipe_of(spec) or _ALL[0]
    changed = {name: value for name, value in spec.model_dump().items() if value != getattr(recipe.spec, name)}
    options = [f"--{name.replace('_', '-')} {value}" for name, value in changed.items() if name not in ("data", "head")]
    return " ".join(["python -m core train", f"--recipe {recipe.name}", f"--heads {spec.head}", *options])
