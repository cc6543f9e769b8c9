"""Entry point for Streamlit Community Cloud, which installs the requirements.txt in the folder of this file."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asgi

app = st.App(asgi.page, routes=asgi.routes, middleware=asgi.build_middleware())
