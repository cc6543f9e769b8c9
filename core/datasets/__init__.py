"""Datasets: sources, downloads, and the on-disk arrays that training and pages share."""
