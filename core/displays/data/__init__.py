"""Views of a dataset."""
