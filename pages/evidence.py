"""Evidence page: confidence intervals, checks, and agreement between heads."""

from core.ui.evidence.sections import show_evidence
from core.ui.frame import require_comparison

if comparison := require_comparison():
    show_evidence(comparison)
