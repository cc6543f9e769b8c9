"""Handwritten digits of scikit-learn, enlarged to the size of MNIST."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.drawing import DrawnImage


def load(_files: Downloads) -> Arrays:
    """Convert the 8×8 scans with values 0 … 16 to 28×28 uint8 images, and split them 80/20 (stratified, seed 0)."""
    from PIL import Image
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    scans = load_digits()
    small = np.rint(scans.images * (255 / 16)).astype(np.uint8)
    images = np.stack([np.asarray(Image.fromarray(scan).resize((28, 28), Image.Resampling.BILINEAR)) for scan in small])
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, scans.target, test_size=0.2, stratify=scans.target, random_state=0
    )
    return Arrays.of_grey((train_images, train_labels), (test_images, test_labels))


DATASET = Dataset(
    name="digits",
    label="Digits",
    order=0,
    summary="1,797 scans of handwritten digits, enlarged from 8×8 to 28×28 pixels; bundled with scikit-learn, no "
    "download needed. There is no official split: Headroom uses a stratified 80/20 split with seed 0.",
    classes=tuple("0123456789"),
    input_shape=(28, 28, 1),
    official_counts=(1437, 360),
    official_fingerprint="57a9b88f518d5397",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
    citation="Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning "
    "Repository. https://doi.org/10.24432/C50P49",
    load=load,
    drawing=DrawnImage(8, 8, 3.5, "scaled to 8×8 pixels with centered mass, then enlarged to 28×28"),
    official_split=False,
    bundled=True,
)
