"""Where runs live: a folder each, an index over them, and comparisons of them."""
