"""Run page: one run with its results, settings, files and log, or the state of its job."""

from core.ui.run.page import show_run

show_run()
