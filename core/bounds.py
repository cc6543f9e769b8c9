"""Bounds of the values that enter from files, bundles, database rows and requests, declared once as field types."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, WrapValidator

MAX_EPOCHS = 1000
MAX_SIDE, MAX_CLASSES, MAX_IMAGES = 4096, 10_000, 10_000_000

_MAX_COUNT = 2**53  # larger integers are not exact in JavaScript
_MAX_LOSS = 3.5e38  # of float32
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d")


def check_printable(text: str) -> str:
    """Return a text without control characters, line breaks and changes of direction, or raise ValueError."""
    if _CONTROL.search(text):
        raise ValueError("contains characters that are not printable")
    return text


def _check_utc(text: str) -> str:
    if not _TIME.match(text) or datetime.fromisoformat(text).utcoffset() != timedelta(0):
        raise ValueError("not a time in UTC")
    return text


def _check_ascending(values: tuple[float, float]) -> tuple[float, float]:
    if values[0] >= values[1]:
        raise ValueError("the first value is not below the second")
    return values


def _check_distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("two values are equal")
    return values


Count = Annotated[int, Field(ge=0, le=_MAX_COUNT)]
Images = Annotated[int, Field(ge=1, le=MAX_IMAGES)]
Epoch = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]
Pixels = Annotated[int, Field(ge=1, le=100_000)]
"""Width or height of a source image."""
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Loss = Annotated[float, Field(ge=-_MAX_LOSS, le=_MAX_LOSS, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Rate = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
UnixTime = Annotated[float, Field(ge=0, le=4_102_444_800, allow_inf_nan=False)]
"""Seconds since 1970, at most until 2100."""
UtcTime = Annotated[str, Field(max_length=40), AfterValidator(_check_utc)]
"""ISO 8601 in UTC, whose text sorts by time."""
Extremes = Annotated[tuple[Loss, Loss], AfterValidator(_check_ascending)]
"""A lowest and a higher value."""
RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Checksum = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 as hex digits."""
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}$")]
HTTP_RUNS, HTTP_LIST, HTTP_OFFSET = 50, 1000, 10**6
"""Maximum number of runs of a comparison, of runs in a list, and of runs before it, in a request."""
PageSize = Annotated[int, Field(ge=1, le=HTTP_LIST)]
PageOffset = Annotated[int, Field(ge=0, le=HTTP_OFFSET)]
RunIds = Annotated[str, Field(pattern=rf"^[0-9a-f]{{12}}(,[0-9a-f]{{12}}){{0,{HTTP_RUNS - 1}}}$")]
"""Run IDs, separated by commas."""
Query = Annotated[str, Field(max_length=500)]
"""Search query for runs."""
ReportId = Annotated[str, Field(pattern=r"^r[a-z2-9]{7}$")]
CommentNumber = Annotated[int, Field(ge=1, le=5_000)]
JobState = Annotated[str, Field(pattern=r"^(queued|running|finished|failed|cancelled)?$")]
"""State of a job, or "" for any."""
Split = Annotated[str, Field(pattern=r"^(test|validation)$")]
Flag = Annotated[str, Field(pattern=r"^[01]$")]
ReportAddress = Annotated[str, Field(pattern=r"^r[a-z2-9]{7}(-[1-9][0-9]{0,5})?$")]
ReportVersion = Annotated[str, Field(pattern=r"^r[a-z2-9]{7}-[1-9][0-9]{0,5}$")]
LinkSecret = Annotated[str, Field(max_length=200)]
VariantKey = Annotated[str, Field(pattern=r"^([a-z_]{1,40}-[0-9a-f]{8})?$")]
"""ID of a variant, or ""."""
MAX_LINE = 200
Line = Annotated[str, Field(max_length=MAX_LINE), AfterValidator(check_printable)]
"""Text of one line, such as a name."""
Prose = Annotated[str, Field(max_length=20_000)]
SourcePath = Annotated[str, Field(max_length=4096)]
"""Path of a source file, relative to the added folder."""
Classes = Annotated[
    tuple[Annotated[Line, Field(min_length=1)], ...],
    Field(min_length=1, max_length=MAX_CLASSES),
    AfterValidator(_check_distinct),
]


def or_default(default: Any | Callable[[], Any]) -> WrapValidator:
    """Return a validator that replaces an invalid value, for rows that stay usable when one of their values is bad."""

    def validate(value: Any, check: Callable[[Any], Any]) -> Any:
        try:
            return check(value)
        except ValidationError:
            return default() if callable(default) else default

    return WrapValidator(validate)
