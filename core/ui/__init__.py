"""Streamlit pieces that several pages share; the only part of core that knows Streamlit."""
