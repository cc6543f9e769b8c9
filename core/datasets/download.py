"""Source files of a dataset: provided by the user, cached by Keras, or downloaded with Keras."""

import bz2
import gzip
import hashlib
import logging
import os
import re
import socket
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from core.errors import DatasetError
from core.files import DAMAGED_ZIP
from core.installation import check_tensorflow
from core.stderr import mute_stderr

Progress = Callable[[int, int | None], None]
"""Callback that receives the bytes downloaded so far and the total size, or None if unknown; called from any thread."""

UNREADABLE = (*DAMAGED_ZIP, OSError, ValueError, KeyError)
"""Exceptions that reading a damaged archive raises."""

_STALLED_SECONDS = 30.0
_ABANDONED_SECONDS = 600.0


@dataclass(frozen=True)
class Download:
    """A file on the server of its authors.

    Attributes:
        cached: Path in the cache of Keras.
        sha256, md5: Published checksums; None if unknown.
        size: Published size in bytes; None if unknown.
    """

    url: str
    cached: str
    sha256: str | None = None
    md5: str | None = None
    size: int | None = None

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    def is_valid(self, path: Path) -> bool:
        """Return whether a file is complete and has the published checksums."""
        return is_intact(path, self.sha256, self.md5)


class Downloads:
    """The files of a dataset. Users may place them in `folder` under their original names."""

    def __init__(self, label: str, files: Sequence[Download], folder: Path, progress: Progress) -> None:
        self.label, self.files, self.folder, self.progress = label, files, folder, progress

    def placed(self) -> list[Path] | None:
        """Return the files in `folder`, in the order of `files`; None if any is missing.

        Raises:
            DatasetError: when a file is truncated or damaged.
        """
        paths = [self.folder / file.name for file in self.files]
        if not all(path.is_file() for path in paths):
            return None
        for file, path in zip(self.files, paths, strict=True):
            if not (file.is_valid(path) or is_intact(path)):
                raise DatasetError(f"{path} is damaged. Delete or replace it, then download the dataset again.")
        return paths

    def paths(self) -> list[Path]:
        """Return the files in `folder`, or download them; see `placed` and `fetch`."""
        return self.placed() or self.fetch()

    def fetch(self) -> list[Path]:
        """Download all files that are not in the cache of Keras, and return them in the order of `files`.

        Downloads are atomic: Keras would accept a partial file of a killed process. Must be called inside
        `quiet_keras`, because Keras prints.

        Raises:
            DatasetError: when a download fails; the message contains the URL and the folder to place the file in.
        """
        missing = [file for file in self.files if not self._is_cached(file)]
        total = _measure(missing)
        done = 0
        for file in missing:
            done += self._download(file, done, total)
        return [keras_home() / file.cached for file in self.files]

    def discard(self) -> None:
        """Remove the files of this dataset from the cache of Keras."""
        for file in self.files:
            (keras_home() / file.cached).unlink(missing_ok=True)

    def _is_cached(self, file: Download) -> bool:
        path = keras_home() / file.cached
        return path.is_file() and file.is_valid(path)

    def _download(self, file: Download, done: int, total: int | None) -> int:
        from keras.utils import get_file

        target = keras_home() / file.cached
        for old in target.parent.glob(f"{target.name}.*.part"):
            if time.time() - old.stat().st_mtime > _ABANDONED_SECONDS:
                old.unlink(missing_ok=True)
        part = target.with_name(f"{target.name}.{os.getpid()}.part")
        reason = ""
        for _attempt in range(2):
            try:
                with _watching(part, done, total, self.progress):
                    get_file(part.name, file.url, cache_dir=keras_home(), cache_subdir=str(Path(file.cached).parent))
                if file.is_valid(part):
                    os.replace(part, target)
                    return target.stat().st_size
                reason = "the file is damaged"
            except Exception as error:  # Keras raises plain Exception for network errors
                reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error).rpartition(" -- ")[2]).rstrip(".")
            finally:
                part.unlink(missing_ok=True)
        missing = [file for file in self.files if not (self.folder / file.name).is_file()]
        names, origin = ", ".join(map(_describe, missing)), file.url.rpartition("/")[0]
        raise DatasetError(
            f"Cannot download {file.name} of {self.label}: {reason}. "
            f"Try again later, or place {names} from {origin}/ in {self.folder} and download again."
        )


def is_intact(path: Path, sha256: str | None = None, md5: str | None = None) -> bool:
    """Return whether a file has the given checksums; without any, whether it is complete.

    ZIP, gzip and bzip2 files contain checksums. Of MATLAB files only the header is checked. Other files, such as the
    login page of a network, are not complete.
    """
    try:
        given = {"sha256": sha256, "md5": md5}
        for algorithm, expected in given.items():
            with path.open("rb") as file:
                if expected and hashlib.file_digest(file, algorithm).hexdigest() != expected:
                    return False
        return any(given.values()) or _is_complete(path)
    except UNREADABLE:
        return False


def _is_complete(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(10)
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    if start.startswith(b"MATLAB 5.0"):
        return True
    if start[:2] not in (b"\x1f\x8b", b"BZ"):  # the readers accept empty files
        return False
    with gzip.open(path) if start[0] == 0x1F else bz2.open(path) as content:
        while content.read(1 << 20):
            pass
    return True


def _describe(file: Download) -> str:
    return file.name if file.size is None else f"{file.name} ({file.size / 1e6:,.0f} MB)"


def keras_home() -> Path:
    """Return the cache folder of `keras.utils.get_file`, selected by the same rules."""
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return home if os.access(home, os.W_OK) else Path("/tmp/.keras")


@contextmanager
def quiet_keras() -> Iterator[None]:
    """Import Keras and suppress the output of TensorFlow, Keras and extra_keras_datasets on screen and in the logs.

    Inside the block, connections without data for 30 seconds fail with a timeout.

    Raises:
        ViewOnlyError: when TensorFlow is not installed.
    """
    check_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    root, listener = logging.getLogger(), logging.NullHandler()
    disabled, timeout = root.manager.disable, socket.getdefaulttimeout()
    root.addHandler(listener)  # extra_keras_datasets calls logging.basicConfig, which has no effect if a handler exists
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
    import urllib.request  # only needed before a download

    total = 0
    for file in files:
        if file.size is not None:
            total += file.size
            continue
        try:
            with urllib.request.urlopen(urllib.request.Request(file.url, method="HEAD"), timeout=10) as response:
                total += int(response.headers["Content-Length"])
        except (OSError, TypeError, ValueError):
            return None
    return total


@contextmanager
def _watching(part: Path, done: int, total: int | None, progress: Progress) -> Iterator[None]:
    """Report the size of a file while it grows, because get_file only has its own progress bar."""
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
