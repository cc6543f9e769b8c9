"""Memory that hostile files take, measured in separate processes."""

import io
import json
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from core.errors import DatasetError, JobError
from core.files import count_zip_entries
from core.image_file import read_picture
from core.image_format import MAX_SIDE
from core.memory_limit import SETTING, read_memory_limit
from tests.support.paths import ROOT

_MEASURE = """
import json, resource, sys, time
from pathlib import Path
from core.errors import DatasetError
from core.datasets.trees.file_tree import open_tree
from core.datasets.custom.folder_survey import survey_folder
before, begun, reasons = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic(), []
try:
    with survey_folder(Path(sys.argv[1]), 32) as collection:
        reasons = [found for _, found in collection.read() if isinstance(found, str)]
except DatasetError as error:
    reasons = [str(error)]
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(json.dumps({"megabytes": grown, "seconds": time.monotonic() - begun, "reasons": reasons}))
"""


def measure(path: Path) -> tuple[float, float, list[str]]:
    """Return the growth of the memory in MB, the seconds, and the reasons for refusing files of an archive."""
    command = [sys.executable, "-c", _MEASURE, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found = json.loads(done.stdout)
    return found["megabytes"], found["seconds"], found["reasons"]


def build_png(width: int, height: int) -> bytes:
    """Return a gray PNG of zeros without holding its pixels."""
    pack = zlib.compressobj(9)
    rows = b"".join(pack.compress(bytes(width + 1)) for _ in range(height)) + pack.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize(("width", "height"), [(1, MAX_SIDE + 1), (MAX_SIDE + 1, 1), (MAX_SIDE + 1, 3)])
def test_images_with_a_long_side_are_refused(width: int, height: int) -> None:
    with pytest.raises(DatasetError, match=f"^An image may have at most {MAX_SIDE:,} pixels per side; this one has "):
        read_picture(build_png(width, height))


def test_large_images_are_decoded_one_at_a_time(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4000, 4000, 4), np.uint8)).save(buffer, "PNG", compress_level=1)
    tall, large = build_png(1, 1_000_000), buffer.getvalue()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"cat/{number}.png", tall)
            archive.writestr(f"dog/{number}.png", large)
    megabytes, _, reasons = measure(tmp_path / "a.zip")
    assert len(reasons) == 3
    assert all("pixels per side" in reason for reason in reasons)
    assert megabytes < 500


def test_equal_images_of_a_parquet_file_are_not_expanded_together(tmp_path: Path) -> None:
    image = np.random.default_rng(0).bytes(4_000_000)
    table = pa.table({"image": pa.array([image] * 64, pa.binary()), "label": ["a", "b"] * 32})
    parquet.write_table(table, tmp_path / "train.parquet", dictionary_pagesize_limit=10_000_000)
    assert (tmp_path / "train.parquet").stat().st_size < 5_000_000
    megabytes, _, reasons = measure(tmp_path)
    assert len(reasons) == 64
    assert megabytes < 300


def write_archive(path: Path, entries: int, declared: int) -> None:
    """Write a ZIP archive whose directory has many entries, and a record that declares another number."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    with path.open("wb") as file:
        file.write(entry * entries)
        size = file.tell()
        file.write(struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, declared, declared, size, 0))
        file.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, size, 1))
        file.write(struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


@pytest.mark.parametrize("declared", [3_000_000, 5])
def test_archive_with_millions_of_entries_is_refused_before_they_are_listed(tmp_path: Path, declared: int) -> None:
    write_archive(tmp_path / "a.zip", 3_000_000, declared)
    megabytes, seconds, (reason,) = measure(tmp_path / "a.zip")
    assert reason.startswith("An archive may have at most 250,000 files; this one has ")
    assert megabytes < 200
    assert seconds < 2


def test_entries_are_counted_as_zipfile_does(tmp_path: Path) -> None:
    for count in (0, 1, 7, 70_000):
        buffer = io.BytesIO(b"prefix") if count == 7 else io.BytesIO()
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.comment = b"a comment"
            for number in range(count):
                archive.writestr(f"{number}", b"")
        assert count_zip_entries(buffer, 100_000) == count
        assert (count_zip_entries(buffer, 5) > 5) == (count > 5)


@pytest.mark.parametrize("value", ["", "2", "0.5"])
def test_memory_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(SETTING, value)
    assert read_memory_limit() == (round(float(value) * 1e9) if value else None)


@pytest.mark.parametrize("value", ["0", "-1", "many", "nan", "inf", "1e99"])
def test_invalid_memory_limit_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(SETTING, value)
    with pytest.raises(JobError, match=f"^Expected {SETTING} between 0.5 and 1000000; got '{value}'.$"):
        read_memory_limit()


def test_process_with_a_limit_cannot_allocate_more() -> None:
    code = f"import os; os.environ[{SETTING!r}] = '0.5'; from core.memory_limit import limit_memory; limit_memory(); "
    done = subprocess.run([sys.executable, "-c", f"{code}bytes(600_000_000)"], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr.strip().endswith("MemoryError")
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", f"{code}bytes(50_000_000)"], cwd=ROOT, check=True)
    assert time.monotonic() - begun < 30
