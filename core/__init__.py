"""Headroom's core: everything the pages and the CLI know. Importing it imports no TensorFlow and no Streamlit."""
