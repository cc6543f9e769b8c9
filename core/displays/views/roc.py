"""Receiver operating characteristic of one class."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from core.analysis.class_metrics import CurveKind
from core.displays.class_curve import ClassCurve


@dataclass(frozen=True)
class Roc(ClassCurve):
    """True positive rate against false positive rate of one class, the other classes together being negative."""

    name: ClassVar[str] = "roc"
    title: ClassVar[str] = "ROC curve"
    kind: ClassVar[CurveKind] = "roc"
    axes: ClassVar[tuple[str, str]] = ("False positive rate", "True positive rate")
    columns: ClassVar[tuple[str, str]] = ("false_positive_rate", "true_positive_rate")
    area: ClassVar[str] = "roc_auc"
    area_title: ClassVar[str] = "ROC AUC"
    interpolation: ClassVar[Literal["linear", "step-before"]] = "linear"
