"""Jobs page: running, queued and completed jobs."""

from core.ui.heading import show_title
from core.ui.jobs.queue import show_history, show_queue

show_title("Jobs")
if show_queue():
    show_history()
