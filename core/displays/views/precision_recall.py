"""Precision-recall curve of one class."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from core.analysis.class_metrics import CurveKind
from core.displays.class_curve import ClassCurve


@dataclass(frozen=True)
class PrecisionRecall(ClassCurve):
    """Precision against recall of one class, without interpolation; the area is the average precision."""

    name: ClassVar[str] = "precision_recall"
    title: ClassVar[str] = "Precision-recall curve"
    kind: ClassVar[CurveKind] = "precision_recall"
    axes: ClassVar[tuple[str, str]] = ("Recall", "Precision")
    columns: ClassVar[tuple[str, str]] = ("recall", "precision")
    area: ClassVar[str] = "average_precision"
    area_title: ClassVar[str] = "Average precision"
    interpolation: ClassVar[Literal["linear", "step-before"]] = "step-before"
