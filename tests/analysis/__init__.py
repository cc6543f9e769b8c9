"""Analysis of finished runs."""
