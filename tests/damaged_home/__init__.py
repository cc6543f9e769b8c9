"""Pages in Streamlit's own test runner."""
