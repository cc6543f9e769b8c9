"""Everything behind the pages and the CLI. Importing this package imports neither TensorFlow nor Streamlit."""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # read by PyArrow; its own keeps 8 MB in the dashboard
