"""Small files in the formats of the authors, one writer per published dataset."""

import bz2
import gzip
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from core.datasets.dataset import Arrays

Writer = Callable[[Path, Arrays], None]
"""Function that writes arrays as the files of a dataset into a folder."""


def write_source(name: str, folder: Path, arrays: Arrays) -> None:
    """Write the files of a dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    WRITERS[name](folder, arrays)


def pack_tar(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a tar.gz archive."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def pickle_of_python_2(values: Mapping[str, Any]) -> bytes:
    """Return a pickle as Python 2 and NumPy 1 wrote it, with byte strings and arrays of uint8."""

    def text(content: bytes) -> bytes:
        return b"T" + struct.pack("<i", len(content)) + content

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    def write(value: Any) -> bytes:
        if isinstance(value, list):
            return b"](" + b"".join(map(number, value)) + b"e"
        shape = b"(" + b"".join(map(number, value.shape)) + b"t"
        kind = b"cnumpy\ndtype\n(" + text(b"u1") + b"K\0K\x01tR(K\x03" + text(b"|") + b"NNN" + number(-1) * 2 + b"K\0tb"
        made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85" + text(b"b") + b"tR"
        return made + b"(K\x01" + shape + kind + b"\x89" + text(value.tobytes()) + b"tb"

    items = b"".join(text(key.encode()) + write(value) for key, value in values.items())
    return b"\x80\x02}(" + items + b"u."


def _write_npz(prefix: str, folder: Path, arrays: Arrays) -> None:
    parts = ("train-imgs", "train-labels", "test-imgs", "test-labels")
    for part, array in zip(parts, _columns(arrays), strict=True):
        np.savez_compressed(folder / f"{prefix}-{part}.npz", array)


def _write_mnist(folder: Path, arrays: Arrays) -> None:
    np.savez(
        folder / "mnist.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), _columns(arrays), strict=True))
    )


def _write_fashion(folder: Path, arrays: Arrays) -> None:
    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for part, array in zip(parts, _columns(arrays), strict=True):
        (folder / f"{part}-ubyte.gz").write_bytes(gzip.compress(_to_idx(array)))


def _write_emnist(variant: str, first: int, folder: Path, arrays: Arrays) -> None:
    with zipfile.ZipFile(folder / "gzip.zip", "w") as archive:
        for split in ("train", "test"):
            images, labels = getattr(arrays, f"{split}_images"), getattr(arrays, f"{split}_labels") + first
            columns = np.stack([image[..., 0].flatten("F").reshape(28, 28) for image in images])  # MATLAB's order
            for part, array in (("images-idx3", columns), ("labels-idx1", labels.astype(np.uint8))):
                archive.writestr(f"gzip/emnist-{variant}-{split}-{part}-ubyte.gz", gzip.compress(_to_idx(array)))


def _write_usps(folder: Path, arrays: Arrays) -> None:
    for name, images, labels in (
        ("usps.bz2", arrays.train_images, arrays.train_labels),
        ("usps.t.bz2", arrays.test_images, arrays.test_labels),
    ):
        lines = [
            f"{label + 1} " + " ".join(f"{k}:{value / 127.5 - 1:.6f}" for k, value in enumerate(image.ravel(), 1))
            for image, label in zip(images, labels, strict=True)
        ]
        (folder / name).write_bytes(bz2.compress("\n".join(lines).encode()))


def _write_svhn(first: str, folder: Path, arrays: Arrays) -> None:
    """Write the training images as one or two files; the digit 0 has the label 10."""
    half = len(arrays.train_images) // 2 if first else 0
    for name, images, labels in (
        (first, arrays.train_images[:half], arrays.train_labels[:half]),
        ("train", arrays.train_images[half:], arrays.train_labels[half:]),
        ("test", arrays.test_images, arrays.test_labels),
    ):
        if name:
            content = {"X": np.moveaxis(images, 0, -1), "y": np.where(labels == 0, 10, labels)[:, np.newaxis]}
            savemat(folder / f"{name}_32x32.mat", content, do_compression=True)


def _write_cifar(archive: str, train: tuple[str, ...], test: str, key: str, folder: Path, arrays: Arrays) -> None:
    members = {}
    parts = np.array_split(np.arange(len(arrays.train_images)), len(train))
    batches = [
        (name, arrays.train_images[rows], arrays.train_labels[rows]) for name, rows in zip(train, parts, strict=True)
    ]
    for name, images, labels in (*batches, (test, arrays.test_images, arrays.test_labels)):
        rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        members[name] = pickle_of_python_2({key: labels.tolist(), "data": rows, "filenames": []})
    pack_tar(folder / archive, members)


def _write_stl(folder: Path, arrays: Arrays) -> None:
    members = {"stl10_binary/unlabeled_X.bin": bytes(1000)}
    for split in ("test", "train"):
        images, labels = getattr(arrays, f"{split}_images"), getattr(arrays, f"{split}_labels")
        planes = [image[..., channel].flatten("F") for image in images for channel in range(3)]
        members[f"stl10_binary/{split}_X.bin"] = np.concatenate(planes).tobytes()
        members[f"stl10_binary/{split}_y.bin"] = (labels + 1).astype(np.uint8).tobytes()
    pack_tar(folder / "stl10_binary.tar.gz", members)


def _columns(arrays: Arrays) -> list[Any]:
    """Return images without channels and labels as uint8, for training and test."""
    labels = arrays.train_labels.astype(np.uint8), arrays.test_labels.astype(np.uint8)
    return [arrays.train_images[..., 0], labels[0], arrays.test_images[..., 0], labels[1]]


def _to_idx(array: Any) -> bytes:
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape) + array.tobytes()


class Hostile:
    """An object whose pickle creates a file when it is loaded without restrictions."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def write_hostile_cifar(folder: Path, touched: Path) -> None:
    """Write an archive of CIFAR-100 whose pickle creates `touched`."""
    content = pickle.dumps({b"data": Hostile(touched)}, protocol=2)
    pack_tar(folder / "cifar-100-python.tar.gz", {"cifar-100-python/train": content, "cifar-100-python/test": content})


_BATCHES = tuple(f"cifar-10-batches-py/data_batch_{k}" for k in range(1, 6))
_CIFAR100 = ("cifar-100-python.tar.gz", ("cifar-100-python/train",), "cifar-100-python/test")

WRITERS: dict[str, Writer] = {
    "mnist": _write_mnist,
    "fashion_mnist": _write_fashion,
    "kmnist": partial(_write_npz, "kmnist"),
    "k49": partial(_write_npz, "k49"),
    **{
        f"emnist_{variant}": partial(_write_emnist, variant, int(variant == "letters"))
        for variant in ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")
    },
    "usps": _write_usps,
    "svhn": partial(_write_svhn, ""),
    "svhn_extra": partial(_write_svhn, "extra"),
    "cifar10": partial(_write_cifar, "cifar-10-python.tar.gz", _BATCHES, "cifar-10-batches-py/test_batch", "labels"),
    "cifar100": partial(_write_cifar, *_CIFAR100, "fine_labels"),
    "cifar100_coarse": partial(_write_cifar, *_CIFAR100, "coarse_labels"),
    "stl10": _write_stl,
}
