"""Reports page: drafts and published versions of reports."""

from core.ui.reports.listing import read_address, show_reports
from core.ui.reports.reader import show_report

if address := read_address():
    show_report(address)
else:
    show_reports()
