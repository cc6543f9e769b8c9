"""Source of a dataset: licence, citation, fingerprint, splits and conversion."""

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from core.displays.chart_view import Chart
from core.displays.data_display import DataDisplay
from core.displays.number import format_bytes

_SPLITS = {
    "given": "as given by the folders or the authors",
    "drawn": "drawn by Headroom, stratified by class",
    "csv": "as listed in the table of the files",
}


@dataclass(frozen=True)
class Provenance(DataDisplay):
    """One row per fact."""

    name: ClassVar[str] = "provenance"
    title: ClassVar[str] = "Source"

    def frame(self) -> pd.DataFrame:
        """Return the columns fact and value."""
        info, report = self.data.info, self.data.report
        height, width, channels = info.input_shape
        low, high = report.value_range
        official = "yes" if info.official else "no: results are not comparable with published ones"
        facts = {
            "Source": info.source or "own images",
            "Licence": info.licence,
            "Citation": info.citation,
            "Official data": "" if info.folder else official,
            "Fingerprint": info.fingerprint,
            "Splits": _SPLITS[report.splits],
            "Note": info.note,
            "Stored images": f"{width} × {height} pixels, {'grayscale' if channels == 1 else 'color'}, 8 bits",
            "More than 8 bits": f"{low:,g} to {high:,g}, scaled to 0 to 255" if (low, high) != (0, 255) else "",
            "Size on disk": format_bytes(info.bytes) if info.bytes else "",
            "Stored at": f"{info.fetched_at[:16].replace('T', ' ')} UTC",
        }
        return pd.DataFrame([pair for pair in facts.items() if pair[1]], columns=["fact", "value"])

    def table(self) -> pd.DataFrame:
        return self.frame().rename(columns=str.capitalize)

    def chart(self) -> Chart | None:
        return None

    def describe(self) -> str:
        return f"{self.data.info.label}: licence {self.data.info.licence}, fingerprint {self.data.info.fingerprint}."
