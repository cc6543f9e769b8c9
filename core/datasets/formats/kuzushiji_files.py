"""Kuzushiji-MNIST and Kuzushiji-49: NumPy files, their reader and what both have in common."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from core.datasets.dataset import Arrays
from core.datasets.download import Download
from core.datasets.drawing import DrawnImage

SOURCE = "http://codh.rois.ac.jp/kmnist/"
LICENCE = "CC BY-SA 4.0"
CITATION = (
    "Clanuwat, T., Bober-Irizar, M., Kitamoto, A., Lamb, A., Yamamoto, K. & Ha, D. (2018). Deep Learning for "
    "Classical Japanese Literature. https://arxiv.org/abs/1812.01718"
)
DRAWING = DrawnImage(28, 28, None, "scaled to fill 28×28 pixels, centered")


def list_kuzushiji_files(variant: str) -> tuple[Download, ...]:
    """Return the four files of `kmnist` or `k49`. The authors publish no checksums."""
    return tuple(
        Download(
            f"{SOURCE}dataset/{variant}/{variant}-{split}-{kind}.npz", f"datasets/kmnist.npz_{variant}_{split}_{kind}"
        )
        for split in ("train", "test")
        for kind in ("imgs", "labels")
    )


def read_kuzushiji(paths: Iterable[Path]) -> Arrays:
    """Read the files of `list_kuzushiji_files`."""
    train_images, train_labels, test_images, test_labels = (np.load(path)["arr_0"] for path in paths)
    return Arrays.of_grey((train_images, train_labels), (test_images, test_labels))
