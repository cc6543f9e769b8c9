"""Charts, tables and sentences."""
