"""The Train page's choices: recipe, heads, knobs, and what they would cost."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.architecture.model import Model
from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.fetch import read_fetch, start_fetch
from core.datasets.split import compute_split
from core.datasets.view import read_info
from core.displays.number import format_bytes, format_count, format_plural, format_seconds, format_short
from core.errors import HeadroomError
from core.jobs.estimate import estimate_seconds
from core.jobs.local import read_slots
from core.jobs.queue import JobQueue
from core.jobs.submit import check, submit_all
from core.recipes import RECIPES
from core.spec import BACKBONES, DATASETS, HEADS, KNOBS, RunSpec
from core.ui import link
from core.ui.frame import errors_as_sentences
from core.ui.knobs import ask
from core.ui.show import show_frame
from core.ui.state import choose_offer_of, home, store
from core.ui.upload import choose_folder

_SEEDS = 2
_SIDE = "image_side"  # the calculator has a side of its own
_TRAINING = ("epochs", "batch_size", "learning_rate")
_FEW = ("patience", "augmentation", "loss", "l2", "kernel_size", "padding")  # for few: in a fold


def choose_specs() -> list[RunSpec]:
    """All the choices; returns a spec for each head and seed, none when no head is chosen or the data is not here.

    Every choice is in the URL while it differs from the recipe's.
    """
    recipe = RECIPES[link.selectbox("Recipe", list(RECIPES), key="recipe", on_change=_follow_recipe)]
    st.caption(f"**{recipe.title}.** {recipe.question}")
    left, right = st.columns(2)
    with left:
        dataset = link.selectbox(
            "Dataset",
            list(DATASETS),
            recipe.spec.dataset,
            write=lambda name: DATASETS[name].label,
            key="dataset",
            on_change=_use_all_images,
        )
    with right:
        backbone = link.selectbox(
            "Backbone",
            list(BACKBONES),
            recipe.spec.backbone,
            write=lambda name: BACKBONES[name].label,
            key="backbone",
            help=BACKBONES[recipe.spec.backbone].summary,
        )
    heads = link.pills(
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
        return []
    status = next(found for found in list_datasets(home()) if (found.name, found.folder) == (dataset, folder))
    changes, seeds = _ask_knobs(recipe.spec, status, backbone, heads)
    if not (status.here or status.bundled):
        if DATASETS[dataset].added:
            st.info(f"{status.label} is not on this machine yet: `{status.how}`", icon=":material/download:")
        else:
            _offer_fetch(dataset, status.how)
        return []
    if not heads:
        st.warning("Expected at least one head; got none.")
        return []
    choice = {**changes, "dataset": dataset, "folder": folder, "backbone": backbone}
    try:
        return [recipe.spec_of(head, {**choice, "seed": seed}) for seed in range(seeds) for head in heads]
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return []


def _follow_recipe() -> None:
    """Another recipe brings its own start values. They are set, since a widget keeps its value under its name."""
    recipe = RECIPES[st.session_state["recipe"]]
    own = {name: value for name, value in recipe.spec.model_dump().items() if name not in ("head", "seed", "data")}
    del own["folder"]  # of whoever chose it
    own["augment"], own[_SIDE] = own.pop("augmentation"), own.pop("side")
    for name, value in {**own, "heads": list(recipe.heads), "seeds": _SEEDS}.items():
        if name in st.session_state and (value is not None or name == "patience"):
            st.session_state[name] = value
    _use_all_images()


def _use_all_images() -> None:
    for name in ("train_images", "validation_images"):
        st.session_state.pop(name, None)


def _ask_knobs(start: RunSpec, status: DatasetStatus, backbone: str, heads: list[str]) -> tuple[dict[str, Any], int]:
    """The knobs that differ from the recipe's, and the number of seeds."""
    users: list[Any] = [DATASETS[status.name], BACKBONES[backbone], *(HEADS[head] for head in heads)]
    used = [name for name in KNOBS if any(name in user.uses for user in users) and name not in (*_FEW, "folder")]
    places = _pair(len(used) + len(_TRAINING) + 3)
    values: dict[str, Any] = {}
    for name in [*_TRAINING, *used]:
        with next(places):
            values[name] = _ask(name, start, status)
    with next(places):
        seeds = link.slider("Seeds", 1, 10, _SEEDS, key="seeds", help="Runs a head: the spread between them is the ±.")
    for name in ("train_images", "validation_images"):
        if name in _list_counts(start, status):
            with next(places):
                values[name] = _ask_images(name, getattr(start, name), status)
    with st.expander("More knobs", icon=":material/tune:"):
        rare = [name for name in _FEW if name not in ("kernel_size", "padding") or name in BACKBONES[backbone].uses]
        more = _pair(len(rare))
        for name in rare:
            with next(more):
                values[name] = ask(name, getattr(start, name), key="augment" if name == "augmentation" else None)
    return {name: value for name, value in values.items() if value != getattr(start, name)}, seeds


