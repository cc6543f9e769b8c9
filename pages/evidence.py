"""Evidence: how sure the finding is, what could mislead, and where the heads disagree."""

from core.displays.headline import write_headline
from core.ui.display import keep
from core.ui.evidence.sections import SECTIONS
from core.ui.frame import need_comparison
from core.ui.heading import show_page_heading
from core.ui.session import chosen_comparison
from core.ui.widget import segmented

if need_comparison() and (comparison := chosen_comparison()):
    show_page_heading("Evidence", keep(comparison, write_headline))
    section = segmented("What to look at", [*SECTIONS], key="evidence", label_visibility="collapsed")
    SECTIONS[section](comparison)
