"""Modules that Headroom starts as separate processes, and the one that the dispatcher loads for races.

A process is not an import, so a lower layer may start a higher one; `tests/test_layering.py` reads this list. RACES is
imported by its name, and only by the dispatcher: races use the statistics of higher layers.
"""

import sys

CLI = "core"
DISPATCHER = "core.jobs"
JOB_PROCESS = "core.jobs.process"
NOTICES = "core.jobs.send_notices"
TRAINING = "core.training"
APPLICATION = "core.training.application"
EVALUATION = "core.training.evaluate_model"
ONNX_EXPORT = "core.training.onnx"
RACES = "core.advice.advance"


def build_command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with the interpreter of this process."""
    return [sys.executable, "-m", program, *arguments]
