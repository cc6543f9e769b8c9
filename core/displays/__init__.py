"""Views of a comparison: one file a view; the file's name is the view's name."""
