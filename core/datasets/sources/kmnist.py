"""Kuzushiji-MNIST: ten cursive Japanese characters, loaded with extra_keras_datasets."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage

_ORIGIN = "http://codh.rois.ac.jp/kmnist/dataset/kmnist"
_PARTS = ("train-imgs", "train-labels", "test-imgs", "test-labels")


def load(files: Downloads) -> Arrays:
    placed = files.placed()
    if placed is not None:
        train_images, train_labels, test_images, test_labels = (np.load(path)["arr_0"] for path in placed)
        return Arrays.of_grey((train_images, train_labels), (test_images, test_labels))
    files.fetch()
    from extra_keras_datasets import kmnist

    return Arrays.of_grey(*kmnist.load_data())


DATASET = Dataset(
    name="kmnist",
    label="KMNIST",
    order=1,
    summary="Ten classes of cursive Japanese characters from books printed before 1900, in the format of MNIST.",
    classes=("お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo"),
    input_shape=(28, 28, 1),
    official_counts=(60_000, 10_000),
    official_fingerprint=None,
    source="http://codh.rois.ac.jp/kmnist/",
    licence="CC BY-SA 4.0",
    citation="Clanuwat, T., Bober-Irizar, M., Kitamoto, A., Lamb, A., Yamamoto, K. & Ha, D. (2018). Deep Learning for "
    "Classical Japanese Literature. https://arxiv.org/abs/1812.01718",
    load=load,
    drawing=DrawnImage(28, 28, None, "scaled to fill 28×28 pixels, centred"),
    files=tuple(
        Download(f"{_ORIGIN}/kmnist-{part}.npz", f"datasets/kmnist.npz_kmnist_{part.replace('-', '_')}")
        for part in _PARTS
    ),
)
