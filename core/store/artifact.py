"""Artifact store: copies of finished runs on object storage or any other file system supported by fsspec.

The files of a run are stored as `<run id>/<prefix of the record's SHA-256>/<file>`; `<run id>/record.json` is written
last. An interrupted upload is therefore never read, and uploads of the same run from two homes are not mixed. Layers of
added models are in `layers/<fingerprint>.json`.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from core.errors import ArtifactError, HeadroomError, HomeError, ModelFileError, RunNotFoundError, SpecError
from core.files import compute_checksum
from core.models.layer_store import check_layers, layers_path
from core.models.model_info import split_reference
from core.store.evidence import EVIDENCE
from core.store.record import Record
from core.store.robustness_file import NAME as ROBUSTNESS
from core.store.run import IMPORTED, Run
from core.store.run_store import RunStore

if TYPE_CHECKING:
    from core.home import Home

_LAYERS = "layers"


@dataclass(frozen=True)
class ArtifactStore:
    """The folder `root` of an fsspec file system.

    Raises:
        ArtifactError: from all methods, when the store cannot be read or written.
    """

    url: str
    files: Any
    root: str

    @classmethod
    def read(cls) -> "ArtifactStore | None":
        """Create the store set by HEADROOM_ARTIFACTS, without connecting to it; None if the variable is not set.

        Raises:
            ArtifactError: when the URL is invalid or its protocol is not supported.
        """
        url = os.environ.get("HEADROOM_ARTIFACTS", "").strip()
        return cls.open(url) if url else None

    @classmethod
    def open(cls, url: str) -> "ArtifactStore":
        """Create the store at a URL (see `read`)."""
        import fsspec

        message = f"Expected HEADROOM_ARTIFACTS to be a URL such as s3://bucket/folder; got {url!r:.80}"
        if "://" not in url:
            raise ArtifactError(f"{message}.")
        try:
            files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except Exception as error:  # each file system raises its own types, and some need a package
            raise ArtifactError(f"{message}: {_first_line(error)}.") from None
        return cls(url, files, root.rstrip("/"))

    def list_ids(self) -> set[str]:
        """Return the IDs of the complete runs in the store."""
        with self._converting_errors("read"):
            return {path.rsplit("/", 2)[1] for path in self.files.glob(f"{self.root}/*/record.json")}

    def list_with_evidence(self) -> set[str]:
        """Return the IDs of the runs whose evidence is in the store."""
        with self._converting_errors("read"):
            return {path.rsplit("/", 3)[1] for path in self.files.glob(f"{self.root}/*/*/{EVIDENCE}")}

    def upload(self, run: Run, home: "Home | None" = None) -> None:
        """Upload a run, unless the store already contains a run with its ID; the existing run is kept, and its evidence
        is added if it was uploaded without.

        Args:
            home: where the layers of an added model are; they are uploaded with its runs.

        Raises:
            RunDamagedError: when a file of the run is damaged.
        """
        run.verify()
        names = [name for name in run.record.checksums if run.has(name)]
        text = (run.path / "record.json").read_bytes()
        target, folder = f"{self.root}/{run.run_id}/record.json", f"{self.root}/{run.run_id}/{_digest(text)}"
        with self._converting_errors("write"):
            if self.files.exists(target):
                if EVIDENCE in names and self.files.exists(folder) and not self.files.exists(f"{folder}/{EVIDENCE}"):
                    self._put(run, [name for name in names if name in (ROBUSTNESS, EVIDENCE)], folder)
                return
            self._upload_layers(run, home)
            self.files.makedirs(folder, exist_ok=True)
            self._put(run, names, folder)
            part = (
                f"{folder}/record-{uuid4().hex}.part"  # not all file systems write atomically, but all move atomically
            )
            self.files.pipe_file(part, text)
            self.files.mv(part, target)

    def _put(self, run: Run, names: Sequence[str], folder: str) -> None:
        """Upload files, evidence.json last and atomically, because it may follow the record."""
        for name in sorted(names, key=EVIDENCE.__eq__):
            path = f"{folder}/{name}-{uuid4().hex}.part" if name == EVIDENCE else f"{folder}/{name}"
            self.files.put_file(str(run.path / name), path)
            if self.files.size(path) != run.artifact(name).stat().st_size:
                raise ArtifactError(f"The upload of {name} of run {run.run_id} to {self.url} is incomplete.")
            if name == EVIDENCE:
                self.files.mv(path, f"{folder}/{name}")

    def _upload_layers(self, run: Run, home: "Home | None") -> None:
        fingerprint = split_reference(run.spec.model)[1]
        target = f"{self.root}/{_LAYERS}/{fingerprint}.json"
        if not fingerprint or home is None or self.files.exists(target):
            return
        path = layers_path(home, fingerprint)
        if path.is_file():
            self.files.makedirs(f"{self.root}/{_LAYERS}", exist_ok=True)
            part = f"{target}-{uuid4().hex}.part"
            self.files.put_file(str(path), part)
            self.files.mv(part, target)

    def fetch(self, run_id: str, home: "Home") -> Run:
        """Download a run into a home, atomically, after all checksums were verified.

        Raises:
            RunNotFoundError: when the store does not contain the run.
            RunDamagedError: when a file of the run is damaged.
            HomeError: when the home cannot be written.
        """
        with self._converting_errors("read"):
            try:
                text = self.files.cat_file(f"{self.root}/{run_id}/record.json")
            except FileNotFoundError:
                raise RunNotFoundError(f"Run {run_id!r:.60} was not found in {self.url}.") from None
        record = Record.parse(text, run_id)
        try:
            home.runs.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(dir=home.runs, prefix=".fetch-"))
        except OSError as error:
            raise HomeError(f"Cannot write {home.runs}: {error.strerror}.") from error
        try:
            folder = scratch / record.run_id
            folder.mkdir()
            (folder / "record.json").write_bytes(text)
            self._download(record.run_id, _digest(text), folder)
            Run.open(folder).verify()
            (folder / IMPORTED).touch()
            self._fetch_layers(record, home, scratch)
            return RunStore(home).publish(folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _fetch_layers(self, record: Record, home: "Home", scratch: Path) -> None:
        """Download the layers of an added model, without which the pages of the run cannot show them."""
        fingerprint = split_reference(record.parsed_spec.model)[1]
        path = scratch / f"{fingerprint}.json"
        if not fingerprint or layers_path(home, fingerprint).exists():
            return
        with self._converting_errors("read"):
            try:
                self.files.get_file(f"{self.root}/{_LAYERS}/{path.name}", str(path))
            except FileNotFoundError:
                return  # copies of earlier versions have none
        try:
            check_layers(path)
        except (SpecError, ModelFileError) as error:
            raise ArtifactError(f"Cannot fetch run {record.run_id} from {self.url}: {error}") from None
        layers_path(home, fingerprint).parent.mkdir(parents=True, exist_ok=True)
        path.rename(layers_path(home, fingerprint))

    def _download(self, run_id: str, digest: str, folder: Path) -> None:
        """Download the files of the record in a folder, and of its evidence, if any."""
        source = f"{self.root}/{run_id}/{digest}"
        with self._converting_errors("read"):
            with suppress(FileNotFoundError):
                self.files.get_file(f"{source}/{EVIDENCE}", str(folder / EVIDENCE))
            for name, checksum in Run.open(folder).record.checksums.items():
                try:
                    self.files.get_file(f"{source}/{name}", str(folder / name))
                except FileNotFoundError:
                    continue  # some files are optional; `verify` checks the others
                if compute_checksum(folder / name) != checksum:
                    raise ArtifactError(
                        f"{name} of run {run_id} in {self.url} is damaged (checksum mismatch). "
                        "Delete the run from the store and upload it again."
                    )

    @contextmanager
    def _converting_errors(self, verb: str) -> Iterator[None]:
        """Convert the errors of any file system to ArtifactError."""
        try:
            yield
        except HeadroomError:
            raise
        except Exception as error:
            raise ArtifactError(f"Cannot {verb} {self.url}: {_first_line(error)}.") from None


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _first_line(error: Exception) -> str:
    detail = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0] or type(error).__name__
    return f"{detail:.160}".rstrip(".")
