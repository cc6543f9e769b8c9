"""The run record (record.json), which is written after all other files of a run."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.augment.fit import Fit
from core.bounds import (
    MAX_EPOCHS,
    Checksum,
    Classes,
    Count,
    Epoch,
    Extremes,
    FileName,
    Images,
    Line,
    Loss,
    RunId,
    Seconds,
    Share,
    Side,
    UtcTime,
)
from core.errors import HeadroomError
from core.recipes import recipe_of
from core.spec import SETTINGS, RunSpec
from core.store.damage import damaged_run, describe_invalid_field
from core.store.machine import Machine

RECORD_VERSION = 2


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, defer_build=True)


class Metrics(_Part):
    """Mean categorical cross-entropies in nats, and accuracies from 0 to 1. Losses of a diverged run are null.

    A run that was trained elsewhere may lack validation predictions and, without probabilities, the losses.
    """

    test_loss: Loss | None
    test_accuracy: Share
    validation_loss: Loss | None
    validation_accuracy: Share | None


class Cost(_Part):
    """Costs of a trained model. Latencies are measured with LiteRT on one thread, for a complete batch.

    A run that was trained elsewhere has those that its library recorded.
    """

    params: Count | None
    trainable: Count | None
    non_trainable: Count | None
    flops: Count | None
    keras_bytes: Count | None
    tflite_bytes: Count | None
    latency_seconds: Seconds | None = Field(description="median for one image")
    latency_p95_seconds: Seconds | None
    latency_32_seconds: Seconds | None = Field(description="median for a batch of 32; null until it is measured")
    latency_32_p95_seconds: Seconds | None = Field(None, description="missing in older records")
    train_seconds: Seconds | None = Field(description="all epochs with validation, and the tracing of the first step")
    epoch_seconds: Seconds | None = Field(
        None, description="median of the epochs after the first, with validation; null for a few runs"
    )
    features_seconds: Seconds | None = Field(
        None, description="feature maps of a frozen backbone, computed once; not in train_seconds"
    )
    peak_bytes: Count | None = Field(description="highest resident memory of the worker")


MODEL_FILE = "Keras model file"
"""Library of the runs of `headroom models evaluate`."""
CLASS_ORDER = "Order of the scores"
"""Setting of such a run: its class names in this order, if it is not that of the dataset."""


class Elsewhere(_Part):
    """Facts about the training of a run by another library. Its spec has the name of the model.

    The data of such a run may lack the numbers of training and validation images, and the shape of the images.
    """

    library: Line = Field(description="library with its version, such as keras 3.15.1; empty if unknown")
    probabilities: bool = Field(True, description="false: only the predicted classes are known, as 0 or 1")
    settings: dict[Line, Line] = Field({}, max_length=100, description="settings that the library recorded, as text")


class Data(_Part):
    """The data of a run.

    `targets` is the SHA-256 of the test labels, which is equal for runs on the same test set. `train_count` is the
    size of the complete training split, of which a run may use a part; older records do not have it. `value_range` and
    `fit` state how images of more than 8 bits and images that are not square were converted; a new image is converted
    in the same way.
    """

    fingerprint: Line
    official: bool
    train_count: Images | None = None
    train_images: Images | None
    validation_images: Images | None
    test_images: Images
    input_shape: tuple[Side, ...] = Field(max_length=4)
    classes: Classes
    targets: Line
    majority: Share | None = Field(None, description="fraction of the most frequent class in the test images")
    value_range: Extremes | None = Field(None, description="values that became 0 and 255; null for images of 8 bits")
    fit: Fit = Field("crop", description="how images became squares: crop, pad or stretch")


class Record(_Part):
    """Summary of a finished run: all values of a run list, and the checksums of its other files.

    `finished_at` is ISO 8601 in UTC, so that its text sorts by time. Before version 2, the training loss in the history
    includes the L2 penalty.
    """

    version: Count = 1
    run_id: RunId
    spec: dict[Line, Any] = Field(max_length=100, description="validated by RunSpec")
    finished_at: UtcTime
    metrics: Metrics
    cost: Cost
    data: Data
    cpu: Line
    cores: int | None = Field(None, ge=1, le=2**20, description="cores of the machine; missing in older records")
    epochs: Epoch | None = Field(None, description="trained epochs; fewer than in the spec after early stopping")
    kept_epoch: Epoch | None = Field(None, description="epoch of the kept weights, if the best one is kept")
    last_metrics: Metrics | None = Field(None, description="metrics at the last epoch, if another one is kept")
    resumed_at: tuple[Epoch, ...] = Field(
        (), max_length=MAX_EPOCHS, description="epochs after which training continued from a finished run"
    )
    elsewhere: Elsewhere | None = Field(None, description="null if Headroom trained the run")
    evidence: bool = Field(False, description="robustness and the latency of 32 images follow in evidence.json")
    checksums: dict[FileName, Checksum] = Field(max_length=100)

    @classmethod
    def parse(cls, text: str | bytes, where: str) -> "Record":
        """Parse record.json; `where` is the name of the run in error messages.

        Raises:
            RunDamagedError: when the record is invalid, or its spec does not match its run ID.
        """
        run = f"run {where!r:.60}"
        try:
            record = cls.model_validate_json(text)
        except ValidationError as error:
            raise damaged_run(
                f"record.json of {run} is invalid: {describe_invalid_field(error)}.", None, listed=False
            ) from None
        try:
            spec = record.parsed_spec
        except HeadroomError as error:
            raise damaged_run(
                f"The spec of {run} is invalid or was written by a newer version of Headroom. {error}",
                None,
                listed=False,
            ) from None
        if problem := record._find_problem(spec):
            raise damaged_run(f"record.json of {run} is damaged: {problem}.", spec, listed=False)
        return record

    def _find_problem(self, spec: RunSpec) -> str:
        """Return which values of the record contradict each other; an empty text if none do."""
        trained = self.trained_epochs
        if spec.run_id != self.run_id:
            return "its spec does not match its run ID"
        if bool(spec.elsewhere) != (self.elsewhere is not None) or bool(spec.elsewhere) != bool(spec.content):
            return "it is not clear whether it was trained elsewhere"
        if spec.elsewhere:
            return ""
        if missing := self._find_missing():
            return f"{missing} is missing"
        if trained > spec.epochs:
            return f"{trained:,} trained epochs do not match its spec ({spec.epochs:,} epochs)"
        if [*self.resumed_at] != sorted({*self.resumed_at}) or max(self.resumed_at, default=0) > trained:
            return "it continues after a missing epoch"
        return ""

    def _find_missing(self) -> str:
        """Return the name of a value that only runs from elsewhere may lack; "" if all are present."""
        optional = {"test_loss", "validation_loss", "latency_32_p95_seconds", "epoch_seconds", "features_seconds"}
        optional |= {"latency_32_seconds"} if self.evidence else set()
        parts = {"metrics": self.metrics, "cost": self.cost}
        values = {
            f"{part}.{name}": value for part, found in parts.items() for name, value in found if name not in optional
        }
        values |= {f"data.{name}": getattr(self.data, name) for name in ("train_images", "validation_images")}
        values |= {"data.input_shape": self.data.input_shape[1:] or None}
        return next((name for name, value in values.items() if value is None), "")

    @property
    def parsed_spec(self) -> RunSpec:
        return RunSpec.parse(self.spec)

    @property
    def machine(self) -> Machine:
        """The machine that trained the run and measured its latency."""
        return Machine(self.cpu, self.cores)

    @property
    def trained_epochs(self) -> int:
        """The trained epochs; 0 if they are unknown, because the run was trained elsewhere."""
        return self.epochs or (0 if self.elsewhere else self.spec.get("epochs", SETTINGS["epochs"].default))

    @property
    def has_penalty_in_loss(self) -> bool:
        """Whether the training loss in the history includes an L2 penalty, unlike the validation loss."""
        return self.version < RECORD_VERSION and self.parsed_spec.l2 > 0

    @property
    def measured_epoch(self) -> int:
        """The epoch whose weights give the metrics and the predictions."""
        return self.kept_epoch or self.trained_epochs

    def row(self) -> dict[str, Any]:
        """Return the row of the run list: ID, recipe, hyperparameters, metrics and costs."""
        spec = self.parsed_spec
        recipe = recipe_of(spec)
        return {
            "run_id": self.run_id,
            "recipe": recipe.name if recipe else None,
            **spec.model_dump(),
            "status": "finished",
            **self.metrics.model_dump(),
            **self.cost.model_dump(),
            "fitted_images": self.data.train_images,
            "trained_epochs": self.trained_epochs,
            "measured_epoch": self.measured_epoch,
            "cpu": self.cpu,
            "cores": self.cores,
            "official": self.data.official,
            "targets": self.data.targets,
            "finished_at": self.finished_at,
        }
