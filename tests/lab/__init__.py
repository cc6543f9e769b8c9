"""The computations behind the lab page."""
