"""Health check of a container: exits with an error unless the dashboard on this machine responds."""

import os
import urllib.request
from urllib.parse import urlsplit

port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
prefix = urlsplit(os.environ.get("HEADROOM_URL", "")).path.rstrip("/")
with urllib.request.urlopen(f"http://localhost:{port}{prefix}/healthz", timeout=5) as response:
    assert response.status == 200
