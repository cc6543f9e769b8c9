"""The programs that Headroom starts as processes of their own: the only place that names modules as text.

Starting a program is no import, so a lower layer may start a higher one; `tests/test_layering.py` knows this list.
"""

import sys

CLI = "core"
DISPATCHER = "core.jobs"
JOB_PROCESS = "core.jobs.process"
TRAINING = "core.training"


def build_command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program with the interpreter of this process."""
    return [sys.executable, "-m", program, *arguments]
