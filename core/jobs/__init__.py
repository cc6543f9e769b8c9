"""Trainings that wait or run: the table of jobs, the dispatcher that owns it, and where a job runs."""
