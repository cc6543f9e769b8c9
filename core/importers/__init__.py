"""Importers of runs that were trained elsewhere."""
