"""The door: `python -m core.training JOB_FOLDER` trains what the folder's spec.json says and publishes the run."""

from core.training import preload  # noqa: F401  # isort: skip  loads TensorFlow without its chatter, so before everything else

import errno
import logging
import os
import sys
import traceback
from functools import partial
from pathlib import Path

import tensorflow as tf

from core.architecture.model import Model, compute_model
from core.augment.corruption import select_corrupted_images
from core.errors import HeadroomError
from core.files import write_json
from core.home import Home
from core.jobs.failure_reason import NO_MEMORY, NO_ROOM
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import FILES, Predictions, Run
from core.store.run_store import RunStore
from core.training.activation_maps import write_maps
from core.training.build import build_model, read_layers
from core.training.device import configure
from core.training.evaluate import compile_probs
from core.training.evaluate_robustness import evaluate_robustness, write_robustness
from core.training.export import export_litert, measure_latency
from core.training.features import can_cache, count_backbone_layers, replace_images
from core.training.fit import TrainStep, fit
from core.training.input_data import load_splits
from core.training.job import CHECKPOINT_SECONDS, Checkpoint, JobFolder
from core.training.record import build_record, describe_environment, save_predictions, write_preview
from core.training.speed import TrainingSpeed
from core.training.weights import load_weights


def train_job(job: JobFolder) -> Run:
    """Loading, training, evaluating, exporting, publishing; goes on from the job's checkpoint where there is one."""
    spec = job.spec
    (job.path / "record.json").unlink(missing_ok=True)  # of an attempt that died before it could publish
    job.say("loading")
    splits = load_splits(job.home, spec)
    closed = compute_model(spec, splits.info.input_shape, len(splits.info.classes))
    if spec.augmentation:
        write_preview(job.path / "augmentation.png", splits.train)
    start = job.resume() or job.continue_from(RunStore(job.home)) or _begin(job.home, closed)
    model, seconds = start.model, start.seconds
    first, stored = 0, splits.test.images
    if can_cache(closed):
        first = count_backbone_layers(closed)
        splits = replace_images(job.home, model, closed, splits, partial(_say_features, job))
    print(f"Training {spec.run_id} from epoch {start.epoch + 1} of {spec.epochs}: {closed.params:,} parameters.")

    pace = TrainingSpeed(len(splits.train), spec.epochs, spec.batch_size)

    def look(step: TrainStep) -> None:
        job.say("training", **pace.measure(step))

    epochs = start.epoch
    compute_probs = compile_probs(model, splits.test.images, first)
    passes = fit(
        model, spec, splits.train, splits.validation, compute_probs, past=start.val_losses, first=first, look=look
    )
    with job.saving_at_the_end():
        for epoch in passes:
            epochs = epoch.epoch
            seconds += epoch.seconds
            job.record_epoch(epoch, model, seconds)
            print(
                f"Epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
                f"val_loss {epoch.val_loss:.4f}, val_accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.2f} s."
            )

    if epochs < spec.epochs:
        print(f"Stopped after epoch {epochs} of {spec.epochs}: the validation loss fell no more.")
    job.say("evaluating", epoch=epochs)
    predictions = Predictions(
        compute_probs(splits.test), splits.test.labels, compute_probs(splits.validation), splits.validation.labels
    )
    save_predictions(job.path / "predictions.npz", predictions)
    write_maps(job.path / "maps.npz", model, closed, splits.test, first)

    job.say("exporting", epoch=epochs)
    job.settle_model()
    export_litert(model, closed.maps_layer, job.path / "model.tflite")
    latency = measure_latency(job.path / "model.tflite", closed.input_shape)
    places = select_corrupted_images(len(stored), closed.flops)
    if len(places):
        found = evaluate_robustness(job.path / "model.tflite", stored, places, partial(job.say, "putting it to stress"))
        write_robustness(job.path / ROBUSTNESS, found)
    write_json(job.path / "layers.json", read_layers(model))
    write_json(job.path / "environment.json", describe_environment(splits.info.fingerprint))

    print(f"Trained {spec.run_id} in {seconds:.1f} s.", flush=True)
    job.check_attempt()
    (job.path / "log.txt").touch()  # present also when nobody redirected the output
    record = build_record(job.path, spec, closed, splits, predictions, latency, epochs, seconds, job.read_resumed())
    write_json(job.path / "record.json", record.model_dump(mode="json"))
    job.clear(keep=set(FILES))
    return RunStore(job.home).publish(job.path)


def _begin(home: Home, closed: Model) -> Checkpoint:
    model = build_model(closed)
    load_weights(home, model, closed)
    return Checkpoint(model, (), 0.0)


def _say_features(job: JobFolder, done: int, total: int) -> None:
    job.say("computing the backbone's maps", step=done, steps=total)


def main(arguments: list[str], *, checkpoint_seconds: float = CHECKPOINT_SECONDS) -> str | None:
    """Returns None when the run is published, else one sentence that says why not."""
    if len(arguments) != 1:
        return f"Expected one argument, the folder of a job; got {len(arguments)}."
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        job = JobFolder(Path(arguments[0]), checkpoint_seconds=checkpoint_seconds)
        with job.locked():
            configure()
            train_job(job)
    except Exception as error:
        return _explain(error)
    return None


def _explain(error: Exception) -> str:
    """One sentence; the trace of what nobody foresaw goes to the log."""
    if os.strerror(errno.ENOSPC) in str(error):  # TensorFlow counts it among exhausted resources, like memory
        return NO_ROOM
    if isinstance(error, HeadroomError):
        return str(error)
    if isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError)):
        return NO_MEMORY
    traceback.print_exc()
    lines = str(error).strip().splitlines() or [""]
    told = lines[-1 if lines[0] == "in user code:" else 0].strip()  # of a traced function, the error stands last
    return f"Expected the training to end well; got {type(error).__name__}: {told:.200}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
