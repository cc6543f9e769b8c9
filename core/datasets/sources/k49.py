"""Kuzushiji-49: 48 hiragana and the iteration mark."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Download, Downloads
from core.datasets.drawing import DrawnImage

_ORIGIN = "http://codh.rois.ac.jp/kmnist/dataset/k49"
_PARTS = ("train-imgs", "train-labels", "test-imgs", "test-labels")


def load(files: Downloads) -> Arrays:
    train_images, train_labels, test_images, test_labels = (np.load(path)["arr_0"] for path in files.paths())
    return Arrays.of_grey((train_images, train_labels), (test_images, test_labels))


DATASET = Dataset(
    name="k49",
    label="Kuzushiji-49",
    order=10,
    summary="49 classes of cursive Japanese characters, imbalanced, in the format of MNIST. The authors recommend "
    "balanced accuracy.",
    classes=(
        "あ a", "い i", "う u", "え e", "お o", "か ka", "き ki", "く ku", "け ke", "こ ko", "さ sa", "し shi", "す su",
        "せ se", "そ so", "た ta", "ち chi", "つ tsu", "て te", "と to", "な na", "に ni", "ぬ nu", "ね ne", "の no",
        "は ha", "ひ hi", "ふ fu", "へ he", "ほ ho", "ま ma", "み mi", "む mu", "め me", "も mo", "や ya", "ゆ yu",
        "よ yo", "ら ra", "り ri", "る ru", "れ re", "ろ ro", "わ wa", "ゐ wi", "ゑ we", "を wo", "ん n",
        "ゝ iteration mark",
    ),
    input_shape=(28, 28, 1),
    official_counts=(232_365, 38_547),
    official_fingerprint=None,
    source="http://codh.rois.ac.jp/kmnist/",
    licence="CC BY-SA 4.0",
    citation="Clanuwat, T., Bober-Irizar, M., Kitamoto, A., Lamb, A., Yamamoto, K. & Ha, D. (2018). Deep Learning for "
    "Classical Japanese Literature. https://arxiv.org/abs/1812.01718",
    load=load,
    drawing=DrawnImage(28, 28, None, "scaled to fill 28×28 pixels, centred"),
    files=tuple(  # the authors publish no checksums
        Download(f"{_ORIGIN}/k49-{part}.npz", f"datasets/kmnist.npz_k49_{part.replace('-', '_')}") for part in _PARTS
    ),
)  # fmt: skip
