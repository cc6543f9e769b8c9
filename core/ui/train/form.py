"""Form of the Train page: recipe, dataset, backbone, heads and hyperparameters."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.datasets.cache import DatasetStatus, list_datasets
from core.displays.markdown import escape_markdown, write_code
from core.displays.recipe_text import describe_head_settings
from core.errors import HeadroomError
from core.home import describe_error
from core.jobs.sweep_plan import list_members
from core.recipes import RECIPES
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, RunSpec
from core.store.setting_text import describe_value
from core.ui import url, widget
from core.ui.data.download import follow_download
from core.ui.data.notice import show_data_notice
from core.ui.data.upload import choose_folder
from core.ui.errors import callback
from core.ui.session import home
from core.ui.setting import URL_NAMES, choose_setting, choose_setting_values, list_problems_of, show_problems
from core.ui.train.differences import list_recipe_differences, reset_settings, show_recipe_differences, use_all_images
from core.ui.train.evaluation import show_evaluation
from core.ui.train.model_choice import choose_own_model

url.register(
    "recipe",
    "heads",
    "seeds",
    "sweep",
    "sweep_settings",
    *URL_NAMES.values(),
    *(name for name in SETTINGS if name not in ("data", "head", *URL_NAMES)),
)

_DEFAULT_SEEDS = 3
_NAMED = ("folder", "model", "cut")  # of the user's own images and models; no recipe sets them
_TRAINING = ("epochs", "batch_size", "learning_rate")
_ADVANCED = (
    "patience", "keep", "augmentation", "loss", "from_logits", "l1", "l2", "kernel_size", "padding", "strides",
    "pooling", "pool_size", "pool_stride", "pool_padding", "trained_stages",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Selected configurations.

    Attributes:
        specs: One spec per head, seed and combination of sweep values, without duplicates.
        values: Values of the hyperparameters to sweep; None without a sweep.
        problem: Why there are no specs, if it is not a missing dataset or head.
        next_step: What to do first when there are no specs.
    """

    recipe: str
    specs: list[RunSpec]
    values: dict[str, list[Any]] | None
    problem: str = ""
    next_step: str = "Select an available dataset and at least one head."


