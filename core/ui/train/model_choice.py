"""Choice of a model of the user as the backbone: its name, the layer after which it is cut, and the uploader."""

from pathlib import Path
from typing import Any

import streamlit as st

from core.actions.model import add_own_model, clear_own_models, remove_own_model, restore_own_models
from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes, format_count, format_short
from core.errors import HeadroomError, ModelFileError
from core.home import describe_error
from core.models.model_info import VALUE_RANGES, ModelInfo, list_models, list_removed_models, read_model_info
from core.plural import format_plural
from core.spec import SETTINGS
from core.ui import widget
from core.ui.access import act, action_button, check_permission, denial_reason
from core.ui.session import home
from core.ui.setting import URL_NAMES
from core.ui.trash import show_trash

MAX_MEGABYTES = 500
_UPLOADS, _SIDE_OF = "added-model-count", "model whose side is selected"
_ADDED, _REMOVED = "added model", "removed models"


def choose_own_model() -> dict[str, Any] | None:
    """Show the added models and the uploader. Return the settings of the selected one, or None without one."""
    names = list_models(home())
    if not names:
        st.info(
            "No models yet. Upload a Keras model to train heads on its feature maps.", icon=":material/network_node:"
        )
        _show_upload()
        _show_removed()
        return None
    if added := st.session_state.pop(_ADDED, ""):  # the widget existed when the model was added
        st.session_state["model"] = added
    name = widget.item(SETTINGS["model"].label, names, key="model", gone="Model", help=SETTINGS["model"].help)
    info = _read(name) if name else None
    settings = _choose_cut(info) if info else None
    with st.expander("Add or remove a model", icon=":material/upload:"):
        _show_upload()
        if name and action_button(
            remove_own_model, f"Remove {escape_markdown(name)}", icon=":material/delete:", key="remove-model"
        ):
            _act(remove_own_model, name)
        _show_removed()
    return settings


def _show_removed() -> None:
    """Show the trash to users who may restore models."""
    if denial_reason(restore_own_models):
        return
    latest = st.session_state.get(_REMOVED, [])
    show_trash("model", list_removed_models(home()), latest, restore_own_models, clear_own_models)


def _choose_cut(info: ModelInfo) -> dict[str, Any]:
    """Describe a model and show the picker of the layer after which it is cut."""
    st.caption(escape_markdown(_describe(info)))
    _follow_side(info)
    shapes = dict(info.cuts)
    cut = widget.selectbox(
        SETTINGS["cut"].label,
        list(reversed(shapes)),
        info.cut,
        format_func=lambda layer: f"{layer}: {' × '.join(map(str, shapes[layer]))}",
        key="cut",
        help="Layer of the model after which the head begins, with the size of its feature maps for images of the "
        "size that the model expects. Later layers are not used.",
    )
    return {"model": info.name, "cut": "" if cut == info.cut else cut}


def _follow_side(info: ModelInfo) -> None:
    """Set the image side to that of a model which has just been selected, unless a link sets it."""
    key = URL_NAMES["side"]
    low, high = SETTINGS["side"].usual or (0, 0)
    if st.session_state.get(_SIDE_OF) == info.reference or info.side is None or not low <= info.side <= high:
        return
    if _SIDE_OF in st.session_state or key not in st.query_params:
        st.session_state[key] = info.side
    st.session_state[_SIDE_OF] = info.reference


def _read(name: str) -> ModelInfo | None:
    try:
        return read_model_info(home(), name)
    except ModelFileError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return None


def _describe(info: ModelInfo) -> str:
    low, high = info.value_range
    shape = " × ".join(map(str, info.input_shape))
    return (
        f"{format_plural(info.layers, 'layer')}, {format_count(info.params)} parameters, "
        f"{format_short(info.flops)} FLOPs per image of {shape}, {format_bytes(info.bytes)}. "
        f"It expects values from {low:g} to {high:g}."
    )


def _show_upload() -> None:
    if not check_permission(add_own_model):
        return
    uploads = st.session_state.setdefault(_UPLOADS, 0)  # a new key clears the uploader
    file = st.file_uploader(
        f"Keras model, saved with model.save('FILE.keras') (up to {MAX_MEGABYTES} MB)",
        ["keras"],
        key=f"added-model-file-{uploads}",
        max_upload_size=MAX_MEGABYTES,
        help="Nothing in the file is executed: models with Lambda layers or own classes are refused.",
    )
    stem = (
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in Path(file.name).stem)
        if file
        else ""
    )
    proposal = stem.strip("-").lower()[:40]
    name = st.text_input("Name of the model", proposal, key=f"added-model-name-{uploads}-{proposal}")
    value_range = st.selectbox(
        "Values that the model expects",
        [None, *VALUE_RANGES],
        format_func=lambda found: found or "detect",
        key=f"added-model-range-{uploads}",
        help="Values of black and white. Detected: 0..255 if the model rescales its input, otherwise 0..1.",
    )
    if st.button("Add model", icon=":material/upload:", disabled=file is None or not name) and file:
        _act(add_own_model, name, file, file.name, value_range)


def _act(action: Any, name: str, *values: Any) -> None:
    try:
        act(action, name, *values)
    except HeadroomError as error:
        st.error(escape_markdown(describe_error(error)), icon=":material/error:")
        return
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
    st.session_state[_REMOVED] = [name] if action is remove_own_model else []
    if action is add_own_model:
        st.session_state[_ADDED] = name
    st.rerun()
