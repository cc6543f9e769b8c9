"""Jobs page: running, queued and completed jobs."""

from core.ui.heading import show_title
from core.ui.job_queue import show_damaged_jobs
from core.ui.jobs.queue import follow_job_link, show_history, show_queue

show_title("Jobs")
follow_job_link()
if show_damaged_jobs() and show_queue():
    show_history()
