"""Files of a run to download, and its log."""

from functools import partial

import streamlit as st

from core.displays.markdown import escape_markdown
from core.displays.number import format_bytes
from core.errors import HeadroomError
from core.exporters.model_package import name_file
from core.home import describe_error
from core.jobs.progress import read_log
from core.store.run import FILES, Run
from core.ui.run_bundle import show_export
from core.ui.session import home

_LOG_LINES, _LOG_PIXELS = 200, 320


def show_files(run: Run) -> None:
    """Show a download button with the size of each file, which is read on download, and the export of a bundle."""
    with st.container(horizontal=True, gap="small"):
        for name in FILES:
            if not run.has(name) or (name not in run.record.checksums and name != "record.json"):
                continue
            size = format_bytes((run.path / name).stat().st_size)
            st.download_button(
                f"{escape_markdown(name)} ({size})",
                partial(_read, run, name),
                file_name=name_file(run, name),
                icon=":material/download:",
                on_click="ignore",
                key=f"download-{run.run_id}-{name}",
            )
    show_export([run.run_id])


def _read(run: Run, name: str) -> bytes:
    try:
        return (run.path / name if name == "record.json" else run.artifact(name)).read_bytes()
    except HeadroomError as error:
        raise RuntimeError(describe_error(error)) from None


def show_log(run_id: str, *, active: bool = False) -> None:
    """Show the end of the log of a job."""
    if log := read_log(home(), run_id, _LOG_LINES):
        st.code(log, language=None, wrap_lines=True, height=_LOG_PIXELS)
    else:
        st.caption("The log is empty." if active else "This run has no log.")
