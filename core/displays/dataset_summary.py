"""Text of the report of a dataset: images per split, classes, files left out and findings.

The command line prints it, so it imports no charts.
"""

from core.datasets.cache import DatasetInfo, DatasetStatus
from core.datasets.report import SPLITS, DatasetReport
from core.datasets.split import count_splits
from core.displays.number import format_count
from core.plural import format_plural
from core.spec import DATASETS

MOST_FILES = 10
SPLIT_LABELS = {"train": "training", "validation": "validation", "test": "test"}

_SOURCES = {
    "given": "as given by the folders or the authors",
    "drawn": "drawn by Headroom, stratified by class",
    "csv": "as listed in the table of labels",
}


def write_image_counts(info: DatasetInfo) -> str:
    """Return the number of images of each split: "300 training and 60 test images"."""
    counts = count_splits(info.train_count, info.validation_count, info.test_count)
    *others, (count, label) = [(count, SPLIT_LABELS[split]) for split, count in counts.items() if count]
    last = format_plural(count, f"{label} image")
    return f"{', '.join(f'{count:,} {label}' for count, label in others)} and {last}" if others else last


def describe_difference(status: DatasetStatus) -> str:
    """Return "not the official data" with its sizes; empty for official data, custom datasets and unavailable ones."""
    if status.official is not False or status.folder or status.test_count is None:
        return ""
    return f"not the official data ({DATASETS[status.name].describe_size(status.train_count, status.test_count)})"


def list_class_rows(report: DatasetReport, noun: str = "class") -> list[dict[str, str]]:
    """Return the table of images per class and split."""
    return [
        {noun.capitalize(): count.name}
        | {SPLIT_LABELS[split].capitalize(): format_count(getattr(count, split)) for split in SPLITS}
        | {"Total": format_count(sum(getattr(count, split) for split in SPLITS))}
        for count in report.classes
    ]


def describe_report(report: DatasetReport, most_files: int = MOST_FILES) -> list[str]:
    """Return a line for each fact except the classes: splits, values, ignored names, files left out, findings."""
    low, high = report.value_range
    scaled = "" if (low, high) == (0, 255) else ", scaled to 0 to 255"
    lines = [f"Splits: {_SOURCES[report.splits]}.", f"Values of the images: {low:,g} to {high:,g}{scaled}."]
    if report.ignored:
        lines.append(f"Ignored system files: {_join(report.ignored, most_files)}.")
    if report.skipped:
        lines.append(f"Left out: {count_skipped(report)}.")
        lines += [f"  {show_name(file.file)}: {file.reason}" for file in report.skipped[:most_files]]
        if len(report.skipped) > most_files:
            lines.append(f"  and {len(report.skipped) - most_files:,} more")
    if report.findings:
        lines.append(f"Findings: {len(report.findings):,}.")
    lines += [f"  {finding.severity}, {finding.code}: {finding.message}" for finding in report.findings]
    return lines


def count_skipped(report: DatasetReport) -> str:
    """Return "4 files and 1 folder": what could not be used."""
    folders = sum(one.file.endswith("/") for one in report.skipped)
    counts = {"file": len(report.skipped) - folders, "folder": folders}
    return " and ".join(format_plural(count, noun) for noun, count in counts.items() if count)


def show_name(name: str) -> str:
    """Return the name of a file, escaped if it contains characters that are not printable."""
    return name if name.isprintable() else ascii(name)


def _join(names: tuple[str, ...], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(show_name, names[:most])) + more
