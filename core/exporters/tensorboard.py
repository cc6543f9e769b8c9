"""Runs as event files of TensorBoard, written with its own package, which needs no TensorFlow for that.

One file a run, in a folder of its own: curves with the epochs' times, test figures and costs, the settings as
hyperparameters, settings and note as text. The same run makes the same file: writing it again doubles nothing.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.errors import ExporterError
from core.exporters.export_record import ExportRecord, open_export_records, write_literally
from core.files import replacing
from core.recipes import write_command
from core.store.run_store import RunStore

_VERSION = "brain.Event:2"  # what every reader of event files looks for first


def export_tensorboard(store: RunStore, run_ids: Sequence[str], folder: Path) -> Iterator[Path]:
    """Writes `<folder>/<dataset>-<head>-seed<seed>-<run id>/events.out.tfevents.…` for each run; yields its path.

    Raises:
        ExporterError: when TensorBoard is not installed.
        RunNotFoundError, RunDamagedError: when a run is not here, or not as it was written; nothing is written then.
        HomeError: when a file cannot be written.
    """
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise ExporterError(
            "Expected tensorboard to be installed (pip install -r requirements-tensorboard.txt); got none."
        ) from None
    for account in open_export_records(store, run_ids):
        content, spec = _encode(account), account.run.spec
        name = f"{spec.folder or spec.dataset}-{spec.head}-seed{spec.seed}-{account.run.run_id}"
        path = folder / name / f"events.out.tfevents.{int(account.began)}.headroom"
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        yield path


def _encode(account: ExportRecord) -> bytes:
    """The records of an event file, in the order of their times."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb
    from tensorboard.summary.writer.record_writer import RecordWriter

    run, began = account.run, account.began
    events = [Event(wall_time=began, file_version=_VERSION)]

    def tell(summary: Any, step: int = 0, seconds: float = began) -> None:
        events.append(Event(wall_time=seconds, step=step, summary=summary))

    tell(hparams_pb(account.settings, trial_id=run.run_id, start_time_secs=began))
    tell(text_pb("run", write_literally(_describe(account))))
    if account.note.text:
        tell(text_pb("note", write_literally(account.note.text)))
    for point in sorted(account.points, key=lambda point: point.seconds):
        tell(scalar_pb(f"{point.metric}/{point.split}", point.value), point.step, point.seconds)
    for name, value in account.costs.items():
        tell(scalar_pb(f"cost/{name}", value), run.record.trained_epochs, account.ended)
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    return buffer.getvalue()


def _describe(account: ExportRecord) -> str:
    """A line for each thing, the names in a column of their own."""
    rows = {
        "run": account.run.run_id,
        "name": account.note.name,
        "tags": ", ".join(account.note.tags),
        **account.settings,
        "git commit": account.commit,
        "record.json": account.record_checksum,
        "again with": write_command(account.run.spec),
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items() if value not in (None, ""))
