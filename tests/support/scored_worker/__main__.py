"""A job without TensorFlow that publishes a run with made-up predictions (see `python -m core.training`)."""

import fcntl
import json
import sys
import time
from pathlib import Path

from core.home import Home
from core.spec import RunSpec
from tests.support.run_writer import RunWriter
from tests.support.scored_worker import ACCURACY, EPOCH_SECONDS

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    spec = RunSpec.parse(json.loads((folder / "spec.json").read_text()))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for epoch in range(1, spec.epochs + 1):
            time.sleep(EPOCH_SECONDS)
            progress = {"phase": "fit", "epoch": epoch, "epochs": spec.epochs, "updated_at": time.time()}
            (folder / "progress.json").write_text(json.dumps(progress))
        RunWriter(Home(folder.parents[1]))(spec, accuracy=ACCURACY[spec.head], data=spec.data)
