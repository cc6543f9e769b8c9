"""Stored predictions of corrupted images: damaged or invalid."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import RunDamagedError
from core.store.robustness_file import NAME
from tests.support.run_rewriter import rewrite
from tests.support.run_writer import RunWriter

FILES = {
    "cut": lambda found, path: path.write_bytes(path.read_bytes()[:200]),
    "empty": lambda found, path: path.write_bytes(b""),
    "pickled": lambda found, path: replace(found, corruptions=found.corruptions.astype(object)).write(path),
    "rows missing": lambda found, path: replace(found, values=found.values[:-1]).write(path),
    "images beyond": lambda found, path: replace(found, images=found.images + 10_000).write(path),
    "an array missing": lambda found, path: np.savez(path, guesses=found.predictions),
}


@pytest.mark.parametrize("damage", FILES)
def test_invalid_file_is_rejected_with_an_error_message(make_run: RunWriter, damage: str) -> None:
    run = make_run(head="gap")
    FILES[damage](run.robustness, run.path / NAME)
    with pytest.raises(RunDamagedError, match=r"^robustness\.npz of run .* (cannot be read|is invalid): "):
        _ = rewrite(run).robustness
