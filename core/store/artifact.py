"""Copies of finished runs in a store that is no disk of this machine: S3, another file server, whatever fsspec knows.

A run lies there as `<run id>/<first of the record's SHA-256>/<file>`, and last `<run id>/record.json`, which names the
files it belongs to. So a copy that broke off is no copy, and two homes that trained the same spec do not mix theirs.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from core.errors import ArtifactError, HeadroomError, HomeError, RunNotFoundError
from core.files import compute_checksum
from core.store.record import Record
from core.store.run import Run
from core.store.run_store import RunStore

if TYPE_CHECKING:
    from core.home import Home


@dataclass(frozen=True)
class ArtifactStore:
    """The folder `root` of an fsspec file system.

    Raises:
        ArtifactError: from every method, when the store cannot be read or written.
    """

    url: str
    files: Any
    root: str

    @classmethod
    def read(cls) -> "ArtifactStore | None":
        """The one that HEADROOM_ARTIFACTS names, None where it names none; asks nobody yet.

        Raises:
            ArtifactError: when it is no URL of a kind that fsspec can use here.
        """
        url = os.environ.get("HEADROOM_ARTIFACTS", "").strip()
        return cls.open(url) if url else None

    @classmethod
    def open(cls, url: str) -> "ArtifactStore":
        """As `read`, for a URL at hand."""
        import fsspec

        what = "Expected HEADROOM_ARTIFACTS to be a URL that fsspec knows, such as s3://bucket/folder"
        if "://" not in url:
            raise ArtifactError(f"{what}; got {url!r:.80}.")
        try:
            files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except Exception as error:  # each kind has errors of its own, and some need a library that is not here
            raise ArtifactError(f"{what}; got {url!r:.80}: {_first_line(error)}.") from None
        return cls(url, files, root.rstrip("/"))

    def list_ids(self) -> set[str]:
        """Runs that are there whole."""
        with self._speaking("read"):
            return {path.rsplit("/", 2)[1] for path in self.files.glob(f"{self.root}/*/record.json")}

    def upload(self, run: Run) -> None:
        """Copies a run there, unless one of its id is there already: whichever was first answers the spec.

        Raises:
            RunDamagedError: when its files are not what the worker wrote.
        """
        run.verify()
        names = [name for name in run.record.checksums if run.has(name)]
        text = (run.path / "record.json").read_bytes()
        target, folder = f"{self.root}/{run.run_id}/record.json", f"{self.root}/{run.run_id}/{_digest(text)}"
        with self._speaking("write"):
            if self.files.exists(target):
                return
            self.files.makedirs(folder, exist_ok=True)
            for name in names:
                self.files.put_file(str(run.path / name), f"{folder}/{name}")
                if self.files.size(f"{folder}/{name}") != run.artifact(name).stat().st_size:
                    raise ArtifactError(f"Expected {self.url} to keep all of {name} of run {run.run_id}; got a part.")
            part = f"{folder}/record-{uuid4().hex}.part"  # some kinds write in place, but all move in one step
            self.files.pipe_file(part, text)
            self.files.mv(part, target)

    def fetch(self, run_id: str, home: "Home") -> Run:
        """Brings a run into a home, where it appears once every file has arrived as it was written.

        Raises:
            RunNotFoundError: when it is not there.
            RunDamagedError: when a file is not what the worker wrote.
            HomeError: when the home cannot be written.
        """
        with self._speaking("read"):
            try:
                text = self.files.cat_file(f"{self.root}/{run_id}/record.json")
            except FileNotFoundError:
                raise RunNotFoundError(f"Expected {self.url} to hold run {run_id!r:.60}; got no such run.") from None
        record = Record.parse(text, run_id)
        try:
            home.runs.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=home.runs, prefix=".fetch-"))
        except OSError as error:
            raise HomeError(f"Expected to be able to write {home.runs}; got: {error.strerror}.") from error
        try:
            folder = scratch / record.run_id
            folder.mkdir()
            self._bring(record, _digest(text), folder)
            (folder / "record.json").write_bytes(text)
            Run.open(folder).verify()
            return RunStore(home).publish(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _bring(self, record: Record, digest: str, folder: Path) -> None:
        source = f"{self.root}/{record.run_id}/{digest}"
        with self._speaking("read"):
            for name, checksum in record.checksums.items():
                if Path(name).name != name:  # it becomes part of a path
                    raise ArtifactError(f"Expected run {record.run_id} to hold plain files; got {name!r:.60}.")
                try:
                    self.files.get_file(f"{source}/{name}", str(folder / name))
                except FileNotFoundError:
                    continue  # a run may do without some, which `verify` knows
                if compute_checksum(folder / name) != checksum:
                    raise ArtifactError(
                        f"Expected {name} of run {record.run_id} in {self.url} as it was written; got other bytes."
                    )

    @contextmanager
    def _speaking(self, verb: str) -> Iterator[None]:
        """Each kind of store has errors of its own."""
        try:
            yield
        except HeadroomError:
            raise
        except Exception as error:
            raise ArtifactError(f"Expected to be able to {verb} {self.url}; got: {_first_line(error)}.") from None


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _first_line(error: Exception) -> str:
    detail = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0] or type(error).__name__
    return f"{detail:.160}".rstrip(".")
