"""Blocks of pretrained backbones, shared by the backbones of a family; layers have the names of Keras Applications."""
