"""Everything behind the pages and the CLI. Importing this package imports neither TensorFlow nor Streamlit."""
