"""Backbones, one file per backbone; the file name is the name of the backbone."""
