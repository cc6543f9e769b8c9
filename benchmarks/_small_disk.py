"""A small disk for one program, in separate namespaces."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence

from tests.support.paths import ROOT


def run_on_small_disk(module: str, arguments: Sequence[str], size_bytes: int) -> int:
    """Run `python -m module` with `--disk FOLDER`, an empty folder on a small disk, and return its exit code."""
    with tempfile.TemporaryDirectory() as folder:
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        script = f'mount -t tmpfs -o size={size_bytes} headroom "$1" && shift && exec "$@"'
        command = [*apart, "sh", "-c", script, "sh", folder, sys.executable, "-m", module, *arguments]
        return subprocess.run([*command, "--disk", folder], cwd=ROOT, check=False).returncode
