"""Heads, one file per head; the file name is the name of the head."""
