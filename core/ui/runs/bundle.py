"""Bundles on a page: ticked runs as one file, and runs out of one."""

import tempfile
from pathlib import Path

import streamlit as st

from core.actions.run import import_runs
from core.displays.number import format_bytes, format_plural
from core.errors import HeadroomError
from core.store.bundle import export_bundle
from core.ui.access import act, show_denial
from core.ui.session import store

MOST_MEGABYTES = 200

_MADE, _SAID, _COUNT = "bundle-made", "bundle-said", "bundle-count"


def show_export(ids: list[str]) -> None:
    """A button that makes a bundle of some runs, then one that downloads it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        models = st.checkbox("With models", key="bundle-models")
        pictures = st.checkbox("With pictures", True, key="bundle-pictures", help="Small ones of all test images.")
        wanted = (tuple(sorted(ids)), models, pictures)
        if st.button(f"Make a bundle of {format_plural(len(ids), 'run')}", icon=":material/inventory_2:"):
            with tempfile.TemporaryDirectory() as folder, st.spinner("Packing…"):
                path = Path(folder) / "bundle"
                packed = export_bundle(store(), ids, path, models=models, pictures=pictures)
                st.session_state[_MADE] = wanted, path.read_bytes(), packed.left_out
        made = st.session_state.get(_MADE)
        if made and made[0] == wanted:
            st.download_button(
                f"Download the bundle, {format_bytes(len(made[1]))}",
                made[1],
                file_name=f"headroom-{len(ids)}-runs.zip",
                type="primary",
                icon=":material/download:",
                on_click="ignore",
            )
    if made and made[0] == wanted:
        for sentence in made[2]:
            st.info(sentence)


def show_import() -> None:
    """An uploader for a bundle, and what came of the last one."""
    with st.expander("Bring runs from a bundle", icon=":material/upload:"):
        if not show_denial(import_runs):
            return
        number = st.session_state.setdefault(_COUNT, 0)  # a new one forgets the old file
        file = st.file_uploader(
            f"A bundle, up to {MOST_MEGABYTES} MB",
            "zip",
            key=f"bundle-file-{number}",
            max_upload_size=MOST_MEGABYTES,
            help="Larger ones: `python -m core bundle import FILE`",
        )
        models = st.checkbox(
            "With its models", key="bundle-trust", help="Only from people you trust: pages and trainings open them."
        )
        if st.button("Bring the runs", icon=":material/upload:", disabled=file is None) and file:
            try:
                found = act(import_runs, file.getbuffer(), models=models)
            except HeadroomError as error:
                st.error(str(error), icon=":material/error:")
                return
            said = f"{format_plural(len(found.imported), 'run')} came"
            said += f"; here already: {len(found.existing)}" if found.existing else ""
            said += f", of which {len(found.differing)} with other results, which stay" if found.differing else ""
            st.session_state[_SAID], st.session_state[_COUNT] = f"{said}.", number + 1
            st.rerun()
        if said := st.session_state.pop(_SAID, None):
            st.success(said, icon=":material/check:")
