"""The Train page's choices: recipe, heads, knobs, and what they would cost."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.actions.dataset import fetch_data
from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.fetch import read_fetch
from core.displays.number import format_bytes
from core.errors import HeadroomError
from core.jobs.sweep_plan import list_members
from core.recipes import RECIPES
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, RunSpec
from core.ui import url, widget
from core.ui.access import act, offer, show_denial
from core.ui.errors import handle_errors
from core.ui.session import home
from core.ui.setting import ask, ask_values
from core.ui.train.upload import choose_folder

# Settings whose own names belong to widgets of other pages.
KEYS = {"augmentation": "augment", "side": "image_side"}
url.register(
    "recipe",
    "heads",
    "seeds",
    "sweep",
    "swept",
    *KEYS.values(),
    *(name for name in SETTINGS if name not in ("data", "head", *KEYS)),
)

_SEEDS = 2
_TRAINING = ("epochs", "batch_size", "learning_rate")
_FEW = ("patience", "augmentation", "loss", "l2", "kernel_size", "padding")  # for few: in a fold


@dataclass(frozen=True)
class Choice:
    """What is asked for: a spec for each head, seed and combination of the swept values, each once. `values` are those
    of the swept knobs, None where nothing is to be swept."""

    recipe: str
    specs: list[RunSpec]
    values: dict[str, list[Any]] | None


def choose_specs() -> Choice:
    """All the choices; there are no specs when no head is chosen or the data is not here.

    Every choice is in the URL while it differs from the recipe's.
    """
    recipe = RECIPES[widget.selectbox("Recipe", list(RECIPES), key="recipe", on_change=_follow_recipe)]
    st.caption(f"**{recipe.title}.** {recipe.question}")
    left, right = st.columns(2)
    with left:
        dataset = widget.selectbox(
            "Dataset",
            list(DATASETS),
            recipe.spec.dataset,
            write=lambda name: DATASETS[name].label,
            key="dataset",
            on_change=_use_all_images,
        )
    with right:
        backbone = widget.selectbox(
            "Backbone",
            list(BACKBONES),
            recipe.spec.backbone,
            write=lambda name: BACKBONES[name].label,
            key="backbone",
            help=BACKBONES[recipe.spec.backbone].summary,
        )
    heads = widget.pills(
        "Heads",
        list(HEADS),
        recipe.heads,
        write=lambda name: HEADS[name].label,
        key="heads",
        wrap=True,
        help="\n".join(f"- **{head.label}**: {head.summary}" for head in HEADS.values()),
    )
    folder = choose_folder() if "folder" in DATASETS[dataset].uses else ""
    if folder is None:
        return Choice(recipe.name, [], None)
    status = next(found for found in list_datasets(home()) if (found.name, found.folder) == (dataset, folder))
    swept = _choose_swept(dataset, backbone, heads)
    changes, values, seeds = _ask_settings(recipe.spec, status, backbone, heads, swept or ())
    nothing = Choice(recipe.name, [], None)
    if not (status.available or status.bundled):
        if DATASETS[dataset].added:
            st.info(f"{status.label} is not on this machine yet: `{status.how}`", icon=":material/download:")
        else:
            _offer_fetch(dataset, status.how)
        return nothing
    if not heads:
        st.warning("Expected at least one head; got none.")
        return nothing
    choice = {**changes, "dataset": dataset, "folder": folder, "backbone": backbone}
    try:
        specs = list_members(recipe, heads, range(seeds), values, choice)
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return nothing
    return Choice(recipe.name, specs, None if swept is None else values)


def _choose_swept(dataset: str, backbone: str, heads: list[str]) -> list[str] | None:
    """The knobs that several values are to be tried of; None when nothing is to be swept."""
    if not widget.toggle("Sweep", key="sweep", help="Train several values of some knobs, in every combination."):
        return None
    asked = [name for name in _list_used(dataset, backbone, heads) if name not in DATASETS[dataset].choices]
    names = [*_TRAINING, *asked, *_list_rare(backbone)]
    return widget.pills(
        "Swept knobs",
        names,
        (),
        write=lambda name: SETTINGS[name].label,
        key="swept",
        wrap=True,
        help="Each of them gets a list of values in place of its slider.",
    )


def _list_used(dataset: str, backbone: str, heads: list[str]) -> list[str]:
    users: list[Any] = [DATASETS[dataset], BACKBONES[backbone], *(HEADS[head] for head in heads)]
    return [name for name in SETTINGS if any(name in user.uses for user in users) and name not in (*_FEW, "folder")]


def _list_rare(backbone: str) -> list[str]:
    return [name for name in _FEW if name not in ("kernel_size", "padding") or name in BACKBONES[backbone].uses]


def _follow_recipe() -> None:
    """Another recipe brings its own start values. They are set, since a widget keeps its value under its name."""
    recipe = RECIPES[st.session_state["recipe"]]
    own = {name: value for name, value in recipe.spec.model_dump().items() if name not in ("head", "seed", "data")}
    del own["folder"]  # of whoever chose it
    own |= {key: own.pop(name) for name, key in KEYS.items()}
    for name, value in {**own, "heads": list(recipe.heads), "seeds": _SEEDS}.items():
        if name in st.session_state and (value is not None or name == "patience"):
            st.session_state[name] = value
    _use_all_images()


def _use_all_images() -> None:
    for name in ("train_images", "validation_images"):
        st.session_state.pop(name, None)


def _ask_settings(
    start: RunSpec, status: DatasetStatus, backbone: str, heads: list[str], swept: Collection[str]
) -> tuple[dict[str, Any], dict[str, list[Any]], int]:
    """The knobs that differ from the recipe's, the values of the swept ones, and the number of seeds."""
    used = _list_used(status.name, backbone, heads)
    lists: dict[str, list[Any]] = {}
    rows = _pair(len(swept))
    for name in swept:
        with next(rows):
            value = getattr(start, name)
            own = min(DATASETS[status.name].input_shape[:2]) if name == "side" and value is None else value
            lists[name] = ask_values(name, own) or [own]
    plain = [name for name in [*_TRAINING, *used] if name not in swept]
    places = _pair(len(plain) + 3)
    values: dict[str, Any] = {}
    for name in plain:
        with next(places):
            values[name] = _ask(name, start, status)
    with next(places):
        seeds = widget.slider(
            "Seeds", 1, 10, _SEEDS, key="seeds", help="Runs a head: the spread between them is the ±."
        )
    for name in ("train_images", "validation_images"):
        if name in _list_counts(start, status):
            with next(places):
                values[name] = _ask_images(name, getattr(start, name), status)
    with st.expander("More knobs", icon=":material/tune:"):
        rare = [name for name in _list_rare(backbone) if name not in swept]
        more = _pair(len(rare))
        for name in rare:
            with next(more):
                values[name] = ask(name, getattr(start, name), key=KEYS.get(name))
    return {name: value for name, value in values.items() if value != getattr(start, name)}, lists, seeds


