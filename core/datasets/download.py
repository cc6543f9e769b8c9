"""The files a dataset is made of: put there by a person, kept by Keras, or downloaded through Keras."""

import gzip
import hashlib
import logging
import os
import re
import socket
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from core.errors import DatasetError
from core.stderr import mute_stderr

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are done and the bytes in all, None where the server does not say; from any thread."""

UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive raises."""

_STALLED_SECONDS = 30.0
_ABANDONED_SECONDS = 600.0


@dataclass(frozen=True)
class Download:
    """One file: where it comes from, and where Keras keeps it below its own home."""

    url: str
    kept: str
    sha256: str | None = None

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


class Downloads:
    """The files of one dataset; `folder` is where a person may put them under their own names."""

    def __init__(self, label: str, files: Sequence[Download], folder: Path, progress: Progress) -> None:
        self.label, self.files, self.folder, self.progress = label, files, folder, progress

    def placed(self) -> list[Path] | None:
        """The files that a person put into the folder, in the order of `files`; None unless all are there.

        Raises:
            DatasetError: when one of them is cut off or damaged.
        """
        paths = [self.folder / file.name for file in self.files]
        if not all(path.is_file() for path in paths):
            return None
        for path in paths:
            if not is_whole(path):
                raise DatasetError(f"Expected {path} to be a whole file; got a damaged one: remove it or put it anew.")
        return paths

    def fetch(self) -> None:
        """Sees to it that Keras keeps every file, whole. What is already there and whole is not downloaded again.

        A file arrives under another name and takes its place in one step, so a fetch that is killed leaves no half
        file that Keras would take for a whole one. Must run inside `quiet_keras`, for Keras prints.

        Raises:
            DatasetError: when a file cannot be had; says which, from where, and where it may be put.
        """
        missing = [file for file in self.files if not self._is_kept(file)]
        total = _measure(missing)
        done = 0
        for file in missing:
            done += self._download(file, done, total)

    def discard(self) -> None:
        """Removes what Keras keeps of this dataset, so that the next fetch starts clean."""
        for file in self.files:
            (keras_home() / file.kept).unlink(missing_ok=True)

    def _is_kept(self, file: Download) -> bool:
        path = keras_home() / file.kept
        return path.is_file() and is_whole(path, file.sha256)

    def _download(self, file: Download, done: int, total: int | None) -> int:
        from keras.utils import get_file

        target = keras_home() / file.kept
        for old in target.parent.glob(f"{target.name}.*.part"):
            if time.time() - old.stat().st_mtime > _ABANDONED_SECONDS:
                old.unlink(missing_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        reason = ""
        for _attempt in range(2):
            try:
                with _watching(part, done, total, self.progress):
                    get_file(part.name, file.url, cache_dir=keras_home(), cache_subdir=str(Path(file.kept).parent))
                if is_whole(part, file.sha256):
                    os.replace(part, target)
                    return target.stat().st_size
                reason = "a damaged file"
            except Exception as error:  # Keras raises Exception itself for whatever the network did
                reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error).rpartition(" -- ")[2]).rstrip(".")
            finally:
                part.unlink(missing_ok=True)
        wanted = [file for file in self.files if not (self.folder / file.name).is_file()]
        names, origin = ", ".join(file.name for file in wanted), file.url.rpartition("/")[0]
        raise DatasetError(
            f"Expected to download {file.name} of {self.label}; got {reason}: "
            f"try again later, or put {names} from {origin}/ into {self.folder} and fetch again."
        )


def is_whole(path: Path, sha256: str | None = None) -> bool:
    """Whether a zip or gzip file can be read to its end with its own checksums right, and has the hash if one is known.

    Anything else, such as the log-in page of a network, is not whole.
    """
    try:
        with path.open("rb") as file:
            if sha256 is not None and hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return False
            file.seek(0)
            start = file.read(2)
        if start == b"PK":
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        if start != b"\x1f\x8b":  # gzip takes an empty file for a whole one
            return False
        with gzip.open(path) as packed:
            while packed.read(1 << 20):
                pass
    except UNREADABLE:
        return False
    return True


def keras_home() -> Path:
    """The folder in which `keras.utils.get_file` keeps files, chosen as it does."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return home if os.access(home, os.W_OK) else Path("/tmp/.keras")


@contextmanager
def quiet_keras() -> Iterator[None]:
    """Imports Keras, and keeps TensorFlow's, Keras' and extra_keras_datasets' talk off the screen and out of the logs.

    A connection that says nothing for half a minute is an error inside, not a wait without end.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    root, listener = logging.getLogger(), logging.NullHandler()
    disabled, timeout = root.manager.disable, socket.getdefaulttimeout()
    root.addHandler(listener)  # extra_keras_datasets calls logging.basicConfig, which acts where nobody listens
    logging.disable(logging.WARNING)
    socket.setdefaulttimeout(_STALLED_SECONDS)
    with mute_stderr():
        import keras
        import tensorflow  # noqa: F401

    printing = keras.config.is_interactive_logging_enabled()
    keras.config.disable_interactive_logging()
    try:
        yield
    finally:
        if printing:
            keras.config.enable_interactive_logging()
        socket.setdefaulttimeout(timeout)
        logging.disable(disabled)
        root.removeHandler(listener)


def _measure(files: Sequence[Download]) -> int | None:
    total = 0
    for file in files:
        try:
            with urllib.request.urlopen(urllib.request.Request(file.url, method="HEAD"), timeout=10) as answer:
                total += int(answer.headers["Content-Length"])
        except (OSError, TypeError, ValueError):
            return None
    return total


@contextmanager
def _watching(part: Path, done: int, total: int | None, progress: Progress) -> Iterator[None]:
    """Reports the growth of a file, for get_file's only report is its own progress bar."""
    over = Event()

    def watch() -> None:
        while not over.wait(0.2):
            if part.exists():
                progress(done + part.stat().st_size, total)

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        if part.exists():
            progress(done + part.stat().st_size, total)
