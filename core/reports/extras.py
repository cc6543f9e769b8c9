"""Content of an HTML file beyond its document: test images with predictions, and models."""

from dataclasses import dataclass
from typing import Any

from core.errors import HeadroomError
from core.home import hide_paths
from core.reports.build import open_report_comparison
from core.reports.document import Document
from core.reports.image_explorer import build_image_explorer
from core.reports.offline_model import OfflineModels, build_models, estimate_bytes
from core.store.comparison import Comparison
from core.store.run_store import RunStore


@dataclass(frozen=True)
class Extras:
    """Test images with predictions, and models, as JSON values.

    Attributes:
        images: None if the images are not available (see `build_image_explorer`).
        models: None if they were not requested.
        problem: why the file has neither; empty otherwise.
    """

    images: dict[str, Any] | None = None
    models: OfflineModels | None = None
    problem: str = ""


def collect_extras(document: Document, store: RunStore, *, models: bool = False) -> Extras:
    """Return the content of an HTML file of a report.

    Args:
        models: include the models.
    """
    try:
        comparison = _open_unchanged(document, store)
        if comparison is None:
            return Extras(problem="The runs of this report were deleted or changed after it was published.")
        images = build_image_explorer(comparison, store.home)
        return Extras(images, build_models(comparison, store.home) if models else None)
    except HeadroomError as error:
        return Extras(problem=hide_paths(str(error)))


def estimate_model_bytes(document: Document, store: RunStore) -> int:
    """Return about how much larger the models make the file of a report; 0 if it cannot have any."""
    try:
        comparison = _open_unchanged(document, store)
        return 0 if comparison is None else estimate_bytes(comparison)
    except HeadroomError:
        return 0


def _open_unchanged(document: Document, store: RunStore) -> Comparison | None:
    """Open the runs of a document; None if they are not those that it describes."""
    comparison, missing = open_report_comparison(store, [run.run_id for run in document.runs])
    found = {
        run.run_id: (variant.label, run.record.data.fingerprint, run.record.metrics.test_accuracy)
        for variant in comparison.variants
        for run in variant.runs
    }
    expected = {run.run_id: (run.head, run.data, run.test_accuracy) for run in document.runs}
    return None if missing or found != expected else comparison
