"""Run time of each section of the Data page with 100,000 images of 100 classes, and of its first computation.

Prints one line of JSON per section, one for the pixel values before their statistics are computed, and one for the
statistics, which are computed once, in the background. The budget of a section is 0.15 s for a repeated run, measured
in Streamlit's test runner with its overhead; the CPU time depends less on other load.
"""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from core.datasets.cache import open_dataset
from core.datasets.statistics import ensure_statistics
from core.home import Home
from core.ui.data.sections import SECTIONS
from tests.support.dataset_writer import write_dataset
from tests.support.page import navigated, open_page

BUDGET_SECONDS = 0.15
IMAGES, CLASSES, SIDE = 100_000, 100, 28
REPEATS = 10


def measure_section(section: str) -> dict[str, object]:
    begin = time.perf_counter()
    app = open_page("data", dataset_shown="folder-large", data_section=section)
    first = time.perf_counter() - begin
    seconds, cpu_seconds = [], []
    for _ in range(REPEATS):
        begin, before = time.perf_counter(), time.process_time()
        app.run()
        seconds.append(time.perf_counter() - begin)
        cpu_seconds.append(time.process_time() - before)
        if app.exception or [error for error in app.error if "D1" not in error.value]:
            raise SystemExit(f"The section {section} failed: {[error.value for error in app.error]}.")
    median = statistics.median(seconds)
    return {
        "benchmark": "data_page", "section": section, "images": IMAGES, "first_seconds": round(first, 3),
        "seconds": round(median, 4), "cpu_seconds": round(statistics.median(cpu_seconds), 4),
        "budget_seconds": BUDGET_SECONDS, "within": median <= BUDGET_SECONDS,
    }  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, navigated():
        home = Home(Path(folder))
        os.environ["HEADROOM_HOME"] = folder
        names = [f"class {number}" for number in range(CLASSES)]
        write_dataset(
            home, names, name="large", train=IMAGES * 4 // 5, test=IMAGES // 5, validation=IMAGES // 10,
            shape=(SIDE, SIDE, 3),
        )  # fmt: skip
        for section in SECTIONS:
            open_page("data", dataset_shown="digits", data_section=section)  # imports
        begin = time.perf_counter()
        open_page("data", dataset_shown="folder-large", data_section="pixels")
        first = time.perf_counter() - begin
        ensure_statistics(home, open_dataset(home, "folder", "large"))
        took = time.perf_counter() - begin
        print(json.dumps({"benchmark": "data_page", "pixels_before_statistics_seconds": round(first, 3)}))
        print(json.dumps({"benchmark": "data_page", "statistics_seconds": round(took, 2)}))
        for section in SECTIONS:
            print(json.dumps(measure_section(section)), flush=True)


if __name__ == "__main__":
    main()
