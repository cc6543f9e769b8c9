"""Entry point of the worker, `python -m core.training FOLDER`: trains a job, or computes the evidence of a run."""

import sys
from pathlib import Path

if __name__ == "__main__":
    if Path(sys.argv[-1]).parent.name == "evidence":  # see `Home.evidence`; without TensorFlow
        from core.training.evidence import run_evidence as work
    else:
        from core.training.train import run_worker as work
    sys.exit(work(sys.argv[1:]))
