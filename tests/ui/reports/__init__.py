"""The Reports page in Streamlit's own test runner."""
