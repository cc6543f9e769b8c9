"""Text of the report of a dataset: classes, splits, files left out and findings."""

from core.datasets.report import SPLITS, DatasetReport
from core.displays.number import format_count
from core.plural import format_plural

MOST_FILES = 10
_SOURCES = {
    "given": "as given by the folders or the authors",
    "drawn": "drawn by Headroom, stratified by class",
    "csv": "as listed in the table of labels",
}
_COLUMNS = {"train": "Training", "validation": "Validation", "test": "Test"}


def list_class_rows(report: DatasetReport, noun: str = "class") -> list[dict[str, str]]:
    """Return the table of images per class and split."""
    return [
        {noun.capitalize(): count.name}
        | {_COLUMNS[split]: format_count(getattr(count, split)) for split in SPLITS}
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
