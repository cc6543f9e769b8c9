"""Time and memory to find what is wrong with 60,000 and 100,000 made-up drawings of 28 × 28 pixels.

Prints one line of JSON. The drawings are random strokes: 1% are copies, and 1% differ from another one in a few pixels
by one value. The budget is one minute for each number. On a busy machine, use `cpu_seconds`.

    python -m benchmarks.findings [COUNT ...]
"""

import json
import resource
import sys
import time

import numpy as np

COUNTS = (60_000, 100_000)
BUDGET_SECONDS = 60


def draw_strokes(count: int) -> np.ndarray:
    """Return drawings, uint8 of shape (count, 28, 28, 1): smooth random shapes on black."""
    from scipy.ndimage import zoom

    rng = np.random.default_rng(0)
    images = np.zeros((count, 28, 28, 1), np.uint8)
    for start in range(0, count, 5000):
        coarse = rng.normal(0, 1, (min(5000, count - start), 7, 7))
        smooth = zoom(coarse, (1, 20 / 7, 20 / 7), order=1)
        images[start : start + len(coarse), 4:24, 4:24, 0] = np.clip(255 * smooth - 60, 0, 255)
    part = count // 100
    images[-part:] = images[:part]
    images[-2 * part : -part] = images[part : 2 * part]
    images[-2 * part : -part, 10, 10:14] ^= 1
    return images


def measure(count: int) -> dict[str, float]:
    """Return the times in seconds and what was found among `count` images, a fifth of them test images."""
    from core.datasets.findings.image_findings import find_problems
    from core.datasets.findings.image_scan import scan_images

    images = draw_strokes(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    scan = scan_images([images])
    labels = np.arange(count) % 10
    found = find_problems((labels[: -count // 5], labels[-count // 5 :]), scan, [str(label) for label in range(10)])
    return {
        "images": count,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "more_megabytes": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3),
        **{finding.code: finding.count for finding in found.findings},
    }


def main() -> None:
    results = [measure(int(count)) for count in sys.argv[1:] or COUNTS]
    met = all(result["cpu_seconds"] <= BUDGET_SECONDS for result in results)
    print(json.dumps({"benchmark": "findings", "budget_seconds": BUDGET_SECONDS, "met": met, "results": results}))


if __name__ == "__main__":
    main()
