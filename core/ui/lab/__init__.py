"""The Convolution lab page: one module per topic."""
