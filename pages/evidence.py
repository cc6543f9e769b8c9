"""Evidence page: confidence intervals, checks, and agreement between heads."""

from core.ui.evidence.sections import show_evidence
from core.ui.frame import require_comparison
from core.ui.session import selected_comparison

if require_comparison() and (comparison := selected_comparison()):
    show_evidence(comparison)
