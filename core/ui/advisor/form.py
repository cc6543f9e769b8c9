"""Form of the Advisor page: data, candidates, what decides, limits and time budget."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import streamlit as st

from core.advice.limits import Limits, read_duration, read_latency, read_margin, read_params, read_size
from core.advice.make_plan import USUAL_HEADS
from core.advice.request import CostName, Goal, Metric, Request
from core.datasets.cache import DatasetStatus, list_datasets
from core.datasets.dataset_key import key_or_name
from core.displays.advice_display import FORMS
from core.displays.advice_text import METRICS
from core.displays.markdown import escape_markdown
from core.errors import AdviceError, HeadroomError
from core.models.model_info import MODEL, choose_models, list_models
from core.recipe import Recipe
from core.recipes import find_general_recipe
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS
from core.store.setting_text import describe_value
from core.ui import url, widget
from core.ui.data.default import find_default_dataset
from core.ui.data.display import is_usable
from core.ui.data.notice import show_data_notice
from core.ui.session import home
from core.ui.setting import choose_setting, choose_setting_values, list_problems_of

_VALUES = "candidate_values"
url.register(
    "advice_data", "candidate_heads", "candidate_backbones", "candidate_settings", "advice_epochs", "advice_attribute",
    "advice_goal", "advice_cost", "advice_metric", "advice_margin", "advice_budget", "advice_seeds", "max_size",
    "max_latency", "max_params", *(f"{_VALUES}_{name}" for name in SETTINGS),
)  # fmt: skip

_FIXED = ("data", "dataset", "folder", "attribute", "head", "seed", "backbone", "model", "cut", "epochs", "keep",
          "patience", "train_images", "validation_fraction", "validation_images")  # fmt: skip
_GOALS: dict[Goal, str] = {"smallest": "Cheapest within margin", "best": "Most accurate"}


@dataclass(frozen=True)
class Question:
    """Values of the form (see `make_plan`)."""

    recipe: Recipe
    request: Request
    heads: tuple[str, ...]
    values: dict[str, list[Any]]
    changes: dict[str, Any]


def ask_question() -> Question | None:
    """Show the form. Return None, with a message at the field, if something is missing or invalid."""
    status = _choose_data()
    if status is None:
        return None
    recipe = find_general_recipe(status.name)
    show_data_notice(status)
    heads = widget.pills(
        "Heads",
        list(HEADS),
        USUAL_HEADS,
        format_func=lambda name: HEADS[name].label,
        key="candidate_heads",
        help="\n".join(f"- **{head.label}**: {head.summary}" for head in HEADS.values()),
    )
    values = _choose_values(recipe, status, heads)
    changes: dict[str, Any] = {"dataset": status.name} | ({"folder": status.folder} if status.folder else {})
    changes |= _choose_changes(recipe, status)
    request = _choose_request()
    if not heads:
        st.warning("Select at least one head.")
    if not heads or values is None or request is None:
        return None
    return Question(recipe, request, tuple(heads), values, changes)


def _choose_data() -> DatasetStatus | None:
    statuses = {key_or_name(one.name, one.folder): one for one in list_datasets(home()) if is_usable(one)}
    if not statuses:
        st.info("No dataset is available. Add your own images, or download a dataset.", icon=":material/dataset:")
        st.page_link("pages/data.py", label="Add data", icon=":material/dataset:")
        return None
    key = widget.selectbox(
        "Data", [*statuses], find_default_dataset(statuses), key="advice_data",
        format_func=lambda key: statuses[key].label,
        help="All datasets that are available. To add one, open the Data page.",
    )  # fmt: skip
    return statuses[key]


def _choose_changes(recipe: Recipe, status: DatasetStatus) -> dict[str, Any]:
    """Return the settings of all candidates that differ from the recipe."""
    chosen = {"epochs": choose_setting("epochs", recipe.spec.epochs, key="advice_epochs")}
    if options := DATASETS[status.name].choices.get("attribute"):
        chosen["attribute"] = widget.selectbox(
            SETTINGS["attribute"].label, [*options], recipe.spec.attribute, key="advice_attribute",
            format_func=partial(describe_value, "attribute"),
        )  # fmt: skip
    return {name: value for name, value in chosen.items() if value != getattr(recipe.spec, name)}


def _choose_values(recipe: Recipe, status: DatasetStatus, heads: list[str]) -> dict[str, list[Any]] | None:
    """Return the values of hyperparameters to combine, backbones included; None if they cannot be combined."""
    names = [name for name in BACKBONES if name != MODEL] + [f"{MODEL}:{name}" for name in list_models(home())]
    usual = recipe.spec.backbone
    backbones = widget.multiselect(
        "Backbones", names, [usual], key="candidate_backbones", format_func=_name_backbone,
        help="Each backbone is combined with each head.",
    ) or [usual]  # fmt: skip
    parts: list[Any] = [DATASETS[status.name], *(HEADS[head] for head in heads)]
    parts += [BACKBONES[name.partition(":")[0]] for name in backbones]
    usable = [name for name in SETTINGS if name not in _FIXED and any(name in part.uses for part in parts)]
    common = [name for name in ("batch_size", "learning_rate", "augmentation") if name not in usable]
    chosen = widget.pills(
        "Hyperparameters to vary", [*usable, *common], (), format_func=lambda name: SETTINGS[name].label,
        key="candidate_settings", help="Each combination of their values is a candidate.",
    )  # fmt: skip
    lists: dict[str, list[Any]] = {"backbone": backbones} if backbones != [usual] else {}
    for name in chosen:
        initial = getattr(recipe.spec, name)
        if name == "side" and initial is None:
            initial = min(DATASETS[status.name].input_shape[:2])
        lists[name] = choose_setting_values(name, initial, prefix=_VALUES, verb="try") or [initial]
    if any(list_problems_of(name, lists[name]) for name in chosen):
        return None
    try:
        return choose_models(lists)
    except HeadroomError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None


def _name_backbone(name: str) -> str:
    kind, _, model = name.partition(":")
    return f"{BACKBONES[kind].label} {model}".rstrip()


def _choose_request() -> Request | None:
    """Return what decides, the limits and the budget; None if a value is invalid."""
    goal = widget.segmented("Goal", [*_GOALS], key="advice_goal", format_func=lambda name: _GOALS[name])
    left, middle, right = st.columns(3)
    with left:
        margin = _choose_amount(
            "Margin (points)", "1.0", "advice_margin", read_margin, "the margin", required=True,
            help="Percentage points of accuracy that a cheaper candidate may lose.",
        )  # fmt: skip
    with middle:
        cost: CostName = widget.selectbox(
            "Cost", [*FORMS], key="advice_cost", format_func=lambda name: FORMS[name].short,
            help="Of the candidates within the margin, the one with the lowest cost is chosen.",
        )  # fmt: skip
    with right:
        metric: Metric = widget.selectbox(
            "Metric", [*get_args(Metric)], key="advice_metric", format_func=lambda name: METRICS[name].capitalize()
        )
    left, middle, right = st.columns(3)
    with left:
        size = _choose_amount(
            "Largest file", "", "max_size", read_size, "the largest file", placeholder="such as 100 kB",
            help="Size of the LiteRT file.",
        )  # fmt: skip
    with middle:
        latency = _choose_amount(
            "Largest latency", "", "max_latency", read_latency, "the largest latency", placeholder="such as 5 ms",
            help="Time for one image on one thread of this machine.",
        )  # fmt: skip
    with right:
        params = _choose_amount(
            "Most parameters", "", "max_params", read_params, "the largest number of parameters",
            placeholder="such as 50,000",
        )  # fmt: skip
    left, right = st.columns(2)
    with left:
        budget = _choose_amount(
            "Time budget", "30m", "advice_budget", read_duration, "the time budget", placeholder="none",
            help="At its end, the race stops with what is known. Units: s, m and h.",
        )  # fmt: skip
    with right:
        seeds = widget.slider("Seeds per finalist, at most", 2, 20, 5, key="advice_seeds")
    if not margin or False in (size, latency, params, budget):
        return None
    limits = Limits(size=size or None, latency=latency or None, params=params or None)
    return Request(
        margin=margin, metric=metric, cost=cost, goal=goal, limits=limits, budget_seconds=budget or None, seeds=seeds
    )


def _choose_amount(
    label: str, value: str, key: str, parse: Callable[[str, str], float], name: str, *, required: bool = False,
    **settings: Any,
) -> float | Literal[False] | None:  # fmt: skip
    """Show a text field for an amount with its unit. Return None if it is empty, False with the error if invalid."""
    text = widget.text(label, value, key=key, **settings)
    if not text.strip() and not required:
        return None
    try:
        return parse(text, name)
    except AdviceError as error:
        st.error(escape_markdown(str(error)))
        return False