def choose_configurations() -> Choice:
    """Show the form and return the selected configurations.

    Without a head or an available dataset there are no specs. Values that differ from the recipe are part of the URL.
    """
    recipe = RECIPES[widget.selectbox("Recipe", list(RECIPES), key="recipe", on_change=_follow_recipe)]
    st.caption(f"**{recipe.title}.** {recipe.question}")
    differing = st.container()
    left, right = st.columns(2)
    with left:
        dataset = widget.selectbox(
            "Dataset",
            list(DATASETS),
            recipe.spec.dataset,
            format_func=lambda name: DATASETS[name].label,
            key="dataset",
            on_change=callback(use_all_images),
        )
    with right:
        backbone = widget.selectbox(
            "Backbone",
            list(BACKBONES),
            recipe.spec.backbone,
            format_func=lambda name: BACKBONES[name].label,
            key="backbone",
            help=BACKBONES[recipe.spec.backbone].summary,
        )
    heads = widget.pills(
        "Heads",
        list(HEADS),
        recipe.heads,
        format_func=lambda name: HEADS[name].label,
        key="heads",
        help="\n".join(f"- **{head.label}**: {head.summary}" for head in HEADS.values()),
    )
    if texts := " ".join(text for head in heads if (text := describe_head_settings(recipe, head))):
        st.caption(f"In this recipe: {escape_markdown(texts)} The values below replace these only if you change them.")
    folder = choose_folder() if "folder" in DATASETS[dataset].uses else ""
    if folder is None:
        return Choice(recipe.name, [], None)
    own: dict[str, Any] | None = choose_own_model() if "model" in BACKBONES[backbone].uses else {}
    if own is None:
        return Choice(recipe.name, [], None, next_step="Select a model, or add one.")
    status = next(found for found in list_datasets(home()) if (found.name, found.folder) == (dataset, folder))
    show_data_notice(status)
    if own and (status.available or status.bundled):
        show_evaluation(own["model"], status)
    sweep_settings = _choose_sweep_settings(dataset, backbone, heads)
    initial = recipe.find_initial(heads)
    changes, values, seeds = _choose_settings(initial, status, backbone, heads, sweep_settings or ())
    with differing:
        selected = {"dataset": dataset, "backbone": backbone, "heads": heads, **changes}
        show_recipe_differences(list_recipe_differences(recipe, initial, selected))
    empty = Choice(recipe.name, [], None)
    if not (status.available or status.bundled):
        if DATASETS[dataset].added:
            st.info(
                f"{escape_markdown(status.label)} is not available. Add it with: {write_code(status.next_step)}",
                icon=":material/download:",
            )
        else:
            st.caption(escape_markdown(f"{status.summary} Licence: {status.licence}. {status.citation}"))
            follow_download(dataset, status.next_step)
        return empty
    if not heads:
        st.warning("Select at least one head.")
        return empty
    choice = {**changes, **own, "dataset": dataset, "folder": folder}
    if backbone != recipe.spec.backbone:
        choice["backbone"] = backbone
    try:
        specs = list_members(recipe, heads, range(seeds), values, choice)
    except HeadroomError as error:
        problem, fields = describe_error(error), {name: [value] for name, value in changes.items()} | values
        if not any(problem in list_problems_of(name, given) for name, given in fields.items()):  # else at the field
            st.error(escape_markdown(problem), icon=":material/error:")
        return Choice(recipe.name, [], None, problem)
    return Choice(recipe.name, specs, None if sweep_settings is None else values)


def _choose_sweep_settings(dataset: str, backbone: str, heads: list[str]) -> list[str] | None:
    """Show the sweep toggle and return the hyperparameters to sweep; None without a sweep."""
    if not widget.toggle("Sweep", key="sweep", help="Train every combination of several hyperparameter values."):
        return None
    used = [name for name in _list_used(dataset, backbone, heads) if name not in DATASETS[dataset].choices]
    names = [*_TRAINING, *used, *_list_advanced(backbone)]
    return widget.pills(
        "Hyperparameters to sweep",
        names,
        (),
        format_func=lambda name: SETTINGS[name].label,
        key="sweep_settings",
        help="Each selected hyperparameter has a list of values instead of a slider.",
    )


def _list_used(dataset: str, backbone: str, heads: list[str]) -> list[str]:
    parts: list[Any] = [DATASETS[dataset], BACKBONES[backbone], *(HEADS[head] for head in heads)]
    return [name for name in SETTINGS if any(name in part.uses for part in parts) and name not in (*_ADVANCED, *_NAMED)]


def _list_advanced(backbone: str) -> list[str]:
    return [name for name in _ADVANCED if SETTINGS[name].group != "backbone" or name in BACKBONES[backbone].uses]


@callback
def _follow_recipe() -> None:
    """Set all widgets to the values of the selected recipe, because a widget keeps its value under its key."""
    reset_settings([name for name in SETTINGS if name not in ("head", "seed", "data", *_NAMED)] + ["heads"])
    if "seeds" in st.session_state:
        st.session_state["seeds"] = _DEFAULT_SEEDS


