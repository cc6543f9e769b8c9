"""Storage of runs: run folders, index, notes, bundles, and comparisons of runs."""
