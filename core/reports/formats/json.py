"""JSON format: all texts and values, including the data of each chart, without images and chart specifications."""

import json
from typing import Any, ClassVar

from core.displays.json_values import clear_mean_seed
from core.home import Home
from core.reports.document import Figure, Table
from core.reports.format import Edition, Files, Format
from core.reports.seal import CHECKSUM_KEY, compute_value_checksum, describe_dashboard


class Json(Format):
    name: ClassVar[str] = "json"
    label: ClassVar[str] = "JSON (all values)"
    suffix: ClassVar[str] = ".json"
    mime: ClassVar[str] = "application/json"
    order: ClassVar[int] = 4

    @staticmethod
    def write(edition: Edition, home: Home) -> Files:
        document = edition.document
        value = document.model_dump(mode="json", exclude={"sections"}) | {
            "sections": [
                _write_figure(section) if isinstance(section, Figure) else section.model_dump(mode="json")
                for section in document.sections
            ],
            "address": edition.address or None,
            "published_at": edition.at or None,
            "checksum": edition.checksum or None,
            "made_with": describe_dashboard(),
        }
        value = json.loads(json.dumps(value, allow_nan=False))
        text = json.dumps(
            value | {CHECKSUM_KEY: compute_value_checksum(value)}, indent=1, ensure_ascii=False, allow_nan=False
        )
        return {f"{edition.stem}.json": text.encode()}


def _write_figure(figure: Figure) -> dict[str, Any]:
    plain = figure.model_dump(mode="json", exclude={"chart", "pictures", "table", "frame", "open"})
    return plain | {"table": _list_rows(figure.table), "frame": _list_rows(figure.frame)}


def _list_rows(table: Table | None) -> list[dict[str, Any]]:
    return [] if table is None else [clear_mean_seed(dict(zip(table.columns, row, strict=True))) for row in table.rows]
