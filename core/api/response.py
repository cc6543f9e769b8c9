"""Responses of the HTTP API and the models of JSON responses, which are part of the OpenAPI description."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from core.displays.comparison_json import EVIDENCE
from core.spec import RunSpec
from core.store.record import Cost, Data, Elsewhere, Metrics

JSON, ZIP, CSV, BINARY = "application/json", "application/zip", "text/csv", "application/octet-stream"

Row = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class ApiResponse:
    """Response with content, or with a file whose parts can be requested. `gzipped` is the compressed content, if any;
    `tag` identifies the content in the ETag."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    gzipped: bytes | None = None
    tag: str = ""
    path: Path | None = None


class ResponseModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ErrorResponse(ResponseModel):
    error: Annotated[str, Field(description="Error message.")]


class Health(ResponseModel):
    status: Annotated[str, Field(pattern="^ok$")] = "ok"


def _list_fields(model: type[BaseModel], *, optional: bool = False) -> dict[str, Any]:
    """Return the fields of a model as required fields with the same types, or null, for `create_model`."""
    return {
        name: (field.annotation | None if optional else field.annotation, Field(description=field.description))  # type: ignore[operator]
        for name, field in model.model_fields.items()
    }


SpecModel: Any = create_model(
    "SpecModel",
    __base__=ResponseModel,
    __doc__="Hyperparameters of a run; null where a run that was trained elsewhere (`elsewhere`: its name) has none.",
    **_list_fields(RunSpec, optional=True),
)

RunSummary: Any = create_model(
    "RunSummary",
    __base__=ResponseModel,
    __doc__="A finished run: hyperparameters, metrics, costs and note. Times are in seconds, sizes in bytes.",
    run_id=(str, ...),
    recipe=(str | None, ...),
    source=(str, ...),
    finished_at=(str, ...),
    **_list_fields(RunSpec, optional=True),
    **_list_fields(Metrics) | {"test_accuracy": (float | None, Field(description="null if it is withheld"))},
    **_list_fields(Cost),
    withheld=(bool, Field(description="true: an advice trained it, and it is not one of its finalists")),
    fitted_images=(int | None, ...),
    trained_epochs=(int | None, ...),
    measured_epoch=(int | None, ...),
    official=(bool, ...),
    cpu=(str, ...),
    cores=(int | None, ...),
    name=(str, ...),
    tags=(tuple[str, ...], ...),
    star=(bool, ...),
    archived=(bool, ...),
)


class RunList(ResponseModel):
    """Up to `limit` runs from `offset`, newest first. `total` is the number of runs that match the search."""

    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    runs: tuple[RunSummary, ...]


class ImportedRuns(ResponseModel):
    """IDs of the imported runs, and of those that already exist: sending a bundle again changes nothing."""

    imported: tuple[str, ...]
    existing: tuple[str, ...]


class NoteModel(ResponseModel):
    """Name, tags, text, star and archived state of a run."""

    name: str
    tags: tuple[str, ...]
    text: str
    star: bool
    archived: bool


class RunDetails(ResponseModel):
    """All details of a finished run. `metrics` belong to `measured_epoch`, `last_metrics` to the last epoch if that is
    another one; both epochs are 0 if they are unknown. `elsewhere` describes a run that Headroom did not train.
    `checksums` contains the SHA-256 of its files by file name. `withheld`: an advice trained the run, and it is not one
    of its finalists; do not choose by its test results."""

    run_id: str
    recipe: str | None
    withheld: bool
    finished_at: str
    trained_epochs: int
    measured_epoch: int
    last_metrics: Metrics | None
    resumed_at: tuple[int, ...]
    cpu: str
    cores: int | None
    spec: SpecModel
    elsewhere: Elsewhere | None
    metrics: Metrics
    cost: Cost
    data: Data
    checksums: dict[str, str]
    note: NoteModel


class SeedStatistics(ResponseModel):
    """Mean and standard deviation across seeds."""

    mean: float | None
    std: float | None


class HeadResult(ResponseModel):
    """Accuracy and cost of a variant: a head with its hyperparameters. `test_accuracy` belongs to `measured_epochs`,
    one per run; `last_test_accuracy` to the last epoch, if the runs keep another one."""

    head: str
    label: str
    id: str
    params: int | None
    flops: int | None
    keras_bytes: int | None
    tflite_bytes: int | None
    latency_seconds: float | None
    train_seconds: float | None
    test_accuracy: SeedStatistics
    test_loss: SeedStatistics
    last_test_accuracy: SeedStatistics | None
    measured_epochs: tuple[int, ...]
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]


_EVIDENCE: dict[str, Any] = dict.fromkeys(EVIDENCE, (tuple[Row, ...], ...))
ComparisonResult: Any = create_model(
    "ComparisonResult",
    __base__=ResponseModel,
    __doc__="All results of a comparison, as printed by `headroom compare --json`.",
    headline=(str, ...),
    measured=(str, ...),
    missing=(tuple[str, ...], ...),
    baseline=(str, ...),
    heads=(tuple[HeadResult, ...], ...),
    dataset=(str, ...),
    fingerprint=(str, ...),
    official=(bool, ...),
    published=(tuple[Row, ...], ...),
    **_EVIDENCE,
)
