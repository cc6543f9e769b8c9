"""Registry of importers: one file per format."""
