"""A mean over seeds with its standard deviation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SeedMean:
    """Mean over seeds; `std` is the sample standard deviation (n − 1), None for one seed."""

    mean: float
    std: float | None
    seeds: int
