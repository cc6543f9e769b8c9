"""What is computed from finished runs."""
