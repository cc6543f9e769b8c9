"""Charts, tables and their descriptions."""
