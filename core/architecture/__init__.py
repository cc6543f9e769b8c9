"""Architectures as data: lists of layer records that two readers understand, closed form here and Keras in training."""
