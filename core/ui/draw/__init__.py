"""The Draw your own page."""