def _ask(name: str, start: RunSpec, status: DatasetStatus) -> Any:
    choices = DATASETS[status.name].choices.get(name)
    value = getattr(start, name)
    if choices:
        return link.selectbox(KNOBS[name].label, list(choices), value, key=name, help=KNOBS[name].help)
    if name == "side":
        return ask(name, value or min(DATASETS[status.name].input_shape[:2]), key=_SIDE)
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
    low = min(int(KNOBS[name].low or 1), most)
    if low == most:
        return None
    begin = most if start is None else min(start, most)
    step = max(1, min(100, most // 20))
    chosen = link.slider(KNOBS[name].label, low, most, begin, step, key=name, help=KNOBS[name].help)
    return None if start is None and chosen >= most else chosen


def _pair(count: int) -> Iterator[DeltaGenerator]:
    """Places two in a row, one below the other in their order where the screen is narrow."""
    for _ in range(0, count, 2):
        yield from st.columns(2)


@st.fragment(run_every=1.0)
def _offer_fetch(dataset: str, how: str) -> None:
    with errors_as_sentences():
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
    if st.button(f"Fetch {label}", help=how, type="primary"):
        start_fetch(home(), dataset)
        st.rerun(scope="fragment")


def show_start(specs: list[RunSpec]) -> None:
    """Parameters and time before the click, what is cached already, and the button."""
    st.subheader("Before you start", anchor=False)
    if not specs:
        st.write("Choose a dataset that is here and at least one head.")
        return
    try:
        checked = [check(home(), spec) for spec in specs]
    except HeadroomError as error:
        st.error(str(error), icon=":material/error:")
        return
    pinned = [spec for spec, _ in checked]
    show_frame(_cost_table({spec.head: model for spec, model in checked}))
    under_way = {job.run_id for job in JobQueue(home()).unfinished()}
    cached = [spec for spec in pinned if store().path(spec.run_id) is not None]
    todo = [pair for pair in checked if pair[0] not in cached and pair[0].run_id not in under_way]
    waiting = len(pinned) - len(cached) - len(todo)
    runs = f"{format_plural(len(pinned), 'run')} {'is' if len(pinned) == 1 else 'are'}"
    if cached:
        st.success(f"{len(cached)} of {runs} cached: no need to train again.", icon=":material/bolt:")
    if waiting:
        st.info(f"{waiting} of {runs} under way: see above.", icon=":material/hourglass_top:")
    if todo:
        st.write(_write_estimate(todo))
        label = f"Train {format_plural(len(todo), 'run')}"
        if st.button(label, type="primary", icon=":material/play_arrow:", width="stretch"):
            submit_all(home(), pinned)
            st.rerun()
    elif cached and st.button("Show the comparison", type="primary", icon=":material/balance:", width="stretch"):
        choose_offer_of(cached[0].run_id)
        link.go("pages/compare.py")


def _cost_table(models: dict[str, Model]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Head": HEADS[head].label,
            "Parameters": format_count(model.params),
            "FLOPs an image": format_short(model.flops),
        }
        for head, model in sorted(models.items(), key=lambda item: HEADS[item[0]].place)
    )


def _write_estimate(todo: list[tuple[RunSpec, Model]]) -> str:
    spec = todo[0][0]
    info = read_info(home(), spec)
    images = len(compute_split(spec, info.train_count, info.validation_count)[0])
    found = estimate_seconds(store().frame(), [model for _, model in todo], spec.epochs, images, read_slots())
    if found is None:
        return "No run is finished yet anywhere, so there is nothing to estimate the time from."
    return (
        f"About **{format_seconds(found.seconds)}** ({format_seconds(found.low)} to {format_seconds(found.high)}), "
        f"judged by {format_plural(found.runs, 'finished run')}."
    )
