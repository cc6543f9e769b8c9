"""The topics of the convolution lab, one a file."""
