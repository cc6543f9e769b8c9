"""Runs that a command has added to the home: their IDs on standard output, and their content on standard error."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from core.cli.output import print_message
from core.home import Home

if TYPE_CHECKING:
    from core.store.bundle_import import Imported
    from core.store.run import Run

_LISTED = 20  # runs that are described


def print_imported(home: Home, found: "Imported") -> None:
    """Print the imported runs and those that already exist."""
    print_added(home, found.imported, "imported")
    for run_id in found.existing:
        details = "; its results differ, the existing run is kept" if run_id in found.differing else ""
        print_message(f"{run_id}: already exists{details}.")
    for run_id in found.existing:
        typer.echo(run_id)


def print_added(home: Home, run_ids: Sequence[str], verb: str) -> None:
    """Print the IDs of new runs, and what each contains."""
    from core.store.run_store import RunStore

    store = RunStore(home)
    for run_id in run_ids[:_LISTED]:
        print_message(f"{run_id}: {verb} {_describe(store.open(run_id))}.")
    if len(run_ids) > _LISTED:
        print_message(f"{len(run_ids) - _LISTED:,} more were {verb}.")
    for run_id in run_ids:
        typer.echo(run_id)


def _describe(run: "Run") -> str:
    """Return "resnet, Digits, seed 0: 360 test images of 10 classes, test accuracy 91.3%, no learning curves"."""
    from core.datasets.dataset_key import label_of_spec
    from core.displays.number import format_share
    from core.plural import format_plural
    from core.store.elsewhere import list_missing
    from core.store.variant_label import label_run

    spec, data = run.spec, run.record.data
    parts = [
        f"{format_plural(data.test_images, 'test image')} of {len(data.classes):,} classes",
        f"test accuracy {format_share(run.record.metrics.test_accuracy)}",
        *(f"no {part}" for part in list_missing([run])),
    ]
    what = ", ".join(filter(None, (label_run(spec), label_of_spec(spec), f"seed {spec.seed}")))
    return f"{what}: {', '.join(parts)}"
