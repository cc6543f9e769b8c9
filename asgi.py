"""The dashboard with its HTTP API: `streamlit run asgi.py`, or `uvicorn asgi:app`."""

from pathlib import Path

import streamlit as st

from core.api.route import build_routes
from core.home import Home
from core.ui.http_login import authenticate
from core.ui.request_guard import build_middleware

routes = build_routes(Home.default(), authenticate, st.get_option("server.baseUrlPath"))
app = st.App(Path(__file__).with_name("dashboard.py"), routes=routes, middleware=build_middleware())
