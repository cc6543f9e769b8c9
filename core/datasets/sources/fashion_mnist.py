"""Fashion-MNIST: articles of clothing, loaded with Keras."""

import gzip

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage
from core.datasets.formats.array_formats import read_idx

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_PARTS = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def load(files: Downloads) -> Arrays:
    placed = files.placed()
    if placed is not None:
        train_images, train_labels, test_images, test_labels = (
            read_idx(gzip.decompress(path.read_bytes())) for path in placed
        )
        return Arrays.of_grey((train_images, train_labels), (test_images, test_labels))
    files.fetch()
    from keras.datasets import fashion_mnist

    return Arrays.of_grey(*fashion_mnist.load_data())


DATASET = Dataset(
    name="fashion_mnist",
    label="Fashion-MNIST",
    order=2,
    summary="Ten classes of clothing, product photos in the format of MNIST.",
    classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    input_shape=(28, 28, 1),
    official_counts=(60_000, 10_000),
    official_fingerprint="63d06f8d76dfdc06",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    citation="Xiao, H., Rasul, K. & Vollgraf, R. (2017). Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine "
    "Learning Algorithms. https://arxiv.org/abs/1708.07747",
    load=load,
    drawing=DrawnImage(28, 28, None, "scaled to fill 28×28 pixels, centered"),
    files=tuple(
        Download(f"{_ORIGIN}/{part}-ubyte.gz", f"datasets/fashion-mnist/{part}-ubyte.gz") for part in _PARTS
    ),
)  # fmt: skip
