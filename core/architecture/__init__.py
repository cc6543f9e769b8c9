"""Architectures as lists of layer records; their shapes, parameters and FLOPs are computed without Keras."""
