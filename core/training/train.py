"""Training of a job: trains the spec.json of its folder and publishes the run."""

from core.training import preload  # noqa: F401  # isort: skip  first: loads TensorFlow without its log output

import logging
import traceback
from functools import partial
from pathlib import Path

from core.architecture.model import Model, compute_model
from core.errors import HeadroomError
from core.files import write_json
from core.home import Home
from core.jobs.failure_reason import recognize_failure
from core.memory_limit import limit_memory
from core.models.layer_store import register_home
from core.store.evidence import request_evidence
from core.store.kept_epoch import describe_keep
from core.store.run import FILES, LAST_PREDICTIONS, Predictions, Run
from core.store.run_store import RunStore
from core.training.activation_maps import write_maps
from core.training.build import build_model, read_layers
from core.training.device import configure, has_gpu
from core.training.evaluate import compile_probs
from core.training.export import export_litert
from core.training.features import can_cache, count_backbone_layers, replace_images
from core.training.fit import TrainStep, fit
from core.training.input_data import load_splits
from core.training.job import CHECKPOINT_SECONDS, Checkpoint, JobFolder
from core.training.latency import measure_latency
from core.training.record import TrainingResult, build_record, describe_environment, save_predictions, write_preview
from core.training.speed import TrainingSpeed
from core.training.weights import load_weights


def train_job(job: JobFolder) -> Run:
    """Load, train, evaluate, export and publish; resumes from the checkpoint of the job if there is one.

    What is only evidence follows the publication (see `core.store.evidence`).
    """
    spec = job.spec
    (job.path / "record.json").unlink(missing_ok=True)  # from an attempt that was killed before it published
    job.report("loading")
    splits = load_splits(job.home, spec)
    closed = compute_model(spec, splits.info.input_shape, len(splits.info.classes))
    job.report("building")
    if spec.augmentation:
        write_preview(job.path / "augmentation.png", splits.train)
    start = job.resume() or job.continue_from(RunStore(job.home)) or _begin(job.home, closed)
    model, seconds = start.model, start.seconds
    first, features_seconds = 0, None
    if can_cache(closed):
        first = count_backbone_layers(closed)
        splits, features_seconds = replace_images(job.home, model, closed, splits, partial(_report_features, job))
    print(f"Training {spec.run_id} from epoch {start.epoch + 1} of {spec.epochs}: {closed.params:,} parameters.")

    job.report("compiling", epoch=start.epoch)
    speed = TrainingSpeed(len(splits.train), spec.epochs, spec.batch_size)

    def on_step(step: TrainStep) -> None:
        job.report("training", **speed.measure(step))

    epochs = start.epoch
    compute_probs = compile_probs(model, splits.test.images, first)
    passes = fit(
        model, spec, splits.train, splits.validation, compute_probs, past=start.val_losses, first=first, on_step=on_step
    )
    with job.saving_on_termination():
        for epoch in passes:
            epochs = epoch.epoch
            seconds += epoch.seconds
            job.record_epoch(epoch, model, seconds)
            print(
                f"Epoch {epoch.epoch}: loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, "
                f"val_loss {epoch.val_loss:.4f}, val_accuracy {epoch.val_accuracy:.4f}, {epoch.seconds:.2f} s."
            )

    if epochs < spec.epochs:
        print(f"Stopped after epoch {epochs} of {spec.epochs}: the validation loss stopped improving.")
    job.report("evaluating", epoch=epochs)

    def predict() -> Predictions:
        probs = compute_probs(splits.test), compute_probs(splits.validation)
        return Predictions(probs[0], splits.test.labels, probs[1], splits.validation.labels)

    predictions, last = predict(), None
    if job.kept and job.kept.epoch < epochs:
        print(f"Keeping epoch {job.kept.epoch}, the {describe_keep(spec.keep)}.")
        last = predictions
        save_predictions(job.path / LAST_PREDICTIONS, last)
        model.set_weights(job.kept.weights)
        predictions = predict()
    save_predictions(job.path / "predictions.npz", predictions)
    write_maps(job.path / "maps.npz", model, closed, splits.test, first)

    job.report("exporting", epoch=epochs)
    job.finalize_model(model, epochs)
    info = splits.info
    path = job.path / "model.tflite"
    export_litert(model, closed.maps_layer, path, info.classes, value_range=info.value_range, fit=info.fit)
    latency = measure_latency(path, closed.input_shape, 1)
    write_json(job.path / "layers.json", read_layers(model))
    write_json(job.path / "environment.json", describe_environment(splits.info.fingerprint))

    print(f"Trained {spec.run_id} in {seconds:.1f} s.", flush=True)
    job.check_attempt()
    (job.path / "log.txt").touch()  # exists even if the output was not redirected
    progress = TrainingResult(
        epochs, seconds, features_seconds, job.read_resumed(), job.kept.epoch if job.kept else None, last
    )
    record = build_record(job.path, spec, closed, splits, predictions, latency, progress)
    write_json(job.path / "record.json", record.model_dump(mode="json"))
    job.clear(keep=set(FILES))
    request_evidence(job.home, spec.run_id)  # before the publication: a killed process loses no request
    return RunStore(job.home).publish(job.path)


def _begin(home: Home, closed: Model) -> Checkpoint:
    model = build_model(closed)
    load_weights(home, model, closed)
    return Checkpoint(model, (), 0.0)


def _report_features(job: JobFolder, done: int, total: int) -> None:
    job.report("computing backbone features", step=done, steps=total)


def run_worker(arguments: list[str], *, checkpoint_seconds: float = CHECKPOINT_SECONDS) -> str | None:
    """Train and publish the run of a job folder. Return None on success, else an error message."""
    if len(arguments) != 1:
        return f"Expected one argument, the job folder; got {len(arguments)}."
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        job = JobFolder(Path(arguments[0]), checkpoint_seconds=checkpoint_seconds)
        register_home(job.home)
        with job.locked(), job.progress.repeating():
            limit_memory()
            configure()
            train_job(job)
    except Exception as error:
        return _explain(error)
    return None


def _explain(error: Exception) -> str:
    """Return the message for an error; the stack trace of an unexpected one is printed to the log."""
    if known := recognize_failure(f"{type(error).__name__}: {error}", gpu=has_gpu()):
        return known
    if isinstance(error, HeadroomError):
        return str(error)
    traceback.print_exc()
    lines = str(error).strip().splitlines() or [""]
    text = lines[-1 if lines[0] == "in user code:" else 0].strip()  # the last line of an error in a tf.function
    return f"The training failed: {type(error).__name__}: {text.rstrip('.'):.200}. See the job log for details."
