"""Export of runs to TensorBoard event files, written with the package `tensorboard`, which does not need TensorFlow.

Writes one file per run, each in a separate folder: metrics per epoch with their times, test metrics and costs,
hyperparameters, and hyperparameters and note as text. Exporting a run again replaces its file.
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

_VERSION = "brain.Event:2"  # the first event of every event file


def export_tensorboard(store: RunStore, run_ids: Sequence[str], folder: Path) -> Iterator[Path]:
    """Write `<folder>/<dataset>-<head>-seed<seed>-<run id>/events.out.tfevents.…` for each run; yields its path.

    Raises:
        ExporterError: when TensorBoard is not installed.
        RunNotFoundError, RunDamagedError: when a run does not exist or is damaged; nothing is written.
        HomeError: when a file cannot be written.
    """
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        raise ExporterError("tensorboard is not installed. Run: pip install -r requirements-tensorboard.txt") from None
    for record in open_export_records(store, run_ids):
        content, spec = _encode(record), record.run.spec
        name = f"{spec.folder or spec.dataset}-{spec.head}-seed{spec.seed}-{record.run.run_id}"
        path = folder / name / f"events.out.tfevents.{int(record.started_at)}.headroom"
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        yield path


def _encode(record: ExportRecord) -> bytes:
    """Return the content of an event file, in chronological order."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb
    from tensorboard.plugins.scalar.summary_v2 import scalar_pb
    from tensorboard.plugins.text.summary_v2 import text_pb
    from tensorboard.summary.writer.record_writer import RecordWriter

    run, started_at = record.run, record.started_at
    events = [Event(wall_time=started_at, file_version=_VERSION)]

    def add(summary: Any, step: int = 0, seconds: float = started_at) -> None:
        events.append(Event(wall_time=seconds, step=step, summary=summary))

    add(hparams_pb(record.settings, trial_id=run.run_id, start_time_secs=started_at))
    add(text_pb("run", write_literally(_describe(record))))
    if record.note.text:
        add(text_pb("note", write_literally(record.note.text)))
    for point in sorted(record.points, key=lambda point: point.seconds):
        add(scalar_pb(f"{point.metric}/{point.split}", point.value), point.step, point.seconds)
    for name, value in record.costs.items():
        add(scalar_pb(f"cost/{name}", value), run.record.trained_epochs, record.ended_at)
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    return buffer.getvalue()


def _describe(record: ExportRecord) -> str:
    """Describe a run, one line per value, with the values aligned."""
    rows = {
        "run": record.run.run_id,
        "name": record.note.name,
        "tags": ", ".join(record.note.tags),
        **record.settings,
        "git commit": record.commit,
        "record.json": record.record_checksum,
        "command": write_command(record.run.spec),
    }
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items() if value not in (None, ""))
