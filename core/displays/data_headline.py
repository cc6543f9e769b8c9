"""Main statement on the images of a dataset, as the Data page, the Train page and the command line show it."""

from core.datasets.findings.image_findings import SEVERITIES
from core.datasets.inspect import InspectedDataset
from core.datasets.report import DataFinding
from core.displays.data_display import count_names
from core.displays.dataset_summary import count_skipped, write_image_counts
from core.plural import format_plural


def write_data_headline(data: InspectedDataset) -> str:
    """Return the classes, the images, and the most important finding."""
    counts = [one.train + one.validation + one.test for one in data.report.classes]
    low, high = min(counts, default=0), max(counts, default=0)
    each = format_plural(low, "image") if low == high else f"{low:,} to {high:,} images"
    text = f"{data.info.label}: {count_names(data)} with {each} each; {write_image_counts(data.info)}."
    return f"{text} {write_main_finding(data)}".strip()


def write_main_finding(data: InspectedDataset) -> str:
    """Return the most severe finding, or what else is to be known; "" if nothing is."""
    if worst := find_worst(data):
        more = len(data.report.findings) - 1
        return worst.message + (f" {format_plural(more, 'more finding')}." if more else "")
    if data.report.skipped:
        return f"{count_skipped(data.report)} left out."
    return "No problem was found." if data.searched else ""


def write_finding_title(code: str) -> str:
    """Return the title of a finding.

    >>> write_finding_title("near_leaked_test_images"), write_finding_title("few_test_images")
    ('Nearly leaked test images', 'Few test images')
    """
    return code.replace("near_", "nearly_").replace("nearly_duplicate", "near_duplicate").replace("_", " ").capitalize()


def find_worst(data: InspectedDataset) -> DataFinding | None:
    """Return the most severe finding, the first of several; None without findings."""
    return min(data.report.findings, key=lambda one: SEVERITIES.index(one.severity), default=None)
