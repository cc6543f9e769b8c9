"""Runs told to other people's tools, one file a tool."""
