"""A candidate of a race: a configuration with its costs, and why a limit excludes it."""

import json
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.bounds import Count, Line, Prose, RunId, Seconds
from core.spec import RunSpec


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class LatencyEstimate(_Stored):
    """Latency of one image in seconds, predicted from `runs` measured runs of like cost: the middle one and a range."""

    seconds: Seconds
    low: Seconds
    high: Seconds
    runs: Count


class Candidate(_Stored):
    """A configuration that can be the answer.

    Attributes:
        key: ID of its run with the first seed and all epochs; names the candidate in the race.
        spec: hyperparameters of that run that differ from the defaults.
        name: its head and the hyperparameters that differ between the candidates, for readers.
        settings: those hyperparameters.
        tflite_bytes: estimated size of the LiteRT file: the weights in float32 and the description of the layers.
        least_bytes: the weights without those that the export merges into other layers: no file can be smaller.
        latency: None without measured runs of like cost.
        excluded_by: the limit that excludes it before any training, as text; empty otherwise.
    """

    key: RunId
    spec: Annotated[dict[Line, Any], Field(max_length=100)]
    name: Line
    head: Line
    settings: Annotated[dict[Line, Any], Field(max_length=100)] = {}
    params: Count = 0
    flops: Count = 0
    tflite_bytes: Count = 0
    least_bytes: Count = 0
    latency: LatencyEstimate | None = None
    excluded_by: Prose = ""

    @property
    def parsed_spec(self) -> RunSpec:
        return _parse(json.dumps(self.spec))

    def spec_of(self, epochs: int, seed: int) -> RunSpec:
        """Return the spec of its run with another number of epochs and the `seed`-th seed after the first."""
        first = self.parsed_spec
        return first.replace(epochs=epochs, seed=first.seed + seed)


@lru_cache(maxsize=1024)
def _parse(spec: str) -> RunSpec:
    return RunSpec.parse(json.loads(spec))
