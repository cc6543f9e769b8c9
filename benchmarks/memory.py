"""Peak memory of a worker for each recipe whose data is in the default home, and memory of the dispatcher.

    python -m benchmarks.memory --folder animals

The first head of each recipe is trained for one epoch on up to --images images in a temporary home. Prints one line of
JSON with the peak memory of each worker, including memory-mapped files, and the proportional set size of the dispatcher
with its forkserver, after training and after an idle time. Budget: 3 GB per worker at 10,000 faces. Requires Linux.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from core.datasets.dataset_view import read_info
from core.errors import HeadroomError
from core.home import Home
from core.jobs.dispatcher import IDLE_SECONDS
from core.jobs.submit import submit_all
from core.jobs.wait import wait
from core.recipe import Recipe
from core.recipes import RECIPES
from core.spec import RunSpec
from core.store.run_store import RunStore

BUDGET_BYTES = 3_000_000_000


def choose_spec(home: Home, recipe: Recipe, images: int, folder: str) -> RunSpec:
    """Return the spec of the recipe's first head, limited to the available images.

    Raises:
        DatasetError: when the dataset is not in the home.
    """
    own = {"folder": folder} if recipe.spec.dataset == "folder" else {}
    spec = recipe.spec_of(recipe.heads[0], {"epochs": 1, **own})
    info = read_info(home, spec)
    validation = (
        {"validation_images": min(1000, images // 5)} if spec.validation_images or info.validation_count else {}
    )
    return spec.replace(train_images=min(images, info.train_count - info.validation_count), **validation)


def list_family(pid: int) -> list[int]:
    """Return the IDs of a process and its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended in the meantime
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    family = [pid]
    for parent in family:
        family += children.get(parent, [])
    return family


def read_pss(home: Home) -> int:
    """Return the proportional set size of the dispatcher and its forkserver in bytes; 0 if no dispatcher is running."""
    fields = (home.jobs / "dispatcher.lock").read_text().split()
    kilobytes = 0
    for pid in list_family(int(fields[0])) if fields else []:
        with contextlib.suppress(OSError):  # it has ended in the meantime
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 1024 * kilobytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="animals", help="custom dataset for the recipes that need one")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--recipes", default=",".join(RECIPES), help="names separated by commas")
    options = parser.parse_args()
    os.environ["HEADROOM_SLOTS"] = "1"
    source = Home.default()
    peaks: dict[str, int | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.datasets.symlink_to(source.datasets.absolute())
        if source.weights.is_dir():
            home.weights.symlink_to(source.weights.absolute())
        for name in options.recipes.split(","):
            try:
                spec = choose_spec(home, RECIPES[name], options.images, options.folder)
                run_id = submit_all(home, [spec])[0].run_id
                wait(home, [run_id])
                peaks[name] = RunStore(home).open(run_id).record.cost.peak_bytes
            except HeadroomError as error:
                peaks[name] = None
                print(f"{name}: {error}", file=sys.stderr)
        warm = read_pss(home)
        time.sleep(IDLE_SECONDS + 5)
        idle = read_pss(home)
    found = {
        "benchmark": "memory",
        "images": options.images,
        "peak_bytes": peaks,
        "budget_bytes": BUDGET_BYTES,
        "dispatcher_bytes": warm,
        "dispatcher_bytes_when_idle": idle,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
