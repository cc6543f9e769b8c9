"""Datasets in the formats of Hugging Face: Parquet exports and imagefolder with metadata files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.datasets.custom.add import add_dataset
from core.datasets.report import read_files, read_report
from core.errors import DatasetError
from core.home import Home
from tests.support.image_folder import COLOURS, make_folder, picture

NAMES = ["red", "T-shirt/top", "10", "blue"]
PIXELS = {0: (250, 10, 10), 1: (10, 200, 20), 2: (90, 90, 90), 3: (20, 30, 240)}


def write_parquet(path: Path, labels: list[Any], features: dict[str, Any] | None = None, **columns: Any) -> None:
    """Write images of one color per label, with the metadata of Hugging Face if there are features."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colors = [PIXELS.get(label, (0, 0, 0)) if isinstance(label, int) else (0, 0, 0) for label in labels]
    rows = [{"bytes": picture(color), "path": f"some/{k}.png"} for k, color in enumerate(colors)]
    table = pa.table({"image": rows, "label": labels} | columns)
    if features is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path, row_group_size=3)


IMAGE = {"_type": "Image"}
FEATURES = {"image": IMAGE, "label": {"names": NAMES, "_type": "ClassLabel"}}


def count(home: Home, name: str = "mine") -> tuple[str, dict[str, tuple[int, int, int]]]:
    report = read_report(home.datasets / f"folder-{name}")
    assert report
    return report.splits, {c.name: (c.train, c.validation, c.test) for c in report.classes}


