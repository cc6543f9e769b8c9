"""Backbones, heads and the layers of a model."""
