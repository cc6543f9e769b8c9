"""The dispatcher process, `python -m core.jobs HOME`. Its forked workers do not import this module again."""

import core.jobs.source_check  # noqa: F401  # isort: skip  first: it records the sources

import argparse
import os
import sys
from pathlib import Path

from core.entry_point import DISPATCHER, TRAINING, build_command
from core.errors import HeadroomError
from core.home import Home
from core.jobs.artifact_sync import syncing
from core.jobs.dispatcher import IDLE_SECONDS, Dispatcher
from core.jobs.executor_choice import build_executor

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m core.jobs", description="Run the queued jobs of a Headroom home.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--lock", type=int, help="file descriptor of the held dispatcher lock")
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS, help="idle time before exiting")
    parser.add_argument("--module", default=TRAINING, help="module that each job runs with python -m")
    options = parser.parse_args()
    _home = Home(options.home.absolute())
    try:
        dispatcher = Dispatcher(_home, build_executor(_home, module=options.module), idle_seconds=options.idle_seconds)
        with syncing(_home):
            dispatcher.run(options.lock)
    except HeadroomError as error:
        sys.exit(str(error))
    if dispatcher.outdated:  # the lock is released, so the next process that acquires it runs the new code
        arguments = [str(_home.path), f"--idle-seconds={options.idle_seconds}", f"--module={options.module}"]
        os.execv(sys.executable, build_command(DISPATCHER, *arguments))
