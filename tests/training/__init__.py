"""Training with TensorFlow."""
