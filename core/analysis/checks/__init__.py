"""Fairness checks, one file per check; the file name is the name of the check."""
