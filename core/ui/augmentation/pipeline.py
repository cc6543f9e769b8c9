"""Augmentation pipeline: its editor, and the same training images in several epochs.

The text field holds the pipeline and is part of the URL. The other widgets write the text and are set from it.
"""

import streamlit as st

from core.augment.pipeline import Pipeline
from core.augment.preview import EPOCHS
from core.displays.image_strip import Row, build_strip
from core.displays.markdown import escape_markdown
from core.errors import SpecError
from core.home import describe_error
from core.recipes import RECIPES
from core.spec import SETTINGS, TRANSFORMS
from core.transform_step import TransformStep, write_steps
from core.ui import url, widget
from core.ui.augmentation.images import SelectedImages
from core.ui.errors import callback

url.register("augment_seed", "augmentation")

_TEXT, _STEPS = "augmentation", "steps"


@st.fragment
def show_pipeline(selected: SelectedImages) -> None:
    """Show the pipeline editor and the augmented images of several epochs."""
    st.header("Augmented training images", anchor=False)
    step_picker, strengths = st.container(), st.container()
    left, right = st.columns([4, 1])
    with left:
        text = widget.text(
            "Pipeline",
            selected.pipeline,
            key=_TEXT,
            help=f"{SETTINGS['augmentation'].help} Select transforms above, or type the pipeline here. A transform "
            "without a number has its default strength.",
        )
    with right:
        max_seed = int(SETTINGS["seed"].high or 0)
        seed = widget.number("Seed", 0, max_seed, key="augment_seed", help="Random seed of the training run.")
    try:
        pipeline = Pipeline.parse("".join(text.split()))
    except SpecError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return
    st.session_state[_STEPS] = [step.name for step in pipeline.steps]
    random_transforms = [name for name, entry in TRANSFORMS.items() if entry.strength]
    step_picker.multiselect(
        "Transforms, in order",
        random_transforms,
        format_func=lambda name: TRANSFORMS[name].label,
        key=_STEPS,
        on_change=_write_text,
        placeholder="No augmentation: the images are the same in every epoch",
    )
    if pipeline.steps:
        columns = strengths.columns(max(3, len(pipeline.steps)))
        for column, step in zip(columns, pipeline.steps, strict=False):
            with column:
                _show_strength(step)
    st.html(_draw_pipeline(selected.key, pipeline.text, seed, selected.side, selected))
    st.caption(
        f"First row: {len(selected.images)} original training images ({selected.size} pixels). Other rows: the same "
        f"images as a training run with seed {seed:d} receives them in epochs 1 to {EPOCHS} "
        f"({selected.side}×{selected.side} pixels). The result depends only on the seed, the epoch and the index of "
        "the image in the training split."
    )
    spec, recipe = selected.spec, RECIPES[selected.recipe]
    own = spec.dataset == recipe.spec.dataset and not spec.folder
    dataset = "" if own else f" --dataset {spec.folder or spec.dataset}"
    st.code(
        f'headroom train --recipe {recipe.name}{dataset} --seed {seed} --augmentation "{pipeline.text}"',
        language="bash",
        wrap_lines=True,
    )


def _show_strength(step: TransformStep) -> None:
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


@callback
def _write_text() -> None:
    """Write the selected transforms and strengths to the text field."""
    steps = []
    for name in st.session_state[_STEPS]:
        scale = TRANSFORMS[name].strength
        assert scale
        steps.append(TransformStep(name, st.session_state.get(f"strength-{name}", scale.default)))
    st.session_state[_TEXT] = write_steps(steps)


@st.cache_data(show_spinner=False, max_entries=64)
def _draw_pipeline(key: str, text: str, seed: int, side: int, _selected: SelectedImages) -> str:
    images, indices = _selected.images, range(_selected.first, _selected.first + len(_selected.images))
    rows = [Row("original", list(images), _selected.describe("original"))]
    for epoch in range(1, EPOCHS + 1):
        augmented = Pipeline.parse(text).augment_batch(images, indices, seed=seed, epoch=epoch, side=side)
        rows.append(Row(f"epoch {epoch}", list(augmented), _selected.describe(f"epoch {epoch}")))
    return build_strip(rows)
