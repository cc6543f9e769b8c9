"""The run record (record.json), which is written after all other files of a run."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import HeadroomError, RunDamagedError
from core.recipes import recipe_of
from core.spec import RunSpec

# Larger integers are not exact in JavaScript.
_Count = Annotated[int, Field(ge=0, le=2**53)]
_Share = Annotated[float, Field(ge=0, le=1)]


RECORD_VERSION = 2


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Metrics(_Part):
    """Mean categorical cross-entropies in nats, and accuracies from 0 to 1. Losses of a diverged run are null."""

    test_loss: float | None
    test_accuracy: _Share
    validation_loss: float | None
    validation_accuracy: _Share


class Cost(_Part):
    """Costs of a trained model. Latencies are measured with LiteRT on one thread, for a complete batch."""

    params: _Count
    trainable: _Count
    non_trainable: _Count
    flops: _Count
    keras_bytes: _Count
    tflite_bytes: _Count
    latency_seconds: float = Field(ge=0, description="median for one image")
    latency_p95_seconds: float = Field(ge=0)
    latency_32_seconds: float = Field(ge=0, description="median for a batch of 32")
    latency_32_p95_seconds: float | None = Field(None, ge=0, description="missing in older records")
    train_seconds: float = Field(ge=0, description="all epochs with validation, and the tracing of the first step")
    epoch_seconds: float | None = Field(
        None, ge=0, description="median of the epochs after the first, with validation; null for a few runs"
    )
    features_seconds: float | None = Field(
        None,
        ge=0,
        description="feature maps of a frozen backbone, computed once; not in train_seconds",
    )
    peak_bytes: _Count = Field(description="highest resident memory of the worker")


class Data(_Part):
    """The data of a run.

    `targets` is the SHA-256 of the test labels, which is equal for runs on the same test set. `train_count` is the
    size of the complete training split, of which a run may use a part; older records do not have it.
    """

    fingerprint: str
    official: bool
    train_count: int | None = Field(None, ge=1)
    train_images: int = Field(ge=1)
    validation_images: int = Field(ge=1)
    test_images: int = Field(ge=1)
    input_shape: tuple[int, ...] = Field(min_length=2, max_length=4)
    classes: tuple[str, ...]
    targets: str
    majority: _Share | None = Field(None, description="fraction of the most frequent class in the test images")


class Record(_Part):
    """Summary of a finished run: all values of a run list, and the checksums of its other files.

    `finished_at` is ISO 8601 in UTC, so that its text sorts by time. Before version 2, the training loss in the history
    includes the L2 penalty.
    """

    version: int = 1
    run_id: str = Field(pattern=r"^[0-9a-f]{12}$")
    spec: dict[str, Any]
    finished_at: str
    metrics: Metrics
    cost: Cost
    data: Data
    cpu: str
    cores: int | None = Field(None, ge=1, description="cores of the machine; missing in older records")
    epochs: int | None = Field(None, ge=1, description="trained epochs; fewer than in the spec after early stopping")
    kept_epoch: int | None = Field(None, ge=1, description="epoch of the kept weights, if the best one is kept")
    last_metrics: Metrics | None = Field(None, description="metrics at the last epoch, if another one is kept")
    resumed_at: tuple[int, ...] = Field((), description="epochs after which training continued from a finished run")
    checksums: dict[str, str]

    @field_validator("finished_at")
    @classmethod
    def _is_utc(cls, value: str) -> str:
        if datetime.fromisoformat(value).utcoffset() != timedelta(0):
            raise ValueError("not a time in UTC")
        return value

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
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "text"
            raise RunDamagedError(f"record.json of {run} is invalid: {field}: {first['msg']}.") from None
        try:
            run_id = record.parsed_spec.run_id
        except HeadroomError as error:
            raise RunDamagedError(
                f"The spec of {run} is invalid or was written by a newer version of Headroom. {error}"
            ) from None
        if run_id != record.run_id:
            raise RunDamagedError(f"record.json of {run} is damaged: its spec does not match its run ID.")
        return record

    @property
    def parsed_spec(self) -> RunSpec:
        return RunSpec.parse(self.spec)

    @property
    def trained_epochs(self) -> int:
        return self.epochs or self.parsed_spec.epochs

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
            "trained_epochs": self.epochs or spec.epochs,
            "measured_epoch": self.measured_epoch,
            "cpu": self.cpu,
            "cores": self.cores,
            "official": self.data.official,
            "targets": self.data.targets,
            "finished_at": self.finished_at,
        }
