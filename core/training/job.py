"""The folder of one job: its lock, its attempt number, its checkpoints and what it says of its progress."""

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

import keras

from core.errors import HeadroomError, JobError, RunError
from core.files import replacing, write_json
from core.home import Home
from core.spec import RunSpec
from core.store.run import HISTORY, Run, finite, read_history
from core.store.run_store import RunStore
from core.training.build import compile_model
from core.training.fit import Epoch
from core.training.patience import is_over
from core.training.snapshot import Snapshot

_SAY_SECONDS = 0.25
_PATIENCE_SECONDS = 300.0
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class Checkpoint:
    """A model with its optimizer, reached in `seconds` of training; the validation loss of every epoch it has seen."""

    model: keras.Sequential
    val_losses: tuple[float, ...]
    seconds: float

    @property
    def epoch(self) -> int:
        return len(self.val_losses)


class JobFolder:
    """`<home>/jobs/<run_id>/`. Nothing is written once a newer attempt has begun.

    Args:
        checkpoint_seconds: how long training goes on without a checkpoint, at least.

    Raises:
        JobError: when it holds no spec, that of another run, or no attempt number.
        SpecError, UnknownNameError: when the spec is not valid.
    """

    def __init__(self, path: Path, *, checkpoint_seconds: float = CHECKPOINT_SECONDS) -> None:
        self.checkpoint_seconds = checkpoint_seconds
        self.path = path.absolute()
        self.home = Home(self.path.parents[1])
        try:
            values = json.loads((self.path / "spec.json").read_bytes())
        except (OSError, ValueError):
            raise JobError(f"Expected a job's folder with a readable spec.json; got {path}.") from None
        self.spec = RunSpec.parse(values)
        if self.spec.run_id != self.path.name:
            raise JobError(
                f"Expected {path.name} to hold the spec its name stands for; got that of {self.spec.run_id}."
            )
        self.attempt = self._read_attempt()
        self._said_at = 0.0
        self._phase = ""
        self._saved_at = time.monotonic()
        self._unsaved: Snapshot | None = None
        self._told_to_end = False

    def _read_attempt(self) -> int:
        try:
            return int((self.path / "attempt").read_text())
        except (OSError, ValueError):
            raise JobError(f"Expected {self.path.name} to hold the number of its attempt; got none.") from None

    def check_attempt(self) -> None:
        """
        Raises:
            JobError: when another attempt has taken over, or the folder is gone.
        """
        attempt = self._read_attempt()
        if attempt != self.attempt:
            raise JobError(f"Expected attempt {self.attempt} to be the current one; got {attempt}, so this one ends.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the folder for as long as the block, or the process, lasts.

        A first attempt has it at once or not at all. A later one waits: an earlier one that was taken for dead lets go
        when it sees that it was replaced, which is soon while it trains and takes longer while it exports.

        Raises:
            JobError: when another process holds it, or the file system has no locks.
        """
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._lock(lock, time.monotonic() + (_PATIENCE_SECONDS if self.attempt > 1 else 0.0))
            yield
        finally:
            os.close(lock)

    @contextmanager
    def saving_at_the_end(self) -> Iterator[None]:
        """Within the block, SIGTERM ends the process with the last epoch in a checkpoint, as soon as the training looks
        up from its steps."""

        def note(*_: object) -> None:
            self._told_to_end = True

        before = signal.signal(signal.SIGTERM, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _end_if_told(self) -> None:
        if not self._told_to_end:
            return
        with suppress(HeadroomError):  # whoever took over, or a full disk, leaves the older checkpoint
            self.check_attempt()
            if self._unsaved:
                self._save(self._unsaved.restore(), self._unsaved.epoch)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _lock(self, lock: int, until: float) -> None:
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    message = f"Expected to be the only process on job {self.path.name}; got another one."
                    raise JobError(message) from None
            except OSError as error:
                raise JobError(f"Expected to be able to lock {self.path}; got: {error.strerror}.") from None
            self.say("waiting for an earlier attempt to end")
            time.sleep(_SAY_SECONDS)

    def say(self, phase: str, **numbers: Any) -> None:
        """Replaces progress.json, at a change of phase and otherwise about four times a second at most."""
        self._end_if_told()
        now = time.monotonic()
        if phase == self._phase and now - self._said_at < _SAY_SECONDS * 0.9:
            return
        self.check_attempt()
        self._phase, self._said_at = phase, now
        said = {"attempt": self.attempt, "phase": phase, "epochs": self.spec.epochs, **numbers}
        write_json(self.path / "progress.json", {**said, "updated_at": time.time()})

    def record_epoch(self, epoch: Epoch, model: keras.Sequential, seconds: float) -> None:
        """Appends to the history and, when it has been a while or this was the last epoch, saves the model.

        The line comes first: a history that is ahead of the checkpoint can be cut, a gap could not be filled.
        """
        self.check_attempt()
        line = {**{name: finite(value) for name, value in asdict(epoch).items()}, "epoch": epoch.epoch}
        line["seconds"] = round(seconds, 4)
        with (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: line[name] for name in HISTORY}) + "\n")
        if epoch.last or time.monotonic() - self._saved_at > self.checkpoint_seconds:
            self._save(model, epoch.epoch)
        else:
            self._unsaved = Snapshot.of(model, epoch.epoch)
        self._end_if_told()

    def _save(self, model: keras.Sequential, epoch: int) -> None:
        older = self._checkpoints()
        with replacing(self.path / f"checkpoint-{epoch:04}.keras") as temporary:
            model.save(temporary)
        for path in older:
            path.unlink()
        self._saved_at, self._unsaved = time.monotonic(), None

    def _checkpoints(self) -> list[Path]:
        return sorted(self.path.glob("checkpoint-*.keras"), reverse=True)

    def resume(self) -> Checkpoint | None:
        """The newest model that can be read, with the history cut back to it; None, and nothing kept, without one."""
        history = self.path / "history.jsonl"
        rows = read_history(history)
        for path in self._checkpoints():
            epoch = int(path.stem.rpartition("-")[2])
            if not 0 < epoch <= min(self.spec.epochs, len(rows)):
                continue
            try:
                model = keras.saving.load_model(path, safe_mode=True)  # it may have come in a bundle
            except (OSError, ValueError, KeyError):
                continue
            compile_model(model, self.spec, model.optimizer)
            lines = history.read_text(encoding="utf-8").splitlines(keepends=True)
            with replacing(history) as temporary:
                temporary.write_text("".join(lines[:epoch]), encoding="utf-8")
            return Checkpoint(model, tuple(rows["val_loss"][:epoch]), float(rows["seconds"].iloc[epoch - 1]))
        history.unlink(missing_ok=True)
        (self.path / "resumed.json").unlink(missing_ok=True)
        return None

    def continue_from(self, store: RunStore) -> Checkpoint | None:
        """Takes over the finished run with the most epochs whose spec is otherwise the same, with its optimizer.

        A run without patience will do for one with it, as far as that one would have come.
        """
        for epochs, patience in product(range(self.spec.epochs - 1, 0, -1), dict.fromkeys([self.spec.patience, None])):
            shorter = store.path(self.spec.replace(epochs=epochs, patience=patience).run_id)
            if shorter is None:
                continue
            try:
                run = Run.open(shorter)
                trained = run.record.trained_epochs
                if any(is_over(self.spec, run.history["val_loss"][:past]) for past in range(1, trained)):
                    continue  # it went on where this one ends
                model, history = run.artifact("model.keras"), run.artifact("history.jsonl")
                write_json(self.path / "resumed.json", [*run.record.resumed_at, trained])
                with replacing(self.path / "history.jsonl") as temporary:
                    shutil.copyfile(history, temporary)
                with replacing(self.path / f"checkpoint-{trained:04}.keras") as temporary:
                    shutil.copyfile(model, temporary)  # last: without it the rest counts for nothing
            except RunError:  # a damaged one, or one that was deleted at this moment
                continue
            return self.resume()
        return None

    def read_resumed(self) -> tuple[int, ...]:
        """The epochs after which training went on from a finished run."""
        try:
            return tuple(json.loads((self.path / "resumed.json").read_bytes()))
        except FileNotFoundError:
            return ()

    def settle_model(self) -> Path:
        """The last checkpoint is the trained model: gives it its name. It stays one, should the rest not be reached."""
        with replacing(self.path / "model.keras") as temporary:
            shutil.copyfile(self._checkpoints()[0], temporary)
        return self.path / "model.keras"

    def clear(self, keep: set[str]) -> None:
        """Removes all but the files of a run, the checkpoint last: until then another attempt can go on from it."""
        self.check_attempt()
        extra = [path for path in self.path.iterdir() if path.name not in keep]
        for path in sorted(extra, key=lambda path: path.name.startswith("checkpoint-")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
