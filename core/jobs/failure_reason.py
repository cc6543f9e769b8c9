"""Failure reasons: messages about jobs that ended without a run."""

import re

from core.jobs.executor import Status

DISK_FULL = "The disk is full. Free disk space, then train this run again."
OUT_OF_MEMORY = "The training ran out of memory. Use fewer filters or units, or a smaller batch size."
_KILLED_FOR_MEMORY = (
    "The training ran out of memory: the system killed {attempts} attempts. Use fewer filters or units, a smaller "
    "batch size, or fewer jobs in parallel (HEADROOM_SLOTS)."
)
_FOLDER_DELETED = "The job folder was deleted during training. Retry the job; it starts from scratch."
_NO_OUTPUT = "The training failed without any output. Retry the job."
# The last line of a Python traceback of an error of core.errors, whose text is already a message.
_HEADROOM_ERROR = re.compile(r"^core\.errors\.\w+: ")
# A message of the training process: a sentence, not the name of a Python exception.
_MESSAGE = re.compile(r"^(?![\w.]*(Error|Exception)\b)[A-Z].*\.$")
_LAST_LINES = 5
_PATTERNS = {
    re.compile(r"No space left on device|Disk quota exceeded"): DISK_FULL,
    re.compile(r"\bMemoryError\b|std::bad_alloc|Cannot allocate memory"): OUT_OF_MEMORY,
}


def explain_failure(log: str, *, folder_exists: bool = True) -> str:
    """Return the reason why an attempt exited with an error.

    Args:
        log: output of the attempt; its own message is the last line.
        folder_exists: whether the job folder still exists.
    """
    if not folder_exists:
        return _FOLDER_DELETED
    lines = _read_last_lines(log)
    if not lines:
        return _NO_OUTPUT
    message = _HEADROOM_ERROR.sub("", lines[-1])
    if message != lines[-1] or _MESSAGE.match(message):
        return message
    return _match_patterns(lines) or message


def explain_loss(status: Status, log: str, attempts: int) -> str:
    """Return the reason why the last attempt of a job was killed, crashed or disappeared."""
    if status.out_of_memory:
        return _KILLED_FOR_MEMORY.format(attempts=attempts)
    known = _match_patterns(_read_last_lines(log))
    return known or f"The training stopped without a result in {attempts} attempts: {status}. See the job log."


def _read_last_lines(log: str) -> list[str]:
    return [line.strip() for line in log.splitlines() if line.strip()][-_LAST_LINES:]


def _match_patterns(lines: list[str]) -> str | None:
    return next((reason for pattern, reason in _PATTERNS.items() if pattern.search("\n".join(lines))), None)
