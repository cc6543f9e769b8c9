"""Streamlit components of the dashboard; the only package of core that imports Streamlit."""

from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

# Until st.navigation has run once in a server, Streamlit uses the folder pages/ as its navigation and runs the page of
# a link without the frame of dashboard.py. The first import of this package disables that and requests a rerun, which
# happens at the page's first element. Calling st.rerun here instead would raise inside the import, which fails for a
# second session blocked on the same import. asgi.py imports this package before any script run exists.
ran_without_frame, PagesManager.uses_pages_directory = PagesManager.uses_pages_directory, False
if ran_without_frame:
    context = get_script_run_ctx()
    if context and context.script_requests:
        rerun = RerunData(query_string=context.query_string, page_script_hash=context.page_script_hash)
        context.script_requests.request_rerun(rerun)
