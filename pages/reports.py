"""Reports: what people wrote round a comparison, as drafts and as versions that stay as they are."""

from core.ui.reading import show_report
from core.ui.reports import asked_address, show_reports

if address := asked_address():
    show_report(address)
else:
    show_reports()
