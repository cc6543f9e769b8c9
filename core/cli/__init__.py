"""The commands of `python -m core`, one file a group. What is costly to import is imported where it is used."""
