"""Source and training settings of a recipe as text."""

from core.datasets.dataset import Dataset
from core.plural import format_plural
from core.recipe import Publication, Recipe
from core.spec import BACKBONES, DATASETS, HEADS, TRANSFORMS, RunSpec
from core.store.setting_text import describe_setting
from core.transform_step import read_steps

_LOSSES = {
    "categorical": "categorical cross-entropy with one-hot labels",
    "sparse": "sparse categorical cross-entropy with integer labels",
    "binary": "binary cross-entropy from one logit",
}


def write_source(publication: Publication) -> str:
    """Return author, title, website or publisher, and date in one line."""
    parts = [publication.author, f"“{publication.title}”", publication.published_in, publication.date]
    remark = f" ({publication.remark})" if publication.remark else ""
    return f"{', '.join(part for part in parts if part)}{remark}"


def list_training(recipe: Recipe) -> list[str]:
    """Return the training settings of a recipe as sentences, derived from its spec."""
    spec = recipe.spec
    dataset: Dataset = DATASETS[spec.dataset]
    sentences = [
        f"Adam with learning rate {spec.learning_rate:g} minimizes the {_LOSSES[spec.loss]}{_write_penalties(spec)}.",
        f"{describe_setting('epochs', spec.epochs)} with {format_plural(spec.batch_size, 'image')} per step"
        + (f", then {recipe.more_epochs} more from where it stopped." if recipe.more_epochs else "."),
        _write_images(spec, dataset),
    ]
    if spec.augmentation:
        steps = read_steps(spec.augmentation, TRANSFORMS)
        names = ", ".join(TRANSFORMS[step.name].label.lower() for step in steps)
        sentences.append(f"Random transforms of the training images: {names}.")
    if spec.frozen:
        sentences.append("The backbone has ImageNet weights that are not trained.")
    return sentences + [describe_head_settings(recipe, head) for head in recipe.settings]


def describe_head_settings(recipe: Recipe, head: str) -> str:
    """Return the hyperparameters of a head that the recipe specifies for this head only; otherwise empty."""
    settings = recipe.settings.get(head, {})
    parts = [
        f"backbone: {BACKBONES[value].label[0].lower()}{BACKBONES[value].label[1:]}"
        if name == "backbone"
        else describe_setting(name, value)
        for name, value in settings.items()
    ]
    return f"{HEADS[head].label}: {', '.join(parts)}." if parts else ""


def _write_penalties(spec: RunSpec) -> str:
    parts = [describe_setting(name, getattr(spec, name)) for name in ("l1", "l2") if getattr(spec, name)]
    return f" with {' and '.join(parts)}" if parts else ""


def _write_images(spec: RunSpec, dataset: Dataset) -> str:
    train = "All training images" if spec.train_images is None else f"{spec.train_images:,} training images"
    if spec.validation_images is None:
        return f"{train}; the last {spec.validation_fraction:.0%} of them are for validation."
    return f"{train}; {spec.validation_images:,} images are for validation."
