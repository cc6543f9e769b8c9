"""evidence.json of a run: what is measured after the run was published, with the checksums of its files.

If `evidence` is set in a record, the file follows. Until it exists, the run is complete without it. A folder in
`Home.evidence`, with the name of a run, requests its evidence and contains the working files.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.bounds import Checksum, Line, Prose, Seconds
from core.errors import HomeError
from core.files import read_file, write_json
from core.home import Home
from core.store.machine import read_machine
from core.store.record import Record
from core.store.robustness_file import NAME as ROBUSTNESS

EVIDENCE = "evidence.json"
_MAX_BYTES = 100_000


class RunEvidence(BaseModel):
    """Content of evidence.json.

    Attributes:
        model: SHA-256 of the model.tflite that was measured; evidence of another model does not belong to the run.
        cpu: the machine that measured the latencies, with `cores`; a record has latencies of one machine only.
        robustness: SHA-256 of robustness.npz; None if robustness was not evaluated.
        problem: why the evidence could not be computed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    model: Checksum
    cpu: Line
    cores: Annotated[int | None, Field(ge=1, le=2**20)] = None
    latency_32_seconds: Seconds | None = None
    latency_32_p95_seconds: Seconds | None = None
    robustness: Checksum | None = None
    problem: Prose = ""


def add_evidence(record: Record, folder: Path) -> Record:
    """Return the record of a run with its evidence, or unchanged if it does not exist yet.

    With an invalid evidence.json the run has no evidence, and a checksum that the file does not match, so that it is
    reported as damaged where files are verified.
    """
    if not record.evidence:
        return record
    try:
        text = read_file(folder / EVIDENCE, _MAX_BYTES)
        found = RunEvidence.model_validate_json(text)
    except FileNotFoundError:
        return record
    except (OSError, ValidationError):
        return record.model_copy(update={"checksums": {**record.checksums, EVIDENCE: "0" * 64}})
    if found.model != record.checksums.get("model.tflite"):
        return record
    cost = record.cost
    if (found.cpu, found.cores) == (record.cpu, record.cores):
        names = "latency_32_seconds", "latency_32_p95_seconds"
        cost = cost.model_copy(update={name: getattr(found, name) for name in names})
    checksums = {**record.checksums, EVIDENCE: hashlib.sha256(text).hexdigest()}
    if found.robustness:
        checksums[ROBUSTNESS] = found.robustness
    return record.model_copy(update={"cost": cost, "checksums": checksums})


def awaits_evidence(record: Record) -> bool:
    """Return whether the evidence of a run has not been added to its record yet."""
    return record.evidence and EVIDENCE not in record.checksums


def request_evidence(home: Home, run_id: str) -> None:
    """Request the evidence of a run, which the dispatcher computes.

    Raises:
        HomeError: when the home is not writable.
    """
    try:
        (home.evidence / run_id).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(f"Cannot write {home.evidence}: {error.strerror}.") from error


def publish_evidence(record: Record, home: Home, **values: object) -> None:
    """Move the evidence of a run from its working folder into the run: robustness.npz, if any, then evidence.json.

    The time of record.json changes, by which indexes and pages notice the evidence.

    Args:
        values: fields of RunEvidence, except the model and the machine.

    Raises:
        HomeError: when the run was deleted in the meantime, or the home is not writable.
    """
    work, folder = home.evidence / record.run_id, home.runs / record.run_id
    machine = read_machine()
    model = record.checksums["model.tflite"]
    found = RunEvidence.model_validate({"model": model, "cpu": machine.cpu, "cores": machine.cores, **values})
    write_json(work / EVIDENCE, found.model_dump())
    try:
        for name in (ROBUSTNESS,) * (found.robustness is not None) + (EVIDENCE,):
            os.replace(work / name, folder / name)
        touch_record(folder)
    except OSError as error:
        raise HomeError(f"Cannot write the evidence of run {record.run_id}: {error.strerror}.") from error


def touch_record(folder: Path) -> None:
    """Change the time of record.json, after which indexes and pages read the run again."""
    with suppress(FileNotFoundError):
        os.utime(folder / "record.json")
