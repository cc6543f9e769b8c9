"""The machine on which times and latencies were measured: its processor and its number of cores."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.plural import format_plural

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Machine:
    """A machine as run records describe it.

    Machines whose processors have the same name usually differ in the number of cores. `cores` is None in older
    records, which fit any number; `cpu` is empty for some runs from elsewhere.
    """

    cpu: str
    cores: int | None = None

    def fits(self, other: "Machine") -> bool:
        """Return whether both can be the same machine."""
        return self.cpu == other.cpu and (None in (self.cores, other.cores) or self.cores == other.cores)

    def __str__(self) -> str:
        name = self.cpu or "an unknown processor"
        return name if self.cores is None else f"{name} ({format_plural(self.cores, 'core')})"


@cache
def read_machine() -> Machine:
    """Return this machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return Machine(next(names, "") or platform.processor() or platform.machine(), os.cpu_count())


def list_machines(measured: Iterable[tuple[str, int | None]]) -> list[Machine]:
    """Return the machine of each run from its processor and its number of cores, so that runs of one machine have equal
    ones: a missing number of cores becomes that of another run with the same processor, if there is one."""
    found = [Machine(cpu, cores) for cpu, cores in measured]
    known = {one.cpu: one.cores for one in reversed(found) if one.cores is not None}
    return [one if one.cores is not None else replace(one, cores=known.get(one.cpu)) for one in found]


def list_frame_machines(frame: "pd.DataFrame") -> list[Machine]:
    """Return the machine of each run of a run list (see `list_machines`)."""
    cores = [None if value != value else int(value) for value in frame["cores"].astype("float64")]
    return list_machines(zip(frame["cpu"].astype("str"), cores, strict=True))
