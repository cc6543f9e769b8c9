"""Kuzushiji-49: 48 hiragana and the iteration mark."""

from core.datasets.dataset import Arrays, Dataset
from core.datasets.download import Downloads
from core.datasets.formats.kuzushiji_files import (
    CITATION,
    DRAWING,
    LICENCE,
    SOURCE,
    list_kuzushiji_files,
    read_kuzushiji,
)


def load(files: Downloads) -> Arrays:
    return read_kuzushiji(files.paths())


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
    source=SOURCE,
    licence=LICENCE,
    citation=CITATION,
    load=load,
    drawing=DRAWING,
    files=list_kuzushiji_files("k49"),
)  # fmt: skip
