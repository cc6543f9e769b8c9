"""File formats of reports, one module per format, named after the format."""
