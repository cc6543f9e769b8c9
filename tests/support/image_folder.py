"""Folders of small images, one folder per class."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.datasets.custom.add import add_dataset
from core.errors import HeadroomError
from core.home import Home

COLOURS = {"blue": (20, 30, 240), "green": (10, 200, 20), "red": (250, 10, 10)}


def picture(colour: tuple[int, ...], size: tuple[int, int] = (20, 14), kind: str = "PNG", mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, colour).convert(mode).save(content, kind)
    return content.getvalue()


def make_folder(path: Path, counts: dict[str, int], **options: Any) -> Path:
    for name, count in counts.items():
        (path / name).mkdir(parents=True)
        content = picture(COLOURS[name], **options)
        for number in range(count):
            (path / name / f"{number:03}.png").write_bytes(content)
    return path


def make_zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def make_members(top: str = "", count: int = 5) -> dict[str, bytes]:
    return {f"{top}{name}/{n}.png": picture(colour) for name, colour in COLOURS.items() for n in range(count)}


def refusal(home: Home, path: Path, name: str = "mine", **more: Any) -> str:
    """Return the error message of a rejection, after which nothing is left of the dataset."""
    with pytest.raises(HeadroomError) as error:
        add_dataset(home, name, path, **more)
    left = [entry for entry in os.listdir(home.datasets) if entry != ".fetch"] if home.datasets.exists() else []
    assert left == []
    assert "\n" not in str(error.value)
    return str(error.value)