def test_parquet_export_has_its_classes_and_splits(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write_parquet(folder / "data" / "train-00000-of-00002.parquet", [0, 1, 2, 3] * 2, FEATURES)
    write_parquet(folder / "data" / "train-00001-of-00002.parquet", [3, 0, -1, None, 1, 2], FEATURES)
    write_parquet(folder / "data" / "validation-00000-of-00001.parquet", [0, 1], FEATURES)
    write_parquet(folder / "data" / "test-00000-of-00001.parquet", [0, 1, 2, 3, 3], FEATURES)
    write_parquet(folder / "data" / "extra-00000-of-00001.parquet", [0, 1], FEATURES)
    (folder / "README.md").write_text("---\ndataset_info:\n---\n")
    (folder / ".cache" / "huggingface").mkdir(parents=True)
    cached = add_dataset(home, "mine", folder, side=8)
    classes = {"10": (3, 0, 1), "blue": (3, 0, 2), "red": (3, 1, 1), "T-shirt/top": (3, 1, 1)}
    assert count(home) == ("given", classes)
    assert cached.info.classes == ("10", "blue", "red", "T-shirt/top")
    arrays = cached.arrays()
    for images, labels in (
        (arrays.train_images, arrays.train_labels), (arrays.test_images, arrays.test_labels),
    ):  # fmt: skip
        colours = [PIXELS[NAMES.index(cached.info.classes[label])] for label in labels]
        np.testing.assert_allclose(images[:, 4, 4], colours, atol=1)
    report = read_report(cached.path)
    assert report
    assert {(skipped.file, skipped.reason) for skipped in report.skipped} == {
        ("data/train-00001-of-00002.parquet/000002 2.png", "This image has no label."),
        ("data/train-00001-of-00002.parquet/000003 3.png", "This image has no label."),
        ("data/extra-00000-of-00001.parquet", "The name of this file contains neither train nor validation nor test."),
    }
    files = read_files(cached.path)
    assert files is not None
    assert "data/test-00000-of-00001.parquet/000004 4.png" in set(files["file"])


def test_other_columns_of_parquet_files_are_found(home: Home, tmp_path: Path) -> None:
    labels = [0, 1, 2, 3] * 3
    cases: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "no-features": ({"labels": labels}, ("0", "1", "2", "3")),
        "text": ({"labels": [f"class {k}" for k in labels]}, ("class 0", "class 1", "class 2", "class 3")),
        "bytes": ({"labels": labels, "features": {}}, ("0", "1", "2", "3")),
        "several": (
            {
                "labels": labels, "fine_label": labels, "coarse_label": [k // 2 for k in labels],
                "features": {
                    "image": IMAGE,
                    "fine_label": {"names": NAMES, "_type": "ClassLabel"},
                    "coarse_label": {"names": ["a", "b"], "_type": "ClassLabel"},
                },
            },
            ("10", "blue", "red", "T-shirt/top"),
        ),
    }  # fmt: skip
    for name, (columns, classes) in cases.items():
        path = tmp_path / f"{name}.parquet"
        given = columns.pop("labels")
        write_parquet(path, given, columns.pop("features", None), **columns)
        table = parquet.read_table(path)
        if name == "bytes":
            path.write_bytes(b"")
            table = table.set_column(0, "img", [[row["bytes"] for row in table["image"].to_pylist()]])
        if name == "several":
            table = table.drop_columns(["label"])
        parquet.write_table(table, path)
        assert add_dataset(home, name, path, side=8).info.classes == classes
        assert count(home, name)[0] == "drawn"


def test_unusable_parquet_files_are_refused_with_the_reason(home: Home, tmp_path: Path) -> None:
    two = [0, 1] * 4
    write_parquet(tmp_path / "configurations" / "small" / "train-0.parquet", two)
    write_parquet(tmp_path / "configurations" / "large" / "train-0.parquet", two)
    write_parquet(tmp_path / "lists.parquet", [[0, 1]] * 4)
    write_parquet(tmp_path / "single.parquet", [0] * 4)
    parquet.write_table(pa.table({"text": ["a"], "label": [0]}), tmp_path / "text.parquet")
    (tmp_path / "damaged.parquet").write_bytes((tmp_path / "single.parquet").read_bytes()[:-20])
    (tmp_path / "empty.parquet").touch()
    paths = [{"bytes": None, "path": "a.png"}] * 4
    parquet.write_table(
        pa.table(
            {"image": pa.array(paths, pa.struct([("bytes", pa.binary()), ("path", pa.string())])), "label": [0, 1] * 2}
        ),
        tmp_path / "paths.parquet",
    )
    for name, message in {
        "configurations": "The folder contains several configurations: 'large' and 'small'. Add one of them.",
        "lists.parquet": "expected one label per image in the column label; got list<",
        "single.parquet": "Expected at least 2 classes in the Parquet files; got 1.",
        "text.parquet": "expected the columns image and label; got text, label",
        "damaged.parquet": "'damaged.parquet' is damaged, or it is not a Parquet file of images",
        "empty.parquet": "'empty.parquet' is damaged, or it is not a Parquet file of images",
        "paths.parquet": "got 0. The first row that was skipped: The file contains only the path of the image.",
    }.items():
        with pytest.raises(DatasetError) as error:
            add_dataset(home, "mine", tmp_path / name, side=8)
        assert message in str(error.value), name
        assert "\n" not in str(error.value), name


def test_image_folder_with_class_folders_is_split_as_given(home: Home, tmp_path: Path) -> None:
    for split, counts in {"train": 4, "test": 2}.items():
        make_folder(tmp_path / "in" / split, dict.fromkeys(COLOURS, counts))
    add_dataset(home, "mine", tmp_path / "in", side=8)
    assert count(home) == ("given", dict.fromkeys(COLOURS, (3, 1, 2)))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_metadata_of_each_split_has_the_labels(suffix: str, wrapped: bool, home: Home, tmp_path: Path) -> None:
    top = tmp_path / "in" / "inner" if wrapped else tmp_path / "in"
    for split, total in {"train": 4, "validation": 1, "test": 2}.items():
        (top / split / "images").mkdir(parents=True)
        rows = [(f"images/{name}-{k}.png", f"{name} one") for name in COLOURS for k in range(total)]
        for path, label in rows:
            (top / split / path).write_bytes(picture(COLOURS[label.split()[0]]))
        lines = [
            json.dumps({"file_name": path, "text": "a\u2028b", "label": label}, ensure_ascii=False)
            for path, label in rows
        ]
        table = [f"{path},{label}" for path, label in rows]
        text = "\n".join(["file_name,label", *table] if suffix == "csv" else [*lines, "", "not JSON"])
        (top / split / f"metadata.{suffix}").write_text(text, encoding="utf-8")
    (top / "train" / "images" / "unlisted.png").write_bytes(picture((1, 2, 3)))
    info = add_dataset(home, "mine", tmp_path / "in", side=8).info
    assert count(home) == ("given", {f"{name} one": (4, 1, 2) for name in COLOURS})
    report = read_report(home.datasets / "folder-mine")
    assert report
    assert [Path(skipped.file).name for skipped in report.skipped] == ["unlisted.png"]
    assert info.classes == tuple(f"{name} one" for name in COLOURS)


def test_metadata_at_the_top_names_files_in_folders(home: Home, tmp_path: Path) -> None:
    for name in COLOURS:
        make_folder(tmp_path / "in" / "images", {name: 5})
    rows = [
        {"file_name": f"images/{name}/{k:03}.png", "label": row, "split": "test" if k == 4 else "train"}
        for row, name in enumerate(COLOURS)
        for k in range(5)
    ]
    (tmp_path / "in" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    add_dataset(home, "mine", tmp_path / "in", side=8)
    assert count(home) == ("csv", {str(row): (3, 1, 1) for row in range(3)})


def test_metadata_without_labels_changes_nothing(home: Home, tmp_path: Path) -> None:
    make_folder(tmp_path / "in", dict.fromkeys(COLOURS, 5))
    (tmp_path / "in" / "metadata.jsonl").write_text('{"file_name": "red/000.png", "text": "a red picture"}\n')
    add_dataset(home, "mine", tmp_path / "in", side=8)
    assert count(home)[0] == "drawn"
    report = read_report(home.datasets / "folder-mine")
    assert report
    assert [skipped.file for skipped in report.skipped] == ["metadata.jsonl"]
