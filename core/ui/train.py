"""The Train page's choices: recipe, heads, knobs, and what they would cost."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.architecture.model import Model
from core.datasets.cache import list_datasets
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

_SEEDS = 2


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
    status = next(status for status in list_datasets(home()) if status.name == dataset)
    knobs, seeds = _ask_knobs(recipe.spec, backbone, heads, status.train_count)
    if not (status.here or status.bundled):
        _offer_fetch(dataset, status.how)
        return []
    if not heads:
        st.warning("Expected at least one head; got none.")
        return []
    choice = {**knobs, "dataset": dataset, "backbone": backbone}
    # in one step: a knob that only this head uses would go back to its default under the recipe's own head
    return [recipe.spec.replace(**choice, head=head, seed=seed) for seed in range(seeds) for head in heads]


def _follow_recipe() -> None:
    """Another recipe brings its own start values. They are set, since a widget keeps its value under its name."""
    recipe = RECIPES[st.session_state["recipe"]]
    own = {name: value for name, value in recipe.spec.model_dump().items() if name not in ("head", "seed", "data")}
    for name, value in {**own, "heads": list(recipe.heads), "seeds": _SEEDS}.items():
        if name in st.session_state:
            st.session_state[name] = value
    _use_all_images()


def _use_all_images() -> None:
    count = next(status.train_count for status in list_datasets(home()) if status.name == st.session_state["dataset"])
    st.session_state.pop("train_images", None)
    if count:
        st.session_state["train_images"] = count


def _ask_knobs(start: RunSpec, backbone: str, heads: list[str], images: int | None) -> tuple[dict[str, Any], int]:
    used = [name for name in KNOBS if name in BACKBONES[backbone].uses or any(name in HEADS[h].uses for h in heads)]
    names = ["epochs", "batch_size", "learning_rate", *used]
    values: dict[str, Any] = {}
    places = _pair(len(names) + 2)
    for name in names:
        with next(places):
            values[name] = ask(name, getattr(start, name))
    with next(places):
        seeds = link.slider("Seeds", 1, 10, _SEEDS, key="seeds", help="Runs a head: the spread between them is the ±.")
    if images:
        with next(places):
            low = int(KNOBS["train_images"].low or 1)
            chosen = link.slider(
                "Training images",
                low,
                images,
                images,
                max(1, min(100, images // 20)),
                key="train_images",
                help=KNOBS["train_images"].help,
            )
            values["train_images"] = None if chosen >= images else chosen
    return values, seeds


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
