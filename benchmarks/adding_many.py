"""Seconds and peak memory to add a large folder, per bit depth, and after an interruption.

    python -m benchmarks.adding_many [--images 100000] [--pixels 32] [--side 32] [--bits 8 16] [--folder DIR]

Prints one line of JSON. The images are written to a temporary folder, or to DIR; 100,000 take about 0.4 GB.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.datasets.custom.add import add_dataset
from core.home import Home

_CLASSES = 10


def write_images(folder: Path, count: int, pixels: int, bits: int) -> None:
    """Write PNG files of noise into ten class folders."""
    random = np.random.default_rng(0)
    shape = (pixels, pixels, 3) if bits == 8 else (pixels, pixels)
    for label in range(_CLASSES):
        (folder / f"class-{label}").mkdir(parents=True)
    for number in range(count):
        values = random.integers(0, 256 if bits == 8 else 4096, shape).astype(np.uint8 if bits == 8 else np.uint16)
        Image.fromarray(values).save(folder / f"class-{number % _CLASSES}" / f"{number:06}.png", compress_level=1)


def measure_adding(source: Path, home: Path, side: int, stop_at: float | None) -> dict[str, float]:
    """Add a folder in a new process; with `stop_at`, interrupt it after this share of the files."""
    command = [sys.executable, "-m", "benchmarks.adding_many", "--add", str(source), str(home), str(side)]
    done = subprocess.run([*command, str(stop_at or 0)], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def add(source: Path, home: Path, side: int, stop_at: float) -> dict[str, Any]:
    steps = 0

    def follow(done: int, total: int | None) -> None:
        nonlocal steps
        steps += 1
        if stop_at and done >= stop_at * (total or 1):
            raise KeyboardInterrupt

    begin = time.perf_counter()
    report: Callable[[int, int | None], None] = follow
    with suppress(KeyboardInterrupt):
        add_dataset(Home(home), "many", source, side=side, progress=report)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": round(seconds, 1), "files_read": steps, "peak_bytes": peak}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--pixels", type=int, default=32)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--add", nargs=4)
    options = parser.parse_args()
    if options.add:
        source, home, side, stop_at = options.add
        print(json.dumps(add(Path(source), Path(home), int(side), float(stop_at))))
        return
    found: dict[str, Any] = {"images": options.images, "pixels": options.pixels, "side": options.side}
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for bits in options.bits:
            folder = Path(name, str(bits))
            write_images(folder / "in", options.images, options.pixels, bits)
            whole = measure_adding(folder / "in", folder / "home", options.side, None)
            found[f"{bits}_bits"] = whole | {"images_per_second": round(options.images / whole["seconds"])}
            if bits == 8:
                first, second = (
                    measure_adding(folder / "in", folder / "second", options.side, stop) for stop in (0.6, None)
                )
                found["interrupted_at_60_percent"] = {"before": first, "after": second}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
