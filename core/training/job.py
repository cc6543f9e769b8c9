"""Job folder of a worker: lock, attempt number, checkpoints and progress."""

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
from core.files import parse_json, read_file, replacing, write_json
from core.home import Home
from core.spec import RunSpec
from core.store.history import HISTORY, read_history
from core.store.kept_epoch import choose_epoch
from core.store.run import Run, finite
from core.store.run_store import RunStore
from core.training.build import compile_model
from core.training.checkpoint_file import load_checkpoint
from core.training.fit import Epoch
from core.training.kept_weights import KeptWeights, list_kept_weights
from core.training.patience import is_over
from core.training.progress_report import ProgressReport
from core.training.snapshot import Snapshot

_REPORT_SECONDS = 0.25
_LOCK_TIMEOUT_SECONDS = 300.0
CHECKPOINT_SECONDS = 10.0


@dataclass(frozen=True)
class Checkpoint:
    """A model with its optimizer state, the validation loss of each epoch so far, and the training time in seconds."""

    model: keras.Model
    val_losses: tuple[float, ...]
    seconds: float

    @property
    def epoch(self) -> int:
        return len(self.val_losses)


class JobFolder:
    """The folder `<home>/jobs/<run_id>/`. Nothing is written after a newer attempt has started.

    Args:
        checkpoint_seconds: minimum time between checkpoints.

    Attributes:
        kept: weights of the best epoch so far; None if the last epoch is kept.

    Raises:
        JobError: when the spec is missing or belongs to another run, or the attempt number is missing.
        SpecError, UnknownNameError: when the spec is invalid.
    """

    def __init__(self, path: Path, *, checkpoint_seconds: float = CHECKPOINT_SECONDS) -> None:
        self.checkpoint_seconds = checkpoint_seconds
        self.path = path.absolute()
        self.home = Home(self.path.parents[1])
        try:
            values = parse_json(read_file(self.path / "spec.json"))
        except (OSError, ValueError):
            raise JobError(f"Cannot read spec.json in {path}. Submit the job again.") from None
        self.spec = RunSpec.parse(values)
        if self.spec.run_id != self.path.name:
            raise JobError(f"The spec.json of job {path.name} belongs to run {self.spec.run_id}. Submit the job again.")
        self.attempt = self._read_attempt()
        self._phase = ""
        self._saved_at = time.monotonic()
        self._unsaved: Snapshot | None = None
        self._validation: list[tuple[float, float]] = []  # loss and accuracy of each epoch
        self.kept: KeptWeights | None = None
        self._termination_requested = False
        self.progress = ProgressReport(self.path / "progress.json", self.check_attempt)

    def _read_attempt(self) -> int:
        try:
            return int((self.path / "attempt").read_text())
        except (OSError, ValueError):
            raise JobError(f"Job {self.path.name} has no attempt number. Submit it again.") from None

    def check_attempt(self) -> None:
        """Check that this is the current attempt.

        Raises:
            JobError: when a newer attempt has started, or the folder was deleted.
        """
        attempt = self._read_attempt()
        if attempt != self.attempt:
            raise JobError(f"Attempt {self.attempt} was replaced by attempt {attempt} and stops.")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder until the block or the process ends.

        The first attempt does not wait for the lock. Later attempts do: an earlier attempt that was counted as lost
        releases it when it detects that it was replaced, which takes longer while it exports than while it trains.

        Raises:
            JobError: when another process holds the lock, or the file system does not support locks.
        """
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._lock(lock, time.monotonic() + (_LOCK_TIMEOUT_SECONDS if self.attempt > 1 else 0.0))
            yield
        finally:
            os.close(lock)

    @contextmanager
    def saving_on_termination(self) -> Iterator[None]:
        """Inside the block, SIGTERM saves the last epoch as a checkpoint before the process ends, at the next progress
        report."""

        def request_termination(*_: object) -> None:
            self._termination_requested = True

        before = signal.signal(signal.SIGTERM, request_termination)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _end_if_requested(self) -> None:
        if not self._termination_requested:
            return
        with suppress(HeadroomError):  # if replaced or on a full disk, the older checkpoint is kept
            self.check_attempt()
            if self._unsaved:
                self._save(self._unsaved.restore(), self._unsaved.epoch)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _lock(self, lock: int, deadline: float) -> None:
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"Job {self.path.name} is in use by another process. Cancel the job, then retry it."
                    raise JobError(message) from None
            except OSError as error:
                raise JobError(f"Cannot lock {self.path}: {error.strerror}.") from None
            self.report("waiting for an earlier attempt to end")
            time.sleep(_REPORT_SECONDS)

    def report(self, phase: str, **values: Any) -> None:
        """Write progress.json when the phase changes, otherwise at most about four times per second."""
        self._end_if_requested()
        recent = time.monotonic() - self.progress.written_at < _REPORT_SECONDS * 0.9
        if phase == self._phase and recent:
            return
        self._phase = phase
        self.progress.write({"attempt": self.attempt, "phase": phase, "epochs": self.spec.epochs, **values})

    def record_epoch(self, epoch: Epoch, model: keras.Model, seconds: float) -> None:
        """Append an epoch to the history. Save a checkpoint every `checkpoint_seconds` and after the last epoch.

        The history is written first, because it can be truncated to an older checkpoint.
        """
        self.check_attempt()
        line = {**{name: finite(value) for name, value in asdict(epoch).items()}, "epoch": epoch.epoch}
        line["seconds"] = round(seconds, 4)
        with (self.path / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({name: line[name] for name in HISTORY}) + "\n")
        self._validation.append((epoch.val_loss, epoch.val_accuracy))
        if self.spec.keep != "last" and self._choose_epoch() == epoch.epoch:
            self.kept = KeptWeights.of(model, epoch.epoch)
        if epoch.last or time.monotonic() - self._saved_at > self.checkpoint_seconds:
            self._save(model, epoch.epoch)
        else:
            self._unsaved = Snapshot.of(model, epoch.epoch)
        self._end_if_requested()

    def _choose_epoch(self) -> int:
        return choose_epoch(self.spec.keep, *zip(*self._validation, strict=True))

    def _save(self, model: keras.Model, epoch: int) -> None:
        """Save a checkpoint, after the weights of its best epoch if that is an earlier one."""
        older = {*self._checkpoints(), *list_kept_weights(self.path)}
        if self.kept and self.kept.epoch < epoch:
            self.kept.write(self.path)
            older -= {self.kept.path(self.path)}
        with replacing(self.path / f"checkpoint-{epoch:04}.keras") as temporary:
            model.save(temporary)
        for path in older:
            path.unlink()
        self._saved_at, self._unsaved = time.monotonic(), None

    def _checkpoints(self) -> list[Path]:
        return sorted(self.path.glob("checkpoint-*.keras"), reverse=True)

    def resume(self, loaded: keras.Model | None = None) -> Checkpoint | None:
        """Return the newest readable checkpoint and truncate the history to it.

        Without a checkpoint, delete the history and return None.

        Args:
            loaded: the model of the newest checkpoint, if the caller has loaded it.
        """
        history = self.path / "history.jsonl"
        rows = read_history(history)
        for path in self._checkpoints():
            epoch = int(path.stem.rpartition("-")[2])
            if not 0 < epoch <= min(self.spec.epochs, len(rows)):
                continue
            model, loaded = (load_checkpoint(path) if loaded is None else loaded), None
            if model is None:
                continue
            self._validation = [*zip(rows["val_loss"][:epoch], rows["val_accuracy"][:epoch], strict=True)]
            if self.spec.keep != "last":
                best = self._choose_epoch()
                self.kept = KeptWeights.of(model, epoch) if best == epoch else KeptWeights.read(self.path, best, model)
                if self.kept is None:
                    continue
            compile_model(model, self.spec, model.optimizer)
            lines = history.read_text(encoding="utf-8").splitlines(keepends=True)
            with replacing(history) as temporary:
                temporary.write_text("".join(lines[:epoch]), encoding="utf-8")
            return Checkpoint(model, tuple(rows["val_loss"][:epoch]), float(rows["seconds"].iloc[epoch - 1]))
        self._validation, self.kept = [], None
        history.unlink(missing_ok=True)
        (self.path / "resumed.json").unlink(missing_ok=True)
        return None

    def continue_from(self, store: RunStore) -> Checkpoint | None:
        """Continue from the longest finished run that has the same spec but fewer epochs, with its optimizer state.

        With patience, a run without patience is also used if early stopping would not have ended it sooner.
        """
        for epochs, patience in product(range(self.spec.epochs - 1, 0, -1), dict.fromkeys([self.spec.patience, None])):
            shorter = store.path(self.spec.replace(epochs=epochs, patience=patience).run_id)
            if shorter is None:
                continue
            try:
                run = Run.open(shorter)
                trained = run.record.trained_epochs
                if run.record.has_penalty_in_loss:
                    continue  # its training losses are not comparable with those of further epochs
                if any(is_over(self.spec, run.history["val_loss"][:past]) for past in range(1, trained)):
                    continue  # it trained past the early stop of this spec
                history, params = run.artifact("history.jsonl"), run.record.cost.params
                kept = load_checkpoint(run.artifact("model.keras"), params)
                is_last = run.record.measured_epoch == trained
                model = run.artifact("model.keras" if is_last else "last.keras")
                if kept is None or (last := kept if is_last else load_checkpoint(model, params)) is None:
                    continue
                if not is_last:
                    KeptWeights.of(kept, run.record.measured_epoch).write(self.path)
                write_json(self.path / "resumed.json", [*run.record.resumed_at, trained])
                with replacing(self.path / "history.jsonl") as temporary:
                    shutil.copyfile(history, temporary)
                with replacing(self.path / f"checkpoint-{trained:04}.keras") as temporary:
                    shutil.copyfile(model, temporary)  # last: without it, the other files are ignored
            except (RunError, OSError, ValueError, KeyError):  # damaged, or deleted in the meantime
                continue
            return self.resume(last)
        return None

    def read_resumed(self) -> tuple[int, ...]:
        """Return the epochs after which training was continued from a finished run."""
        try:
            found = parse_json(read_file(self.path / "resumed.json"))
        except (OSError, ValueError):
            return ()
        return tuple(epoch for epoch in found if type(epoch) is int) if isinstance(found, list) else ()

    def finalize_model(self, model: keras.Model, epochs: int) -> None:
        """Write model.keras with the weights of the kept epoch. If that is not the last one, write last.keras too, from
        which training can continue. The checkpoint is kept until the run is published."""
        is_last = self.kept is None or self.kept.epoch == epochs
        with replacing(self.path / ("model.keras" if is_last else "last.keras")) as temporary:
            shutil.copyfile(self._checkpoints()[0], temporary)
        if not is_last:
            with replacing(self.path / "model.keras") as temporary:
                model.save(temporary)

    def clear(self, keep: set[str]) -> None:
        """Delete all files except `keep`, the checkpoint last, so that another attempt can resume until then."""
        self.check_attempt()
        self.progress.end()
        extra = [path for path in self.path.iterdir() if path.name not in keep]
        for path in sorted(extra, key=lambda path: path.name.startswith(("checkpoint-", "best-"))):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
