"""The process of a job: its own session, log and temporary files, then what `python -m` would run."""

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
    """A file descriptor on its way into a forked process, with the lock that belongs to it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (reduction.DupFd(self.descriptor),)


def _arrived(passed: Any) -> int:
    return int(passed.detach())


def probe() -> None:
    """The first forked process: that it ends well shows that forking works."""


def run(module: str, folder: Path, scratch: Path, lock: int) -> None:
    """Runs `python -m module folder` and ends the process with its exit code.

    Args:
        scratch: folder for temporary files.
        lock: descriptor of the file that says that this process lives; gets its process id and exit code.
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
            _say_last(end.code)
    except BaseException:
        with suppress(OSError):
            traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os.pwrite(lock, f"{os.getpid()} {code}".encode(), 0)
    os._exit(code)  # what is left to do at the end of a process with TensorFlow in it can only go wrong


def _say_last(sentence: str) -> None:
    try:
        print(sentence, file=sys.stderr, flush=True)
    except OSError:  # on a full disk the last words take the place of those before them
        with suppress(OSError):
            os.ftruncate(2, 0)
            os.write(2, f"{sentence}\n".encode())


if __name__ == "__main__":
    _module, _folder, _scratch, _lock = sys.argv[1:]
    run(_module, Path(_folder), Path(_scratch), int(_lock))
