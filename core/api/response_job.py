"""Models of JSON responses about jobs, recipes and the files and curves of runs."""

from typing import Annotated, Literal

from pydantic import Field

from core.api.response import ResponseModel, SpecModel

State = Literal["queued", "running", "finished", "failed", "cancelled"]


class RecipeModel(ResponseModel):
    """A recipe: what it trains, and the question that it answers."""

    name: str
    title: str
    question: str
    dataset: str
    backbone: str
    heads: tuple[str, ...]


class RecipeList(ResponseModel):
    """All recipes."""

    recipes: tuple[RecipeModel, ...]


class SubmittedJob(ResponseModel):
    """A submitted run. It is finished at once if it is cached."""

    run_id: str
    state: State


class SubmittedJobs(ResponseModel):
    """The runs of a submission, in the order of their seeds and heads."""

    jobs: tuple[SubmittedJob, ...]


class JobProgress(ResponseModel):
    """Progress of a running job; null for what is not known yet."""

    phase: str
    epoch: int | None
    epochs: int | None
    loss: float | None
    accuracy: float | None
    images_per_second: float | None
    eta_seconds: float | None


class JobModel(ResponseModel):
    """A job. Times are seconds since 1970. `spec` is null if this version cannot read it; `reason` explains a failure.
    A finished run that was never queued on this dashboard has no times."""

    run_id: str
    state: State
    spec: SpecModel | None
    submitted_by: str
    reason: str
    attempt: int
    queued_at: float | None
    started_at: float | None
    ended_at: float | None
    progress: JobProgress | None


class JobList(ResponseModel):
    """Up to `limit` jobs from `offset`, newest first. `total` is the number of jobs in the given state."""

    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    jobs: tuple[JobModel, ...]


class CurvePoint(ResponseModel):
    """Values after one epoch; null where they were not recorded or not finite. `seconds` is the time since the start
    of training."""

    epoch: int
    seconds: float | None
    loss: float | None
    accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float | None


class Curves(ResponseModel):
    """Learning curves of a run: one point per epoch."""

    run_id: str
    points: tuple[CurvePoint, ...]


class ImagePrediction(ResponseModel):
    """Prediction for one image: its true class, the predicted class (null without a prediction), and the probability of
    each class. Classes are indices."""

    image: int
    true_class: int
    predicted_class: int | None
    probabilities: tuple[float | None, ...]


class PredictionList(ResponseModel):
    """Up to `limit` predictions from `offset`, fewer if there are thousands of classes. `total` is the number of
    images."""

    run_id: str
    split: str
    classes: tuple[str, ...]
    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    predictions: tuple[ImagePrediction, ...]


class RunFile(ResponseModel):
    """A file of a run; `sha256` is null for record.json, which contains the checksums."""

    name: str
    bytes: int
    sha256: str | None


class RunFiles(ResponseModel):
    """The files of a run, including its models."""

    run_id: str
    files: tuple[RunFile, ...]
