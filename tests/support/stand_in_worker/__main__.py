"""A job that behaves like training, without TensorFlow: `python -m tests.support.stand_in_worker JOB_FOLDER`.

The seed selects how it behaves; any other seed trains.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from core.architecture.model import compute_model
from core.datasets.cache import open_dataset
from core.home import Home
from core.spec import RunSpec
from core.store.evidence import publish_evidence, request_evidence
from core.store.machine import read_machine
from core.store.record import Cost, Data, Metrics, Record
from core.store.run import Run
from core.store.run_store import RunStore
from tests.support.stand_in_worker import (
    CRASHES,
    CRASHES_ONCE,
    EPOCH_SECONDS,
    EVIDENCE_CRASHES,
    EVIDENCE_FAILS,
    FAILS,
    PARENT,
    STUBBORN,
    WITH_EVIDENCE,
)


def train(folder: Path) -> None:
    spec = RunSpec.parse(json.loads((folder / "spec.json").read_text()))
    attempt = int((folder / "attempt").read_text())
    home = Home(folder.parents[1])
    with (folder / "lock").open("w") as lock, (folder / "history.jsonl").open("a+") as history:
        fcntl.flock(lock, fcntl.LOCK_EX | (fcntl.LOCK_NB if attempt == 1 else 0))
        history.seek(0)
        for epoch in range(len(history.readlines()), spec.epochs):
            time.sleep(EPOCH_SECONDS)
            behave(spec.seed, attempt, epoch, folder)
            if int((folder / "attempt").read_text()) != attempt:
                sys.exit(f"Attempt {attempt} was replaced by a newer one and stops.")
            values = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"))
            history.write(json.dumps({"epoch": epoch + 1, "seconds": 0.1 * epoch, **values, "attempt": attempt}) + "\n")
            history.flush()
            progress = {"phase": "fit", "epoch": epoch + 1, "epochs": spec.epochs, "updated_at": time.time()}
            (folder / "progress.json").write_text(json.dumps(progress))
        (folder / "record.json").write_text(record(home, spec).model_dump_json())
        if spec.seed >= WITH_EVIDENCE:
            request_evidence(home, spec.run_id)
        RunStore(home).publish(folder)


def add_evidence(home: Home, run: Run) -> None:
    time.sleep(3 * EPOCH_SECONDS)
    if run.spec.seed == EVIDENCE_FAILS:
        sys.exit("There is no evidence.")
    if run.spec.seed == EVIDENCE_CRASHES:
        os.kill(os.getpid(), signal.SIGSEGV)
    if run.awaits_evidence:
        publish_evidence(run.record, home, latency_32_seconds=2e-3)


def behave(seed: int, attempt: int, epoch: int, folder: Path) -> None:
    if seed == FAILS:
        print("Loading …\nExpected a test to fail; got one.\n", file=sys.stderr)
        sys.exit(1)
    if seed == CRASHES or (seed == CRASHES_ONCE and attempt == 1 and epoch == 2):
        os.kill(os.getpid(), signal.SIGSEGV)
    if seed == STUBBORN:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if seed in (PARENT, STUBBORN) and epoch == 0:
        child = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"])
        (folder / "child").write_text(str(child.pid))


def record(home: Home, spec: RunSpec) -> Record:
    info = open_dataset(home, spec.dataset).info
    model = compute_model(spec, info.input_shape, len(info.classes))
    images, later = spec.train_images or info.train_count, spec.seed >= WITH_EVIDENCE
    return Record(
        run_id=spec.run_id,
        spec=spec.model_dump(),
        finished_at=f"2026-01-01T00:00:{spec.seed % 60:02}+00:00",
        metrics=Metrics(test_loss=0.5, test_accuracy=0.9, validation_loss=0.5, validation_accuracy=0.9),
        cost=Cost(
            params=model.params, trainable=model.trainable, non_trainable=model.non_trainable, flops=model.flops,
            keras_bytes=1, tflite_bytes=1, latency_seconds=1e-4, latency_p95_seconds=1e-4,
            latency_32_seconds=None if later else 1e-3,
            train_seconds=model.flops * images * 0.8 * spec.epochs * 1e-9, peak_bytes=1,
        ),
        data=Data(
            fingerprint=info.fingerprint, official=True, train_images=round(images * 0.8),
            validation_images=round(images * 0.2), test_images=info.test_count, input_shape=info.input_shape,
            classes=info.classes, targets="0" * 64,
        ),
        cpu=read_machine().cpu, cores=read_machine().cores, evidence=later,
        checksums={"model.tflite": "0" * 64} if later else {},
    )  # fmt: skip


if __name__ == "__main__":
    _folder = Path(sys.argv[1])
    if _folder.parent.name == "evidence":
        add_evidence(Home(_folder.parents[2]), Run.open(_folder.parents[2] / "runs" / _folder.name))
    else:
        train(_folder)
