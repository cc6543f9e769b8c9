"""The Augmentation page: a pipeline over five epochs, and every transform by itself."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.augment.pipeline import Pipeline
from core.augment.preview import EPOCHS
from core.augment.transform import Transform
from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.dataset_key import key_of, label_of
from core.datasets.dataset_view import open_view, read_info
from core.displays.image_strip import Row, build_strip
from core.errors import HeadroomError, SpecError
from core.recipes import RECIPES
from core.spec import DATASETS, SETTINGS, TRANSFORMS, RunSpec
from core.transform_step import TransformStep, write_steps
from core.ui import url, widget
from core.ui.session import chosen_comparison, home

url.register("augment_seed", "data", "first", "augmentation")

_SHOWN = 6
_SHOWN_SMALL = 3
_PUBLISHED = "celeba-heads"
_TEXT, _STEPS = "augmentation", "steps"


@dataclass(frozen=True)
class PickedImages:
    """Training images to show as they are stored, uint8 of shape (images, height, width, channels).

    `first` is the place of the first in the training split, `side` that of the images that the model sees, `start`
    the text of the pipeline to begin with, and `key` names the images for what is kept of them.
    """

    spec: RunSpec
    recipe: str
    images: NDArray[np.uint8]
    first: int
    side: int
    start: str
    key: str

    def say(self, what: str) -> list[str]:
        """A text for each image, for those who do not see it."""
        return [f"training image {self.first + place}, {what}" for place in range(len(self.images))]

    @property
    def size(self) -> str:
        return _write_size(self.images[0])


def pick_images() -> PickedImages | None:
    """The dataset and where in its training split the strip begins; both in the URL. None when it cannot be shown."""
    begin = _begin()
    found = {status.label: status for status in list_datasets(home())}
    here = [label for label, status in found.items() if status.available or status.bundled]
    usual = label_of(key_of(begin.dataset, begin.folder))
    left, right, _ = st.columns([2, 2, 3], vertical_alignment="bottom")
    with left:
        start = usual if usual in here else here[0]
        label = widget.selectbox(
            "Dataset", list(found), start, key="data", help="Any; those that are not here say how."
        )
    if label not in here:
        _say_absent(found[label])
        return None
    spec, recipe = _spec_of(begin, found[label])
    try:
        view = open_view(home(), spec, native=True)
        side = read_info(home(), spec).input_shape[0]
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return None
    with right:
        most = max(0, view.info.train_count - _SHOWN)
        first = widget.number(
            "First image", 0, most, key="first", help="Its place in the training split; those after it follow."
        )
    images = np.array(view.train_images[first : first + _SHOWN])
    return PickedImages(spec, recipe, images, first, side, begin.augmentation, f"{view.info.fingerprint} {first}")


def _begin() -> RunSpec:
    """The chosen comparison where it augments its images; else the published pipeline, over the bundled digits."""
    published = RunSpec(augmentation=RECIPES[_PUBLISHED].spec.augmentation)
    try:
        comparison = chosen_comparison()
    except HeadroomError:  # the pages of the report say what is wrong with it
        return published
    spec = comparison.first.spec if comparison else published
    return spec if spec.augmentation else published


def _say_absent(status: DatasetStatus) -> None:
    """What to do about a dataset that is not here."""
    if status.problem:
        st.error(status.problem, icon=":material/error:")
    else:
        st.info(f"{status.label} is not on this machine yet. Get it with: `{status.how}`", icon=":material/download:")
        if not DATASETS[status.name].added:
            st.page_link("pages/train.py", label="Fetch it on the Train page", icon=":material/model_training:")


def _spec_of(begin: RunSpec, status: DatasetStatus) -> tuple[RunSpec, str]:
    """A spec over a dataset, and the recipe whose it is; of several recipes the last, which is the most general."""
    recipe = next(recipe for recipe in reversed(list(RECIPES.values())) if recipe.spec.dataset == status.name)
    if (begin.dataset, begin.folder) == (status.name, status.folder) and begin.side is not None:
        return begin.replace(data=""), recipe.name
    return recipe.spec.replace(folder=status.folder), recipe.name


# The pipeline. Its text is what counts and stands in the URL; the other widgets write it, and follow it.


@st.fragment
def show_pipeline(chosen: PickedImages) -> None:
    """The same images in five epochs, under a pipeline that is picked or typed."""
    st.subheader("What training sees", anchor=False)
    picker, strengths = st.container(), st.container()
    left, right = st.columns([4, 1])
    with left:
        text = widget.text(
            "Pipeline",
            chosen.start,
            key=_TEXT,
            help=f"{SETTINGS['augmentation'].help} Type it here or pick it above; without a number a transform has its "
            "usual strength.",
        )
    with right:
        most = int(SETTINGS["seed"].high or 0)
        seed = widget.number("Seed", 0, most, key="augment_seed", help="The training's own.")
    try:
        pipeline = Pipeline.parse("".join(text.split()))
    except SpecError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state[_STEPS] = [step.name for step in pipeline.steps]
    drawn = [name for name, entry in TRANSFORMS.items() if entry.strength]
    picker.multiselect(
        "Transforms, in their order",
        drawn,
        format_func=lambda name: TRANSFORMS[name].label,
        key=_STEPS,
        on_change=_write_text,
        placeholder="None: training sees the same image in every epoch",
    )
    if pipeline.steps:
        columns = strengths.columns(max(3, len(pipeline.steps)))
        for column, step in zip(columns, pipeline.steps, strict=False):
            with column:
                _ask_strength(step)
    st.html(_draw_pipeline(chosen.key, pipeline.text, seed, chosen.side, chosen))
    st.caption(
        f"First row: {len(chosen.images)} training images as they are stored ({chosen.size} pixels). Below: exactly "
        f"what training with seed {seed} sees of them in its epochs 1 to {EPOCHS}, at {chosen.side}×{chosen.side} "
        "pixels. What becomes of an image follows from the seed, the epoch and its place in the training split alone."
    )
    folder = f" --folder {chosen.spec.folder}" if chosen.spec.folder else ""
    st.code(
        f'python -m core train --recipe {chosen.recipe}{folder} --seed {seed} --augmentation "{pipeline.text}"',
        language="bash",
        wrap_lines=True,
    )


def _ask_strength(step: TransformStep) -> None:
    entry = TRANSFORMS[step.name]
    scale = entry.strength
    assert scale
    key = f"strength-{step.name}"
    st.session_state[key] = step.strength
    unit = f" ({scale.unit})" if scale.unit else ""
    st.slider(
        f"{entry.label}{unit}",
        float(scale.low),
        float(scale.high),
        step=float(scale.step),
        format="%g",
        key=key,
        on_change=_write_text,
        help=scale.help,
    )


def _write_text() -> None:
    """From what is picked to the text."""
    steps = []
    for name in st.session_state[_STEPS]:
        scale = TRANSFORMS[name].strength
        assert scale
        steps.append(TransformStep(name, st.session_state.get(f"strength-{name}", scale.default)))
    st.session_state[_TEXT] = write_steps(steps)


@st.cache_data(show_spinner=False, max_entries=64)
def _draw_pipeline(key: str, text: str, seed: int, side: int, _chosen: PickedImages) -> str:
    images, indices = _chosen.images, range(_chosen.first, _chosen.first + len(_chosen.images))
    rows = [Row("original", list(images), _chosen.say("original"))]
    for epoch in range(1, EPOCHS + 1):
        seen = Pipeline.parse(text).augment_batch(images, indices, seed=seed, epoch=epoch, side=side)
        rows.append(Row(f"epoch {epoch}", list(seen), _chosen.say(f"epoch {epoch}")))
    return build_strip(rows)


# One transform at a time


def show_transforms(chosen: PickedImages) -> None:
    """Every transform with a slider: original above, result below."""
    st.subheader("One transform at a time", anchor=False)
    st.caption("Nothing is random here: above the images as they are stored, below what the transform makes of them.")
    entries = list(TRANSFORMS.values())
    for start in range(0, len(entries), 3):
        for column, entry in zip(st.columns(3, gap="large"), entries[start : start + 3], strict=False):
            with column:
                _show_transform(chosen, entry.name)


@st.fragment
def _show_transform(chosen: PickedImages, name: str) -> None:
    entry = TRANSFORMS[name]
    amount = _ask_amount(entry)
    html, size = _draw_transform(chosen.key, name, amount, chosen)
    st.html(html)
    here = [] if entry.amount.is_switch else [entry.amount.write(amount)]
    here += [f"{chosen.size} → {size} pixels"] if size != chosen.size else []
    st.caption(" ".join([entry.summary, *([f"Here: {'; '.join(here)}."] if here else [])]))


def _ask_amount(entry: Transform) -> float:
    scale, key = entry.amount, f"amount-{entry.name}"
    if scale.is_switch:
        return float(st.toggle(entry.label, bool(scale.default), key=key, help=entry.details))
    unit = f" ({scale.unit})" if scale.unit else ""
    return st.slider(
        f"{entry.label}{unit}",
        float(scale.low),
        float(scale.high),
        float(scale.default),
        float(scale.step),
        format="%g",
        key=key,
        help=entry.details,
    )


@st.cache_data(show_spinner=False, max_entries=512)
def _draw_transform(key: str, name: str, amount: float, _chosen: PickedImages) -> tuple[str, str]:
    """The strip, and the size of a result."""
    entry, images = TRANSFORMS[name], list(_chosen.images[:_SHOWN_SMALL])
    results = [entry.apply(image, amount) for image in images]
    said = f"{entry.label.lower()} {entry.amount.write(amount)}"
    rows = [
        Row("original", images, _chosen.say("original")[:_SHOWN_SMALL]),
        Row("result", results, _chosen.say(said)[:_SHOWN_SMALL]),
    ]
    return build_strip(rows, labels=False), _write_size(results[0])


def _write_size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}×{image.shape[0]}"
