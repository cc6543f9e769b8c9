"""One file a view; the file's name is the view's name."""
