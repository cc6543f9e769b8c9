"""Streamlit pieces that several pages share; the only part of core that knows Streamlit."""

from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

# Until st.navigation has run once in a server, Streamlit takes a folder named pages/ for the navigation itself and
# runs the page of a link without the frame of dashboard.py. The first import here ends that and asks for the run to
# start over, which it does at the page's first element: raised from here, as st.rerun would, the import would fail
# under the feet of a second visitor who waits for it. asgi.py imports it before there is a run to start over.
begun_without_frame, PagesManager.uses_pages_directory = PagesManager.uses_pages_directory, False
if begun_without_frame:
    context = get_script_run_ctx()
    if context and context.script_requests:
        again = RerunData(query_string=context.query_string, page_script_hash=context.page_script_hash)
        context.script_requests.request_rerun(again)
