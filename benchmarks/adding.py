"""Time to add a folder of photos as a dataset, compared with another checkout of Headroom, in alternation.

Each round starts a new process per checkout, which first adds eight images, so that all libraries are imported. Prints
one line of JSON with the median of the wall and the CPU seconds of `add_dataset`, and the highest memory. The budget is
not to be slower than the other checkout. Without `--photos`, 300 photos are drawn at random.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import json, resource, sys, tempfile, time
from pathlib import Path
try:
    from core.datasets.custom.add import add_dataset
except ImportError:  # older checkouts
    from core.datasets.add import add_dataset
from core.home import Home
from PIL import Image
with tempfile.TemporaryDirectory() as folder:
    for number in range(8):
        file = Path(folder, "few", f"class{number % 2}", f"{number}.jpg")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((300, 200), 50 + number).save(file)
    add_dataset(Home(Path(folder, "warm")), "photos", Path(folder, "few"))
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    info = add_dataset(Home(Path(folder)), "photos", Path(sys.argv[1])).info
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"images": info.train_count + info.test_count, "seconds": wall, "cpu_seconds": cpu,
                  "megabytes": after.ru_maxrss / 1000, "fingerprint": info.fingerprint}))
"""


def measure(checkout: Path, photos: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    words = [sys.executable, "-c", SCRIPT, str(photos)]
    done = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def draw_photos(folder: Path, count: int = 300) -> Path:
    """Write noisy JPEG files of 500 × 375 pixels in three classes."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(count):
        target = folder / f"class{number % 3}"
        target.mkdir(exist_ok=True)
        small = random.integers(0, 256, (38, 50, 3), np.uint8)
        Image.fromarray(small).resize((500, 375)).save(target / f"{number}.jpg")
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder with one subfolder per class")
    parser.add_argument("--other", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    checkouts = {"this": ROOT} | ({"other": options.other.resolve()} if options.other else {})
    with tempfile.TemporaryDirectory() as folder:
        photos = options.photos.resolve() if options.photos else draw_photos(Path(folder))
        found: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
        for _ in range(options.rounds):
            for name, checkout in checkouts.items():
                found[name].append(measure(checkout, photos))
    keys = ("seconds", "cpu_seconds", "megabytes")
    result = {
        name: {"images": rows[0]["images"], "fingerprint": rows[0]["fingerprint"]}
        | {key: round(statistics.median(row[key] for row in rows), 2) for key in keys}
        for name, rows in found.items()
    }
    ratio = {key: round(result["this"][key] / result["other"][key], 2) for key in keys} if options.other else {}
    print(json.dumps({"benchmark": "adding", **result, "ratio": ratio}))


if __name__ == "__main__":
    main()
