"""Local connectivity and parameter sharing: a convolution as a weight matrix, and layers without sharing."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.lab.convolution import Convolution, Values

Kind = Literal["fully connected", "locally connected", "convolution"]
KINDS: tuple[Kind, ...] = ("fully connected", "locally connected", "convolution")


def build_matrix(convolution: Convolution) -> Values:
    """Return the matrix W of shape (outputs, inputs) with output = W · input; both are flattened by rows."""
    indices = np.pad(np.arange(1, convolution.x.size + 1).reshape(convolution.x.shape), convolution.padding)
    matrix = np.zeros((convolution.steps, convolution.x.size + 1))
    for step in range(convolution.steps):
        inputs = [int(indices[position]) for position in convolution.window(step)]
        np.add.at(matrix[step], inputs, convolution.applied.ravel())
    return matrix[:, 1:]  # column 0 is the padding


def number_weights(convolution: Convolution, kind: Kind) -> NDArray[np.int64]:
    """Return the number of the weight of each connection, from 1, int64 of shape (outputs, inputs); 0 is no connection.

    A convolution uses the same weights at every position. A locally connected layer has the same connections with
    separate weights; a fully connected layer connects every output with every input.
    """
    numbers = np.arange(1, convolution.applied.size + 1).reshape(convolution.applied.shape).astype(np.float64)
    flags = Convolution(
        convolution.x, numbers, convolution.padding, convolution.stride, convolution.dilation, flip=False
    )
    shared = build_matrix(flags).astype(np.int64)
    if kind == "convolution":
        return shared
    connected = np.ones_like(shared) if kind == "fully connected" else (shared > 0).astype(np.int64)
    return np.where(connected, np.cumsum(connected).reshape(connected.shape), 0)