def _ask(name: str, start: RunSpec, status: DatasetStatus) -> Any:
    choices = DATASETS[status.name].choices.get(name)
    value = getattr(start, name)
    if choices:
        return widget.selectbox(SETTINGS[name].label, list(choices), value, key=name, help=SETTINGS[name].help)
    if name == "side":
        return ask(name, value or min(DATASETS[status.name].input_shape[:2]), key=KEYS["side"])
    return ask(name, value)


def _list_counts(start: RunSpec, status: DatasetStatus) -> list[str]:
    """The numbers of images to ask for: none while it is not known how many there are."""
    if not status.train_count:
        return []
    own = bool(status.validation_count) or start.validation_images is not None
    return ["train_images", "validation_images"] if own else ["train_images"]


def _ask_images(name: str, start: int | None, status: DatasetStatus) -> int | None:
    """None stands for all; a recipe that wants more than there are begins with all."""
    assert status.train_count is not None
    own = status.validation_count
    most = status.train_count - own if name == "train_images" else own or status.train_count // 2
    low = min(int(SETTINGS[name].low or 1), most)
    if low == most:
        return None
    begin = most if start is None else min(start, most)
    step = max(1, min(100, most // 20))
    chosen = widget.slider(SETTINGS[name].label, low, most, begin, step, key=name, help=SETTINGS[name].help)
    return None if start is None and chosen >= most else chosen


def _pair(count: int) -> Iterator[DeltaGenerator]:
    """Places two in a row, one below the other in their order where the screen is narrow."""
    for _ in range(0, count, 2):
        yield from st.columns(2)


@st.fragment(run_every=1.0)
def _offer_fetch(dataset: str, how: str) -> None:
    with handle_errors():
        _show_fetch(dataset, how)


def _show_fetch(dataset: str, how: str) -> None:
    """The dataset is not here: a button to fetch it, its progress, and what to do when that fails."""
    label = DATASETS[dataset].label
    progress = read_fetch(home(), dataset)
    if progress and progress.alive:
        total = progress.total_bytes
        share = min((progress.done_bytes or 0) / total, 1.0) if total else 0.0
        st.progress(share, f"{label}: {progress.phase}, {format_bytes(progress.done_bytes or 0)}")
        return
    if progress and not progress.error and progress.phase == "done":
        st.rerun()
    st.info(f"{label} is not on this machine yet.", icon=":material/download:")
    if progress and progress.error:
        st.error(progress.error)
    pressed = offer(fetch_data, f"Fetch {label}", help=how, type="primary")
    if show_denial(fetch_data) and pressed:
        act(fetch_data, dataset)
        st.rerun(scope="fragment")
