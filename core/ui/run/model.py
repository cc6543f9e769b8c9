"""Model of a run to download: the package, an ONNX file, and the code that loads them."""

import tempfile
from functools import partial
from pathlib import Path

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes
from core.errors import ExporterError, HeadroomError
from core.exporters.model_card import ModelCard
from core.exporters.model_code import MODEL_FILES, ONNX
from core.exporters.model_package import CARD, PACKAGE, list_model_files, measure_models, name_file, read_package
from core.exporters.onnx import convert_onnx, find_onnx_problem
from core.home import describe_error
from core.store.run import Run

_CONVERTED = "ONNX file"


def show_model(run: Run) -> None:
    """Show the downloads of a model, its input and its code; for a run without a model, the reason and what to do."""
    try:
        files = list_model_files(run)
    except ExporterError as error:
        st.info(escape_markdown(str(error)), icon=":material/info:")
        return
    problem = find_onnx_problem(run)
    card = ModelCard(run, files if problem else tuple(name for name in MODEL_FILES if name in (*files, ONNX)))
    topics = card.input.describe()
    st.write(escape_markdown(f"Input: {topics['Size']}, values {topics['Values']}. Output: class probabilities."))
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            f"Download model (ZIP, {format_bytes(measure_models(run))})",
            partial(_read, run),
            file_name=name_file(run, PACKAGE),
            mime="application/zip",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
            key=f"model-{run.run_id}",
        )
        st.download_button(
            "Download model card",
            partial(_write_card, ModelCard(run, files)),
            file_name=name_file(run, CARD),
            mime="text/markdown",
            icon=":material/description:",
            on_click="ignore",
            key=f"card-{run.run_id}",
        )
        if not problem:
            _show_onnx(run)
    st.caption(f"The ZIP file contains {escape_markdown(', '.join(files))}, a model card and labels.json.")
    if problem:
        st.caption(escape_markdown(f"ONNX: {problem}"))
    st.subheader("Code", anchor=False)
    for tab, code in zip(
        st.tabs([escape_markdown(code.library) for code in card.code.values()]), card.code.values(), strict=True
    ):
        with tab:
            st.code(f"# pip install {code.packages}\n{code.write_script(card.input)}", language="python")
    st.caption(
        "Run it in the folder of these files, with an image in image.png. It prints the class and its probability."
    )


def _show_onnx(run: Run) -> None:
    """Show a button that converts the model, then one that downloads the result."""
    converted = st.session_state.get(_CONVERTED)
    if converted is None or converted[0] != run.run_id:
        if not st.button("Convert to ONNX", icon=":material/swap_horiz:", key=f"onnx-{run.run_id}"):
            return
        with tempfile.TemporaryDirectory() as folder, st.spinner("Converting the model…"):
            path = Path(folder) / ONNX
            convert_onnx(run, path)
            converted = st.session_state[_CONVERTED] = run.run_id, path.read_bytes()
    st.download_button(
        f"Download ONNX file ({format_bytes(len(converted[1]))})",
        converted[1],
        file_name=name_file(run, ONNX),
        icon=":material/download:",
        on_click="ignore",
        key=f"onnx-file-{run.run_id}",
    )


def _read(run: Run) -> bytes:
    try:
        return read_package(run)
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None


def _write_card(card: ModelCard) -> bytes:
    try:
        return card.write().encode()
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None
