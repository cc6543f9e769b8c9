"""Reports: what people wrote round a comparison, as drafts and as versions that stay as they are."""

from core.ui.reports.listing import asked_address, show_reports
from core.ui.reports.reader import show_report

if address := asked_address():
    show_report(address)
else:
    show_reports()
