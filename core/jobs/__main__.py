"""`python -m core.jobs HOME`: the dispatcher's process. Called so, its forked workers do not import it again."""

import core.jobs.source_check  # noqa: F401  # isort: skip  before all that it tells the age of

import argparse
import os
import sys
from pathlib import Path

from core.entry_point import DISPATCHER, TRAINING, build_command
from core.errors import HeadroomError
from core.home import Home
from core.jobs.artifact_sync import keeping
from core.jobs.dispatcher import IDLE_SECONDS, Dispatcher
from core.jobs.executor_choice import build_executor

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m core.jobs", description="Runs the queued trainings of a home.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--lock", type=int, help="descriptor of the dispatcher's lock, held by who starts this")
    parser.add_argument("--idle-seconds", type=float, default=IDLE_SECONDS, help="how long to wait for more work")
    parser.add_argument("--module", default=TRAINING, help="what a job runs, as python -m does")
    options = parser.parse_args()
    _home = Home(options.home.absolute())
    try:
        dispatcher = Dispatcher(_home, build_executor(_home, module=options.module), idle_seconds=options.idle_seconds)
        with keeping(_home):
            dispatcher.run(options.lock)
    except HeadroomError as error:
        sys.exit(str(error))
    if dispatcher.outdated:  # with the lock let go, as after any end: whoever takes it next has the new code
        words = [str(_home.path), f"--idle-seconds={options.idle_seconds}", f"--module={options.module}"]
        os.execv(sys.executable, build_command(DISPATCHER, *words))
