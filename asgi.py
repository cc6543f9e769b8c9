"""The dashboard with its HTTP API: `headroom serve`, `streamlit run asgi.py`, or `uvicorn asgi:app`."""

from pathlib import Path

import streamlit as st

from core.access.deployment import note_api
from core.api.route import build_routes
from core.home import Home
from core.ui.deployment import apply_deployment
from core.ui.http_login import authenticate
from core.ui.request_guard import announce_address, build_middleware

apply_deployment()
note_api()
routes = build_routes(Home.default(), authenticate, st.get_option("server.baseUrlPath"))
page = Path(__file__).with_name("dashboard.py")
app = st.App(page, routes=routes, middleware=build_middleware(), lifespan=announce_address)
