"""What a convolutional network computes, from first principles with NumPy alone: the arithmetic of the lab."""
