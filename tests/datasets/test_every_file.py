"""Every file of a folder or an archive is used, skipped with a reason, or ignored as system litter."""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.custom.build import build_dataset
from core.datasets.custom.folder_survey import survey_folder
from core.datasets.report import DatasetReport, read_files
from core.datasets.trees.tree import decode_name, split_path
from core.errors import DatasetError
from tests.support.image_folder import picture
from tests.support.tree_writer import write_archive, write_folder, write_tar

IMAGES = [picture((value, 255 - value, value // 2), (4, 5)) for value in range(0, 250, 25)]
NAMES = [
    "a", "b", "Train", "test", "val", "10", "9", " a ", "x.png", "caf\u00e9", "cafe\u0301", "README.md", "labels.csv",
    "@eaDir", "lost+found", "Thumbs.db", "THUMBS.DB", "._1.png", ".hidden", ".git", "1.png", "2.png", "3.JPG", "4",
    "e\\f.png", "\udce9.png", "\udcff", "\u00a0", "line\nbreak.png", "-", "$RECYCLE.BIN", "desktop.ini",
]  # fmt: skip
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
CONTENTS = st.sampled_from([*IMAGES, *IMAGES, b"", b"no image", b"x.png,a\n1.png,b\n2.png,a\n", None])
PLAIN = {f"{name}/{number}.png": IMAGES[number] for name in "ab" for number in range(3)}
SPLIT = {f"{part}/{name}": content for part in ("train", "Test") for name, content in PLAIN.items()}
TABLE = b"file_name,label\n" + b"".join(b"%d.png,%s\n" % (number, b"ab"[number % 2 :][:1]) for number in range(4, 10))
FLAT = {f"{number}.png": IMAGES[number] for number in range(4, 10)}
META = {
    f"{part}/{name}": content
    for part in ("train", "test")
    for name, content in (FLAT | {"metadata.csv": TABLE}).items()
}
BASES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "class folders": PLAIN,
    "split folders": SPLIT,
    "table": FLAT | {"labels.csv": TABLE},
    "metadata": META,
    "wrapped class folders": {f"w/v/{name}": content for name, content in PLAIN.items()},
    "wrapped split folders": {f"w/{name}": content for name, content in SPLIT.items()},
    "wrapped table": {f"w/{name}": content for name, content in (FLAT | {"labels.csv": TABLE}).items()},
    "wrapped metadata": {f"w/v/{name}": content for name, content in META.items()},
}


def build(path: Path) -> tuple[DatasetReport, pd.DataFrame, str] | str:
    """Return the report, the used files and the fingerprint, or the refusal."""
    with TemporaryDirectory() as folder:
        try:
            with survey_folder(path, 8) as collection:
                report = build_dataset(Path(folder), "folder-x", collection, lambda done, total: None, "x")
        except DatasetError as error:
            return str(error)
        files = read_files(Path(folder))
        assert files is not None
        return report, files, json.loads((Path(folder) / "dataset.json").read_text())["fingerprint"]


@settings(max_examples=30)
@given(st.sampled_from([*BASES]), st.dictionaries(PATHS, CONTENTS, max_size=12), st.booleans())
def test_every_file_is_used_or_listed_or_ignored_in_folders_and_archives(
    base: str, drawn: dict[str, Any], inside: bool
) -> None:
    top = "w/" if inside and base.startswith("wrapped") else ""
    check_every_file(BASES[base] | {f"{top}{name}": content for name, content in drawn.items()})


def test_every_file_of_an_accepted_layout_is_used() -> None:
    for base, files in list(BASES.items())[1:]:
        used = check_every_file(files)
        assert sorted(used) == sorted(name for name in files if name.endswith(".png")), base


def check_every_file(wanted: dict[str, Any]) -> list[str]:
    """Compare the same files as a folder, a ZIP and a tar archive; return those that are used."""
    files = {
        name: content for name, content in wanted.items()
        if not any(other.startswith(f"{name}/") for other in wanted)
        and not any(name.startswith(f"{other}/") and wanted[other] is not None for other in wanted)
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        found = build(write_folder(Path(folder) / "in", files))
        archives = [build(write_archive(Path(folder) / "in.zip", files))]
        if files:  # an empty tar archive is not recognizable
            archives.append(build(write_tar(Path(folder) / "in.tar", files)))
    for archived in archives:
        if isinstance(found, str) or isinstance(archived, str):
            assert found == archived
        else:
            assert found[0] == archived[0]
            assert found[1].equals(archived[1])
            assert found[2] == archived[2]
    if isinstance(found, str):
        return []
    report, used = found[0], [*found[1]["file"]]
    listed = [
        file.file
        for file in report.skipped
        if not file.file.endswith("/") and "but not found" not in file.reason  # folders, and rows of tables
    ]
    names = [
        "/".join(split_path(decode_name(os.fsencode(name)))) for name, content in files.items() if content is not None
    ]
    ignored = [name for name in names if {*report.ignored} & {*name.split("/")}]
    tables = [name for name in names if name.endswith((".csv", ".CSV")) and name not in used + listed + ignored]
    assert sorted(used + listed + ignored + tables) == sorted(names)
    assert all(file.reason for file in report.skipped)
    assert sum(count.train + count.validation + count.test for count in report.classes) == len(used)
    return used
