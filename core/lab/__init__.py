"""Convolution lab: the operations of a convolutional network, implemented from their definitions in NumPy."""
