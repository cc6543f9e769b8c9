"""The queue, the dispatcher and the executors."""
