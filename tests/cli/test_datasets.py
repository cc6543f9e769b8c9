"""The command datasets."""

import re

from core.datasets.cache import fetch_dataset
from core.home import Home
from core.spec import DATASETS
from tests.support.command import ask, call
from tests.support.dataset_writer import SKIPPED, write_dataset


def test_datasets_lists_available_ones_and_how_to_download_the_others(home: Home) -> None:
    info = fetch_dataset(home, "digits").info
    found = {status["name"]: status for status in ask("datasets")}
    assert list(found) == list(DATASETS)
    assert (found["digits"]["available"], found["digits"]["fingerprint"]) == (True, info.fingerprint)
    assert (found["digits"]["bytes"], found["digits"]["official"]) == (info.bytes, True)
    assert (found["kmnist"]["available"], found["kmnist"]["fingerprint"]) == (False, None)
    assert found["kmnist"]["next_step"] == "headroom datasets download kmnist"
    text = call("datasets").stdout
    assert "headroom datasets download kmnist" in text
    assert info.fingerprint in text


def test_downloaded_dataset_is_rebuilt_only_with_force(home: Home) -> None:
    made = []
    for words in ([], [], ["--again"]):
        result = call("datasets", "fetch", "digits", *words)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "1,149 training, 288 validation and 360 test images" in result.stdout
        made.append((home.datasets / "digits" / "dataset.json").stat().st_mtime_ns)
    assert made[0] == made[1] < made[2]
    assert ask("datasets")[0]["available"]


def test_damaged_dataset_is_listed_with_the_repair_command(home: Home) -> None:
    fetch_dataset(home, "digits")
    (home.datasets / "digits" / "dataset.json").write_text("{")
    result = call("datasets")
    assert result.exit_code == 0
    assert "damaged" in result.stdout
    assert "Repair it with: headroom datasets download digits" in result.stderr


def test_dataset_is_shown_as_on_the_data_page(home: Home) -> None:
    write_dataset(home, ("cat", "dog"))
    text = call("datasets", "show", "mine").stdout
    assert text.startswith("Folder mine: 2 classes with 8 images each; 9 training, 3 validation and 4 test images.")
    assert SKIPPED[1].file in text
    assert [row["class"] for row in ask("datasets", "show", "mine", "--view", "pixel_range")] == ["cat", "dog"]
    assert [row["name"] for row in ask("datasets", "show", "digits")["classes"]] == [*"0123456789"]
    listed = next(line for line in call("datasets").stdout.splitlines() if line.strip().startswith("folder mine"))
    assert not re.search(r"\bno\b", listed)  # added images have no official version
    result = call("datasets", "show", "mine", "--view", "other")
    assert "Unknown view of a dataset 'other'." in result.stderr
    assert "mean_images" in result.stderr
