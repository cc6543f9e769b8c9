"""MNIST: handwritten digits, loaded with Keras."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage


def load(files: Downloads) -> Arrays:
    placed = files.placed()
    if placed is not None:
        with np.load(placed[0]) as found:
            return Arrays.of_grey((found["x_train"], found["y_train"]), (found["x_test"], found["y_test"]))
    files.fetch()
    from keras.datasets import mnist

    return Arrays.of_grey(*mnist.load_data())


DATASET = Dataset(
    name="mnist",
    label="MNIST",
    order=3,
    summary="Ten handwritten digits, size-normalized and centered; the classic benchmark.",
    classes=tuple("0123456789"),
    input_shape=(28, 28, 1),
    official_counts=(60_000, 10_000),
    official_fingerprint="b916d895ab90c001",
    source="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0",
    citation="LeCun, Y., Bottou, L., Bengio, Y. & Haffner, P. (1998). Gradient-based learning applied to document "
    "recognition. Proceedings of the IEEE, 86(11), 2278–2324.",
    load=load,
    drawing=DrawnImage(28, 20, 14.0, "scaled to 20×20 pixels inside 28×28, with centered mass"),
    files=(
        Download(
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
            "datasets/mnist.npz",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
)
