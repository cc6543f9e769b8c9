"""Statistics of runs from their stored arrays, in NumPy, SciPy and pandas; no model is needed."""