def _choose_settings(
    initial: RunSpec, status: DatasetStatus, backbone: str, heads: list[str], sweep_settings: Collection[str]
) -> tuple[dict[str, Any], dict[str, list[Any]], int]:
    """Return the settings that differ from the recipe, the values to sweep, and the number of seeds."""
    used = _list_used(status.name, backbone, heads)
    lists: dict[str, list[Any]] = {}
    cells = _create_cells(len(sweep_settings))
    for name in sweep_settings:
        with next(cells):
            value = getattr(initial, name)
            if name == "side" and value is None:
                value = min(DATASETS[status.name].input_shape[:2])
            lists[name] = choose_setting_values(name, value) or [value]
    plain = [name for name in [*_TRAINING, *used] if name not in sweep_settings]
    cells = _create_cells(len(plain) + 3)
    values: dict[str, Any] = {}
    for name in plain:
        with next(cells):
            values[name] = _choose_setting(name, initial, status)
            show_problems(name, [values[name]])
    with next(cells):
        seeds = widget.slider(
            "Seeds",
            1,
            10,
            _DEFAULT_SEEDS,
            key="seeds",
            help="Number of random seeds per head. ± is the standard deviation across seeds. Fewer than three are "
            "rarely enough for a conclusion.",
        )
    for name in ("train_images", "validation_images"):
        if name in _list_image_counts(initial, status):
            with next(cells):
                values[name] = _choose_image_count(name, getattr(initial, name), status)
    advanced = [name for name in _list_advanced(backbone) if name not in sweep_settings]
    with st.expander("Advanced settings", _is_invalid(advanced), icon=":material/tune:"):
        cells = _create_cells(len(advanced))
        for name in advanced:
            with next(cells):
                values[name] = choose_setting(name, getattr(initial, name), key=URL_NAMES.get(name))
                show_problems(name, [values[name]])
    return {name: value for name, value in values.items() if value != getattr(initial, name)}, lists, seeds


def _is_invalid(names: list[str]) -> bool:
    """Return whether the text of a setting, or its value in the link, is not allowed."""
    keys = {name: URL_NAMES.get(name, name) for name in names if SETTINGS[name].kind is str}
    texts = {name: st.session_state.get(key, st.query_params.get(key)) for name, key in keys.items()}
    return any(list_problems_of(name, [text]) for name, text in texts.items() if text is not None)


def _choose_setting(name: str, initial: RunSpec, status: DatasetStatus) -> Any:
    choices = DATASETS[status.name].choices.get(name)
    value = getattr(initial, name)
    if choices:
        return widget.selectbox(
            SETTINGS[name].label, list(choices), value, format_func=partial(describe_value, name), key=name,
            help=SETTINGS[name].help,
        )  # fmt: skip
    if name == "side":
        return choose_setting(name, value or min(DATASETS[status.name].input_shape[:2]), key=URL_NAMES["side"])
    return choose_setting(name, value)


def _list_image_counts(initial: RunSpec, status: DatasetStatus) -> list[str]:
    """Return the settings for numbers of images; empty while the size of the dataset is unknown."""
    if not _count_training(status):
        return []
    has_validation = bool(status.validation_count) or initial.validation_images is not None
    return ["train_images", "validation_images"] if has_validation else ["train_images"]


def _count_training(status: DatasetStatus) -> int:
    """Return the size of the training split, also before a bundled dataset is used for the first time."""
    return status.train_count or (DATASETS[status.name].official_counts[0] if status.bundled else 0)


def _choose_image_count(name: str, initial: int | None, status: DatasetStatus) -> int | None:
    """Return the selected number of images, at most the size of the dataset; None for all images."""
    count, validation = _count_training(status), status.validation_count
    high = count - validation if name == "train_images" else validation or count // 2
    low = min(int(SETTINGS[name].low or 1), high)
    if low == high:
        return None
    value = high if initial is None else min(initial, high)
    step = max(1, min(100, high // 20))
    st.session_state[f"all {name}"] = high  # what the reset of this setting selects
    selected = widget.slider(SETTINGS[name].label, low, high, value, step, key=name, help=SETTINGS[name].help)
    return None if initial is None and selected >= high else selected


def _create_cells(count: int) -> Iterator[DeltaGenerator]:
    """Create cells for widgets, two per row; on a narrow screen they are stacked in order."""
    for _ in range(0, count, 2):
        yield from st.columns(2)
