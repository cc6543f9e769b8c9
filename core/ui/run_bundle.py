"""Export and import of bundles."""

import tempfile
from pathlib import Path

import streamlit as st

from core.actions.run import add_runs
from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes
from core.errors import HeadroomError
from core.home import describe_error
from core.importers.run_import import ImportOptions
from core.plural import format_plural
from core.store.bundle import export_bundle
from core.ui.access import act, check_permission
from core.ui.session import store

MAX_MEGABYTES = 200

_BUNDLE, _MESSAGE, _UPLOADS = "exported bundle", "bundle import message", "bundle uploads"


def show_export(ids: list[str]) -> None:
    """Show a button that creates a bundle of the selected runs, then one that downloads it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        models = st.checkbox("Include models", key="bundle-models")
        pictures = st.checkbox(
            "Include thumbnails", True, key="bundle-pictures", help="Small versions of all test images."
        )
        options = (tuple(sorted(ids)), models, pictures)
        if st.button("Export bundle", icon=":material/inventory_2:"):
            with tempfile.TemporaryDirectory() as folder, st.spinner("Creating the bundle…"):
                path = Path(folder) / "bundle"
                exported = export_bundle(store(), ids, path, models=models, pictures=pictures)
                st.session_state[_BUNDLE] = options, path.read_bytes(), exported.left_out
        bundle = st.session_state.get(_BUNDLE)
        if bundle and bundle[0] == options:
            st.download_button(
                f"Download bundle ({format_plural(len(ids), 'run')}, {format_bytes(len(bundle[1]))})",
                bundle[1],
                file_name=f"headroom-{len(ids)}-runs.zip",
                type="primary",
                icon=":material/download:",
                on_click="ignore",
            )
    if bundle and bundle[0] == options:
        for message in bundle[2]:
            st.info(escape_markdown(message))


def show_import() -> None:
    """Show an uploader for a bundle or for files of other tools, and the result of the last import."""
    with st.expander("Import runs", icon=":material/upload:"):
        if not check_permission(add_runs):
            return
        uploads = st.session_state.setdefault(_UPLOADS, 0)  # a new key clears the uploader
        files = st.file_uploader(
            f"Bundle, or CSV and NPZ files of predictions (up to {MAX_MEGABYTES} MB)",
            ["zip", "csv", "npz"],
            key=f"bundle-file-{uploads}",
            max_upload_size=MAX_MEGABYTES,
            accept_multiple_files=True,
            help="A file of a CSVLogger and one of predictions are one run. For larger files, run: "
            "`headroom import FILE`",
        )
        with st.container(horizontal=True):
            name = st.text_input("Name", max_chars=80, key="import-name", placeholder="name of the file", width=220)
            classes = st.text_input("Classes", key="import-classes", placeholder="cat, dog", width=300)
        models = st.checkbox(
            "Import models",
            key="bundle-trust",
            help="Only for bundles from a trusted source: Headroom opens the model files.",
        )
        if st.button("Import runs", icon=":material/upload:", disabled=not files) and files:
            names = tuple(part.strip() for part in classes.split(",") if part.strip())
            try:
                given = [(file.name, file.getbuffer()) for file in files]
                found = act(add_runs, given, ImportOptions(name=name.strip(), classes=names, models=models))
            except HeadroomError as error:
                st.error(escape_markdown(describe_error(error)), icon=":material/error:")
                return
            message = f"{format_plural(len(found.imported), 'run')} imported."
            message += f" {format_plural(len(found.existing), 'run')} skipped: already exist." if found.existing else ""
            if found.differing:
                message += f" {format_plural(len(found.differing), 'skipped run')} had different results in the bundle."
            st.session_state[_MESSAGE], st.session_state[_UPLOADS] = message, uploads + 1
            st.rerun()
        if message := st.session_state.pop(_MESSAGE, None):
            st.success(escape_markdown(message), icon=":material/check:")
