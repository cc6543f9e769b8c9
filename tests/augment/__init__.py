"""Transforms and corruptions of images."""
