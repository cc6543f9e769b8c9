"""Datasets: where they come from, and the on-disk arrays that training and pages share."""
