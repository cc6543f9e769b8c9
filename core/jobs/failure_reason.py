"""Failure reasons: messages about jobs that ended without a run."""

import re
import signal

from core.jobs.executor import Status

DISK_FULL = "The disk is full. Free disk space, then train this run again."
OUT_OF_MEMORY = "The training ran out of memory. Use fewer filters or units, or a smaller batch size."
OUT_OF_GPU_MEMORY = (
    "The training ran out of GPU memory. Use a smaller batch size, fewer filters or units, or fewer jobs per GPU."
)
DIVERGED = "The training diverged: "
_LIMITED = (
    "The training ran out of memory: it crashed at the memory limit of its process ({limit:.1f} GB, ulimit -v). "
    "Use fewer filters or units, or a smaller batch size, or raise the limit."
)
_KILLED = (
    "The system or a user killed the training {attempts} times (signal 9). If memory is short, use fewer filters or "
    "units, a smaller batch size, or fewer jobs in parallel (HEADROOM_SLOTS). Then retry the job."
)
_CRASHED = "The training process crashed {attempts} times: {status}. See the job log, then retry the job."
_DISAPPEARED = (
    "The training process ended {attempts} times without a result or an exit code, for example because the machine "
    "restarted. Retry the job."
)
_CRASHES = {-getattr(signal, name) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE")}
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
_PATTERNS = {  # the first match counts: TensorFlow reports a full disk and full memory with the same class of error
    re.compile(r"No space left on device|Disk quota exceeded"): DISK_FULL,
    re.compile(
        r"OOM when allocating.*\bdevice:GPU|\bGPU_\d+_bfc\b|\b(CUDA|HIP|MPS)\b[^\n]{0,40}\bout of memory"
        r"|(CUDA|HIP)_ERROR_OUT_OF_MEMORY|(cuda|hip)Error(MemoryAllocation|OutOfMemory)"
        r"|(CU(DNN|BLAS|SOLVER|SPARSE)|CUFFT|MIOPEN|ROCBLAS)_(STATUS_)?ALLOC_FAILED"
        r"|Dst tensor is not initialized"  # TensorFlow: a tensor does not fit when it is copied to the GPU
        r"|Failed to allocate request for .* on device ordinal|CUDNN failed to allocate the scratch space",
        re.DOTALL,
    ): OUT_OF_GPU_MEMORY,
    re.compile(
        r"\bMemoryError\b|\bResourceExhaustedError\b|std::bad_alloc|[Cc]an(not|'t) allocate memory|OOM when allocating"
        r"|(RESOURCE_EXHAUSTED|Resource exhausted): (Out of memory|Failed to allocate)"
        r"|not enough memory: you tried to allocate"
    ): OUT_OF_MEMORY,
}


# TensorFlow on a GPU: the generated kernels report "failed to allocate memory" without the name of the device.
_OF_DEVICE = re.compile(r"\bResourceExhaustedError\b(?!.*\bdevice:CPU|.*by allocator cpu)", re.DOTALL)


def recognize_failure(text: str, *, gpu: bool = False) -> str | None:
    """Return the message for an error text of Python, TensorFlow or the system; None if its cause is not known.

    Args:
        gpu: whether the process trains on a GPU, so that memory without the name of its device belongs to that.
    """
    found = next((reason for pattern, reason in _PATTERNS.items() if pattern.search(text)), None)
    return OUT_OF_GPU_MEMORY if gpu and found == OUT_OF_MEMORY and _OF_DEVICE.search(text) else found


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
    return recognize_failure("\n".join(lines)) or message


def explain_loss(status: Status, log: str, attempts: int) -> str:
    """Return the reason why the last attempt of a job was killed, crashed or disappeared."""
    if status.out_of_memory:
        return _KILLED_FOR_MEMORY.format(attempts=attempts)
    if known := recognize_failure("\n".join(_read_last_lines(log))):
        return known
    if status.exit_code in _CRASHES and status.memory_limit:
        return _LIMITED.format(limit=status.memory_limit / 1e9)
    if status.exit_code in _CRASHES:
        return _CRASHED.format(attempts=attempts, status=status)
    if status.exit_code == -signal.SIGKILL:
        return _KILLED.format(attempts=attempts)
    if status.exit_code is None and not status.reason:
        return _DISAPPEARED.format(attempts=attempts)
    return f"The training stopped without a result in {attempts} attempts: {status}. See the job log."


def _read_last_lines(log: str) -> list[str]:
    return [line.strip() for line in log.splitlines() if line.strip()][-_LAST_LINES:]
