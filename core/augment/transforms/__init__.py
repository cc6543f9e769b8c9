"""Transforms, one file per transform."""
