"""Folders of small images, one folder per class."""

import io
from pathlib import Path
from typing import Any

from PIL import Image

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
