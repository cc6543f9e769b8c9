"""The pictures of the convolution lab."""
