"""Process of a job: its session, log and temporary folder, in which a module runs as with `python -m`."""

import io
import os
import runpy
import sys
import tempfile
import traceback
from contextlib import suppress
from multiprocessing import reduction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Inherited:
    """File descriptor that is passed to a forked process together with its lock."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _receive, (reduction.DupFd(self.descriptor),)


def _receive(passed: Any) -> int:
    return int(passed.detach())


def probe() -> None:
    """Do nothing: the first forked process, whose exit code shows that forking works."""


def run(module: str, folder: Path, scratch: Path, lock: int) -> None:
    """Run `python -m module folder` and exit the process with its exit code.

    Args:
        scratch: folder for temporary files.
        lock: descriptor of the locked process file, which receives the process ID and the exit code.
    """
    os.setsid()
    os.set_inheritable(lock, False)
    os.pwrite(lock, f"{os.getpid()} ".encode(), 0)
    code = 1
    try:
        os.chdir(ROOT)
        log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
        sys.argv = [module, str(folder)]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        if isinstance(end.code, str):
            _print_last(end.code)
    except BaseException:
        with suppress(OSError):
            traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os.pwrite(lock, f"{os.getpid()} {code}".encode(), 0)
    os._exit(code)  # skip the cleanup of TensorFlow, which can fail or hang


def _print_last(message: str) -> None:
    try:
        print(message, file=sys.stderr, flush=True)
    except OSError:  # on a full disk, replace the log with the message
        with suppress(OSError):
            os.ftruncate(2, 0)
            os.write(2, f"{message}\n".encode())


if __name__ == "__main__":
    _module, _folder, _scratch, _lock = sys.argv[1:]
    run(_module, Path(_folder), Path(_scratch), int(_lock))
