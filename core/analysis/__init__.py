"""What the cached arrays of runs say: statistics in NumPy, SciPy and pandas, no model needed."""
