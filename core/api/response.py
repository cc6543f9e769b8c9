"""What a program is answered: the bytes of a response, and the shapes of those in JSON, which the description tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from core.displays.comparison_json import EVIDENCE
from core.spec import RunSpec
from core.store.record import Cost, Data, Metrics

JSON = "application/json"

Row = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class ApiResponse:
    """`packed` is the same content in gzip, for those who take it; `tag` names the content in an ETag."""

    content: bytes
    media: str
    headers: Mapping[str, str] = field(default_factory=dict)
    packed: bytes | None = None
    tag: str = ""


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Failure(Shape):
    error: Annotated[str, Field(description="One sentence: what was expected, and what came.")]


class Health(Shape):
    status: Annotated[str, Field(pattern="^ok$")] = "ok"


def _list_fields(model: type[BaseModel]) -> dict[str, Any]:
    """As columns: of the same types, all there, and null where one is missing in an old record."""
    fields = model.model_fields.items()
    return {name: (field.annotation, Field(description=field.description)) for name, field in fields}


RunLine: Any = create_model(
    "RunLine",
    __base__=Shape,
    __doc__="A finished run as a line of the list: every knob, metrics, costs, and what people added. Seconds, bytes.",
    run_id=(str, ...),
    recipe=(str | None, ...),
    source=(str, ...),
    finished_at=(str, ...),
    **_list_fields(RunSpec),
    **_list_fields(Metrics),
    **_list_fields(Cost),
    fitted_images=(int, ...),
    trained_epochs=(int, ...),
    official=(bool, ...),
    cpu=(str, ...),
    cores=(int | None, ...),
    name=(str, ...),
    tags=(tuple[str, ...], ...),
    star=(bool, ...),
    archived=(bool, ...),
)


class RunList(Shape):
    """The runs from `offset` on, at most `limit`, newest first, of `total` that the search lets through."""

    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1)]
    runs: tuple[RunLine, ...]


class NoteShape(Shape):
    """What people added to a run."""

    name: str
    tags: tuple[str, ...]
    text: str
    star: bool
    archived: bool


class RunDetails(Shape):
    """One finished run in full. `checksums` are the SHA-256 of its files by their names."""

    run_id: str
    recipe: str | None
    finished_at: str
    trained_epochs: int
    resumed_at: tuple[int, ...]
    cpu: str
    cores: int | None
    spec: RunSpec
    metrics: Metrics
    cost: Cost
    data: Data
    checksums: dict[str, str]
    note: NoteShape


class Spread(Shape):
    """Over the seeds; std is the standard deviation."""

    mean: float | None
    std: float | None


class HeadFigures(Shape):
    """What a head costs and what it buys."""

    head: str
    label: str
    params: int
    flops: int
    keras_bytes: int
    tflite_bytes: int
    latency_seconds: float
    train_seconds: float
    test_accuracy: Spread
    test_loss: Spread
    seeds: tuple[int, ...]
    run_ids: tuple[str, ...]


_EVIDENCE: dict[str, Any] = dict.fromkeys(EVIDENCE, (tuple[Row, ...], ...))
Figures: Any = create_model(
    "Figures",
    __base__=Shape,
    __doc__="Every figure of a comparison, as `python -m core compare --json` prints them.",
    headline=(str, ...),
    heads=(tuple[HeadFigures, ...], ...),
    dataset=(str, ...),
    fingerprint=(str, ...),
    official=(bool, ...),
    published=(tuple[Row, ...], ...),
    **_EVIDENCE,
)
