"""The job queue, the dispatcher that processes it, and the executors that run jobs."""
