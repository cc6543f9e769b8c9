"""Limits of an advice request, and the amounts with units that users write."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from core.errors import AdviceError

_AMOUNT = re.compile(r"\s*([0-9]+(?:[.][0-9]+)?|[.][0-9]+)\s*([A-Za-zµμ]*)\s*")
_BYTES = {"": 1.0, "B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
_LATENCY = {"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0}
_DURATION = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_COUNT = {"": 1.0, "k": 1e3, "M": 1e6}
MAX_BUDGET_SECONDS = 30 * 86_400.0


class Limits(BaseModel):
    """Largest costs that a candidate may have; None without a limit.

    Attributes:
        size: of the LiteRT file, in bytes.
        latency: median for one image on one thread, in seconds.
        params: number of parameters.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    size: float | None = Field(None, gt=0, le=1e12)
    latency: float | None = Field(None, gt=0, le=3600)
    params: float | None = Field(None, gt=0, le=2**53)

    def __bool__(self) -> bool:
        return (self.size, self.latency, self.params) != (None, None, None)


def read_size(text: str, name: str = "max-size") -> float:
    """Parse the size of a file: "100kB", "1.5 MB", "4096". Return bytes; k is 1,000 and Ki 1,024.

    Raises:
        AdviceError: when the text is not an amount from 1 B to 1,000 GB.
    """
    return _read(text, name, _BYTES, 1.0, 1e12, "a size from 1 B to 1000 GB such as 100kB")


def read_latency(text: str, name: str = "max-latency") -> float:
    """Parse a latency with its unit: "5ms", "250us", "1s". Return seconds.

    Raises:
        AdviceError: when the text is not an amount from 1 µs to 1 hour.
    """
    return _read(text, name, _LATENCY, 1e-6, 3600.0, "a time from 1us to 3600s such as 5ms")


def read_params(text: str, name: str = "max-params") -> float:
    """Parse a number of parameters: "50000", "50,000", "50k", "1.5M".

    Raises:
        AdviceError: when the text is not a number from 1 to 2⁵³.
    """
    return _read(
        re.sub(r"(?<=\d),(?=\d{3})", "", text), name, _COUNT, 1.0, 2.0**53, "a number from 1 such as 50000 or 50k"
    )


def read_duration(text: str, name: str = "budget") -> float:
    """Parse a time budget with its unit: "30m", "90s", "1.5h". Return seconds.

    Raises:
        AdviceError: when the text is not a time from 1 second to 30 days.
    """
    return _read(text, name, _DURATION, 1.0, MAX_BUDGET_SECONDS, "a time from 1s to 720h such as 30m")


def read_margin(text: str, name: str = "margin") -> float:
    """Parse a margin in percentage points: "1", "0.5". Return it in points.

    Raises:
        AdviceError: when the text is not a number above 0, at most 50.
    """
    return _read(text, name, {"": 1.0}, 0.01, 50.0, "between 0.01 and 50 percentage points", verb="")


def _read(
    text: str, name: str, units: Mapping[str, float], low: float, high: float, form: str, verb: str = "to be "
) -> float:
    match = _AMOUNT.fullmatch(text)
    value = float(match[1]) * units[match[2]] if match and match[2] in units else None
    if value is None or not low <= value <= high:
        raise AdviceError(f"Expected {name} {verb}{form}; got {text!r:.60}.")
    return value
