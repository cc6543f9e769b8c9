"""Datasets: sources, downloads, caches and views."""
