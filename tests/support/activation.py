"""Runs without activation maps, drawings of digits, and texts of a page about both."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.store.activation_maps import NAME
from core.store.run import Run

ACTIVATION_MAPS = "Activation maps"


def html_of(app: AppTest) -> str:
    return "\n".join(element.proto.body for element in app.get("html"))


def without_maps(run: Run) -> Run:
    """Remove the activation maps of a run, as in runs of former versions."""
    (run.path / NAME).unlink()
    record = run.record.model_copy(update={"checksums": {k: v for k, v in run.record.checksums.items() if k != NAME}})
    (run.path / "record.json").write_text(record.model_dump_json())
    return Run.open(run.path)


def picture(array: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def seven(ink: int = 255, ground: int = 0) -> NDArray[np.uint8]:
    board = np.full((280, 280), ground, np.uint8)
    board[50:75, 60:200] = ink
    for row in range(75, 240):
        left = 190 - (row - 75) // 2
        board[row, left - 12 : left + 12] = ink
    return board
