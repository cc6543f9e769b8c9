"""Reports of comparisons: drafts, published versions and export to files."""
