"""The dashboard with a door for programs: `streamlit run asgi.py`, or `uvicorn asgi:app`."""

from pathlib import Path

import streamlit as st

from core.api.route import build_routes
from core.home import Home
from core.ui.http_login import identify

routes = build_routes(Home.default(), identify, st.get_option("server.baseUrlPath"))
app = st.App(Path(__file__).with_name("dashboard.py"), routes=routes)
