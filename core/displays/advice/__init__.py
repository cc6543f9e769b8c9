"""Views of a race of the advisor, one per file."""
