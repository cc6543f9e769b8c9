"""Names of the source files of test images: in galleries, in the dialog of an image and in the predictions CSV."""

from dataclasses import replace

import pandas as pd

from core.datasets.cache import open_dataset
from core.datasets.report import write_files
from core.displays.views.gallery import Gallery
from core.exporters.prediction_csv import list_predictions, write_predictions
from core.home import Home
from core.store.comparison import Comparison
from core.store.image_name import name_test_images
from tests.support.run_writer import RunWriter

FORMULA = "=1+1"


def name_files(home: Home, count: int) -> None:
    """Write a list of files as if the digits had been added from a folder, in another order than the images."""
    rows = [("test", row, FORMULA if row == 3 else f"cat/{row}.jpg", 8, 8, 1) for row in reversed(range(count))]
    rows += [("train", 0, "cat/train.jpg", 8, 8, 1)]
    columns = ["split", "row", "file", "width", "height", "frames"]
    write_files(open_dataset(home, "digits").path, pd.DataFrame(rows, columns=columns))


def test_file_names_are_shown_and_exported_if_they_belong_to_the_images(home: Home, make_run: RunWriter) -> None:
    comparison = Comparison.of([make_run(head=head) for head in ("gap", "dense")])
    assert name_test_images(home, comparison.first) is None
    assert "file" not in Gallery(comparison, home).frame()
    assert "file" not in list_predictions(comparison)
    name_files(home, 360)
    gallery = Gallery(comparison, home, page=2, page_size=6)
    assert gallery.frame()["file"].tolist() == [f"cat/{image}.jpg" for image in range(6, 12) for _ in range(2)]
    assert "cat/7.jpg" in str(gallery.chart().to_dict()["datasets"])
    frame = list_predictions(comparison)
    assert frame.columns[:3].tolist() == ["image", "file", "true_class"]
    assert frame["file"].tolist() == [FORMULA if image == 3 else f"cat/{image}.jpg" for image in frame["image"]]
    assert f"3,'{FORMULA}," in write_predictions(comparison).decode("utf-8-sig")
    data = comparison.first.record.data.model_copy(update={"fingerprint": "0" * 16})
    other = replace(comparison.first, record=comparison.first.record.model_copy(update={"data": data}))
    assert name_test_images(home, other) is None
    name_files(home, 359)
    assert name_test_images(home, comparison.first) is None
