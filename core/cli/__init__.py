"""Commands of the command-line interface, one file per group. Expensive imports are inside the functions."""
