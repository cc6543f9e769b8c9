"""Jobs page: sweeps, and running, queued and completed jobs."""

from core.ui.errors import handle_errors
from core.ui.finished import show_latest_batch
from core.ui.heading import show_title
from core.ui.job_queue import show_damaged_jobs
from core.ui.jobs.queue import follow_job_link, show_history, show_queue
from core.ui.jobs.sweep import find_running_sweep, show_sweep

show_title("Jobs")
follow_job_link()
if show_damaged_jobs():
    with handle_errors():
        show_latest_batch()
        if running := find_running_sweep():
            show_sweep()
    has_jobs = show_queue()
    if not running:
        with handle_errors():
            show_sweep()
    if has_jobs:
        show_history()
