"""All recipes, the recipe of a run, and the commands that train a run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from core.publications.machine_curve import KMNIST_HEADS
from core.publications.machine_learning_book import CELEBA_HEADS, MNIST_HEADS
from core.publications.own import DIGITS_HEADS, FASHION_HEADS, FOLDER_HEADS
from core.publications.stack_abuse import DEMO224_HEADS
from core.publications.stack_exchange import TRANSFER_HEADS, TRANSFER_MOBILENET_HEADS
from core.recipe import Recipe
from core.spec import DATASETS, SETTINGS, RunSpec
from core.suggestion import reject_name

_ALL = (
    DIGITS_HEADS, KMNIST_HEADS, FASHION_HEADS, MNIST_HEADS, CELEBA_HEADS, DEMO224_HEADS, TRANSFER_HEADS,
    TRANSFER_MOBILENET_HEADS, FOLDER_HEADS,
)  # fmt: skip


class _Recipes(dict[str, Recipe]):
    def __missing__(self, name: str) -> Recipe:
        raise reject_name("recipe", name, self)


RECIPES: Mapping[str, Recipe] = MappingProxyType(_Recipes({recipe.name: recipe for recipe in _ALL}))


def find_general_recipe(dataset: str) -> Recipe:
    """Return the recipe for a dataset without further choices: the last one that has it, otherwise the first of all.

    >>> find_general_recipe("folder").name, find_general_recipe("cifar10").name
    ('folder-heads', 'digits-heads')
    """
    return next((recipe for recipe in reversed(_ALL) if recipe.spec.dataset == dataset), _ALL[0])


_COMPARED = [
    name for name, setting in SETTINGS.items() if setting.group != "head" and name not in ("data", "folder", "seed")
]


def recipe_of(spec: RunSpec) -> Recipe | None:
    """Return the recipe of a run: the one with its backbone from which the fewest hyperparameters differ.

    The dataset is one of them, so a recipe that is trained on another dataset stays that recipe. The hyperparameters
    of the head do not count, so all heads of a configuration have the same recipe. Of several, the one with a
    publication is preferred, then the first. If none has the backbone, such as a model of the user, it is the general
    recipe for the dataset; None for a run from elsewhere.
    """
    found: list[tuple[int, bool, int]] = []
    for index, recipe in enumerate(_ALL):
        references = _list_references(recipe.name, spec.dataset)
        counts = [count for reference in references if (count := _count_changes(spec, reference, recipe)) is not None]
        if counts:
            found.append((min(counts), recipe.publication is None, index))
    if found:
        return _ALL[min(found)[-1]]
    return None if spec.elsewhere else find_general_recipe(spec.dataset)


@cache
def _list_references(recipe_name: str, dataset: str) -> tuple[RunSpec, ...]:
    """Return the specs of a recipe for a dataset, one per backbone."""
    recipe = RECIPES[recipe_name]
    specs = [recipe.spec, *(recipe.spec_of(head) for head in recipe.settings)]
    return tuple({spec.backbone: spec.replace(dataset=dataset) for spec in reversed(specs)}.values())


def _count_changes(spec: RunSpec, reference: RunSpec, recipe: Recipe) -> int | None:
    """Return the number of hyperparameters that differ; None if the command of the recipe cannot train the run."""
    if spec.backbone != reference.backbone:
        return None
    changes = [name for name in _COMPARED if getattr(spec, name) != getattr(reference, name)]
    other_dataset = spec.dataset != recipe.spec.dataset
    if other_dataset and any(getattr(spec, name) is None for name in changes):
        return None  # no option of the command sets a hyperparameter to None
    return len(changes) + other_dataset


def list_overrides(spec: RunSpec) -> dict[str, Any]:
    """Return the hyperparameters of a run that differ from its recipe, without head and seed.

    A hyperparameter that is None in the run but not in the recipe is left out: no option can set it. The image size of
    a run with a model of the user is always included, because the command would choose that of the model.
    """
    defaults = _find_recipe(spec).spec_of(spec.head)
    return {
        name: value
        for name, value in spec.model_dump().items()
        if value is not None and name not in ("data", "head", "seed")
        if value != getattr(defaults, name) or (name == "side" and spec.model)
    }


def write_command(spec: RunSpec, heads: Sequence[str] = (), seeds: int = 1) -> str:
    """Return the command that trains a run, or several heads and `seeds` seeds starting with the seed of the run.

    >>> write_command(RunSpec(head="dense", seed=3, epochs=10))
    'headroom train --recipe digits-heads --heads dense --epochs 10 --seed 3'
    >>> write_command(RunSpec(dataset="kmnist"), ["gap", "dense"], 2)
    'headroom train --recipe kmnist-heads --heads gap,dense --seeds 2'
    >>> write_command(FOLDER_HEADS.spec.replace(folder="pets"))
    'headroom train --recipe folder-heads --heads gap --dataset pets'
    """
    if spec.elsewhere:
        return "headroom import FILE"
    words = ["headroom train", f"--recipe {_find_recipe(spec).name}", f"--heads {','.join(heads or [spec.head])}"]
    if seeds > 1:
        words.append(f"--seeds {seeds}")
    changes = list_overrides(spec)
    if spec.folder not in ("", *DATASETS):  # the name selects added images without --folder
        changes = {"dataset": changes.pop("folder")} | {name: changes[name] for name in changes if name != "dataset"}
    for name, value in changes.items():
        option = name.replace("_", "-")
        words.append(f"--{'' if value else 'no-'}{option}" if isinstance(value, bool) else f"--{option} {value}")
    if spec.seed:
        words.append(f"--seed {spec.seed}")
    return " ".join(words)


def _find_recipe(spec: RunSpec) -> Recipe:
    return recipe_of(spec) or _ALL[0]


def write_commands(specs: Iterable[RunSpec]) -> list[str]:
    """Return the fewest commands that train exactly these runs, without those that were trained elsewhere.

    >>> write_commands([RunSpec(head=head, seed=seed) for head in ("gap", "dense") for seed in (1, 2)])
    ['headroom train --recipe digits-heads --heads gap,dense --seeds 2 --seed 1']
    """
    seeds: dict[RunSpec, set[int]] = {}
    for spec in specs:
        if not spec.elsewhere:
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
