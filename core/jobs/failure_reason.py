"""Why a training ended without a run, in one sentence for a person."""

import re

from core.jobs.executor import Status

NO_ROOM = "Expected room on the disk for this run; got none left: free some, then train it again."
NO_MEMORY = "Expected enough memory for this model; got none left: choose fewer filters, units or a smaller batch."
_KILLED_FOR_MEMORY = (
    "Expected enough memory for this model; the system ended {attempts} attempts for want of it: choose fewer filters, "
    "units or a smaller batch, or fewer trainings side by side with HEADROOM_SLOTS."
)
_FOLDER_GONE = "Expected the folder of a job to stay while it trains; got it deleted: ask again, and it begins anew."
_ERROR_NAME = re.compile(r"^(\w+\.)*\w+Error: (?=Expected )")
# What a process says that came to no sentence of its own.
_LAST_LINES = 5
_TELLTALES = {
    re.compile(r"No space left on device|Disk quota exceeded"): NO_ROOM,
    re.compile(r"\bMemoryError\b|std::bad_alloc|Cannot allocate memory"): NO_MEMORY,
}


def explain_failure(log: str, *, folder_there: bool = True) -> str:
    """Of an attempt that ended by itself.

    Args:
        log: what it printed, its own sentence last.
        folder_there: whether the job's folder is still its own.
    """
    if not folder_there:
        return _FOLDER_GONE
    lines = _last_lines(log)
    if not lines:
        return "Expected a training to say why it failed; got an empty log."
    last = _ERROR_NAME.sub("", lines[-1])
    return last if last.startswith("Expected ") else _find_telltale(lines) or last


def explain_loss(status: Status, log: str, attempts: int) -> str:
    """Of a job whose attempts ended without a word."""
    if status.out_of_memory:
        return _KILLED_FOR_MEMORY.format(attempts=attempts)
    told = _find_telltale(_last_lines(log))
    return told or f"Expected a training to end with a result; {attempts} attempts got {status}."


def _last_lines(log: str) -> list[str]:
    return [line.strip() for line in log.splitlines() if line.strip()][-_LAST_LINES:]


def _find_telltale(lines: list[str]) -> str | None:
    return next((said for telltale, said in _TELLTALES.items() if telltale.search("\n".join(lines))), None)
