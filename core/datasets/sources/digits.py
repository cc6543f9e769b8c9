"""scikit-learn's bundled handwritten digits, enlarged to the size of MNIST."""

import numpy as np

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.drawing import DrawnImage


def load(_files: Downloads) -> Arrays:
    """Scans with values 0..16 and sides of 8 become uint8 0..255 with sides of 28, then are split 80/20 with seed 0."""
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
    summary="1,797 handwritten digits, real scans of 8×8 pixels enlarged to 28×28; comes with scikit-learn and needs "
    "no network. The data has no official split: the stratified 80/20 split with seed 0 is Headroom's own.",
    classes=tuple("0123456789"),
    input_shape=(28, 28, 1),
    official_counts=(1437, 360),
    official_fingerprint="57a9b88f518d5397",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    licence="CC BY 4.0",
    citation="Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning "
    "Repository. https://doi.org/10.24432/C50P49",
    load=load,
    drawing=DrawnImage(
        8, 8, 3.5, "shrunk to 8×8 pixels as the scans are, the centre of mass in the middle, then enlarged to 28×28"
    ),
    bundled=True,
)
