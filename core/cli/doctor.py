"""`doctor`: check the installation and this machine. Needs only typer, rich and pydantic."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from core.access.action import is_read_only
from core.cli.library import read_libraries
from core.cli.output import JsonFlag, format_known, print_json, print_pairs
from core.entry_point import DISPATCHER
from core.errors import HeadroomError
from core.home import Home
from core.installation import PACKAGES, VIEW_ONLY

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
OLDEST, NEWEST = (3, 11), (3, 13)
_TIMEOUT_SECONDS = 10.0
_DATASET = ("name", "folder", "available", "bundled", "problem", "next_step")  # fields in JSON
_LEAST_FREE_BYTES = 1_000_000_000


def doctor(
    as_json: JsonFlag = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Move damaged runs, jobs, sweeps and side files aside; delete temporary files of killed processes.",
        ),
    ] = False,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Check a deployment: host names, HTTPS, login, secrets, home, and its response."),
    ] = False,
) -> None:
    """Check this machine: Python, libraries, CPU, GPU, home, datasets and jobs.

    Exits with code 1 if a requirement is missing.
    """
    if serve:
        from core.cli.deployment_check import check_deployment

        check_deployment(as_json)
        return
    if repair:
        _repair(Home.default())
        return
    found = examine(Home.default())
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found["missing"]:
        raise typer.Exit(1)


def _repair(home: Home) -> None:
    from core.advice.damaged import repair_work
    from core.jobs.leftover import describe_leftovers, remove_leftovers
    from core.store.run_store import RunStore
    from core.store.side_file import repair_side_files

    messages = [
        f"{old.name} was damaged. It is now {new}; a new file is created when it is needed."
        for old, new in repair_side_files(home)
    ]
    messages += repair_work(home)
    messages += [f"Run {name} was damaged. It is now {new}." for name, new in RunStore(home).move_damaged_aside()]
    if removed := describe_leftovers(remove_leftovers(home)):
        messages.append(f"Deleted {removed}.")
    for message in messages:
        typer.echo(message)
    if not messages:
        typer.echo("No damaged file was found.")


def examine(home: Home) -> dict[str, Any]:
    """Return all results of `doctor`; `missing` lists one message per missing requirement."""
    libraries = read_libraries(REQUIREMENTS)
    missing = []
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        missing.append(
            f"Expected Python {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}; "
            f"got {sys.version.split()[0]}. Run: make PYTHON=python{'.'.join(map(str, NEWEST))} dashboard"
        )
    absent = [name for name, found in libraries.items() if found is None]
    view_only = {*PACKAGES} <= {*absent}
    if view_only:
        absent = [name for name in absent if name not in PACKAGES]
    if absent:
        verb = "is" if len(absent) == 1 else "are"
        file = "requirements-view.txt" if view_only else "requirements.txt"
        missing.append(f"{', '.join(absent)} {verb} not installed. Run: pip install -r {file}")
    folder = _describe_home(home)
    if not folder["writable"] and not is_read_only():
        missing.append(f"Cannot write {home.path}: permission denied. Set HEADROOM_HOME to another folder.")
    if folder["free_bytes"] < _LEAST_FREE_BYTES:
        missing.append(
            f"The disk of {home.path} is nearly full: {_format_gigabytes(folder['free_bytes'])} free, at least "
            f"{_format_gigabytes(_LEAST_FREE_BYTES)} needed. Free disk space, or set HEADROOM_HOME to another disk."
        )
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "installation": "view" if view_only else "full",
        "libraries": libraries,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": list_gpus(),
        "home": folder,
        "executor": None, "artifacts": None, "slots": None,
        "datasets": None, "runs": None, "examples": None, "damaged": None, "notes": None, "dispatcher": None,
        "damaged_jobs": None,
    }  # fmt: skip
    if not absent:
        for examine_part in (
            lambda: _examine_home(home),
            lambda: _examine_notes(home),
            lambda: _examine_queue(home),
            lambda: {"executor": _examine_executor()},
            _examine_artifacts,
        ):
            try:
                found |= examine_part()
            except HeadroomError as error:
                missing.append(str(error))
        if found["executor"] and found["executor"]["problem"]:
            missing.append(found["executor"]["problem"])
    return {**found, "missing": missing}


def list_gpus(driver: Path = Path("/proc/driver/nvidia")) -> list[str]:
    """Return the names of the NVIDIA GPUs, read from nvidia-smi or, if it is missing, from the driver's folder."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True).stdout
        return [line.strip() for line in answer.splitlines() if line.strip()]
    except (OSError, subprocess.SubprocessError):
        pass
    names = []
    for path in sorted(driver.glob("gpus/*/information")):
        model = re.search(r"^Model:\s*(.+)$", path.read_text(errors="replace"), re.MULTILINE)
        names.append(model[1].strip() if model else path.parent.name)
    return names


def find_dispatcher(home: Home) -> int | None:
    """Return the process ID of the running dispatcher. Does not acquire its lock: a dispatcher that starts at the same
    moment would exit."""
    try:
        pid = int((home.jobs / "dispatcher.lock").read_text())
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, OverflowError):
        return None
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return pid if DISPATCHER.encode() in command else None  # another process may have reused the ID
    except OSError:
        return pid


def _describe_home(home: Home) -> dict[str, Any]:
    from core.jobs.leftover import describe_leftovers, list_leftovers

    # os.path.exists returns False, not an error, for folders without read permission
    existing = next(path for path in (home.path, *home.path.parents) if os.path.exists(path))
    return {
        "path": str(home.path),
        "exists": home.path.is_dir(),
        "writable": existing.is_dir() and os.access(existing, os.W_OK | os.X_OK),
        "free_bytes": shutil.disk_usage(existing).free,
        "leftovers": describe_leftovers(list_leftovers(home)),
    }


def _examine_home(home: Home) -> dict[str, Any]:
    from core.datasets.cache import list_datasets
    from core.jobs.local_executor import read_slots
    from core.reports.report_store import ReportStore
    from core.store.run_store import RunStore

    store = RunStore(home)
    sources = list(store.frame()["source"])
    statuses = [asdict(status) for status in list_datasets(home)]
    return {
        "datasets": [{name: status[name] for name in _DATASET} for status in statuses],
        "runs": sources.count("home"),
        "examples": sources.count("example"),
        "damaged": [*store.damaged().values(), *ReportStore(home).damaged().values()],
        "slots": read_slots(),
    }


def _examine_notes(home: Home) -> dict[str, Any]:
    from core.store.note import NoteBook

    return {"notes": len(NoteBook(home).read_all())}


def _examine_queue(home: Home) -> dict[str, Any]:
    from core.advice.damaged import list_damaged_work
    from core.jobs.queue import JobQueue

    return {
        "dispatcher": {"pid": find_dispatcher(home), "unfinished": len(JobQueue(home).unfinished())},
        "damaged_jobs": list_damaged_work(home),
    }


def _examine_executor() -> dict[str, Any]:
    """Describe the executor that runs the jobs. Reports only whether a token is set, not the token."""
    from core.errors import ClusterError
    from core.jobs.executor_choice import read_placement
    from core.jobs.local_executor import read_limit

    described: dict[str, Any] = {"name": read_placement(), "problem": None}
    if described["name"] == "local":
        return described
    from core.jobs.ray_client import Cluster

    cluster = Cluster.read()
    described |= {"address": cluster.address, "token": bool(cluster.token), "cpus": cluster.cpus, "gpus": cluster.gpus}
    described |= {"version": None, "nodes": None, "slots": None}
    try:
        described |= {"version": cluster.read_version(), "nodes": len(cluster.list_nodes())}
        slots, limit = cluster.count_slots(), read_limit()
        described["slots"] = slots if limit is None else min(slots, limit)
    except ClusterError as error:
        described["problem"] = str(error)
    return described


def _examine_artifacts() -> dict[str, Any]:
    from core.store.artifact import ArtifactStore

    store = ArtifactStore.read()
    return {"artifacts": {"url": store.url, "runs": len(store.list_ids())} if store else None}


def _print(found: dict[str, Any]) -> None:
    pairs = {
        "Python": found["python"],
        "  installation": VIEW_ONLY if found["installation"] == "view" else "full",
        **{f"  {name}": installed or "missing" for name, installed in found["libraries"].items()},
        "Cores": str(found["cores"]),
        **_describe_executor(found["executor"], found["slots"]),
        "Memory": _format_gigabytes(found["memory_bytes"]),
        "GPU": ", ".join(found["gpus"]) or "none",
        "Home": found["home"]["path"],
        "  writable": "yes" if found["home"]["writable"] else "no",
        "  free": _format_gigabytes(found["home"]["free_bytes"]),
        **({"  leftovers": f"{left}. Run: headroom doctor --repair"} if (left := found["home"]["leftovers"]) else {}),
        "  runs": format_known(found["runs"]),
        "  examples": format_known(found["examples"]),
    }
    if artifacts := found["artifacts"]:
        pairs["Artifact store"] = f"{artifacts['runs']} runs in {artifacts['url']}"
    for status in found["datasets"] or []:
        missing = "not added" if status["next_step"].startswith("headroom datasets add") else "not downloaded"
        state = "available" if status["available"] else "bundled" if status["bundled"] else ""
        state = state or f"{missing}. Run: {status['next_step']}"
        pairs[f"  {status['name']} {status['folder']}".rstrip()] = status["problem"] or state
    if found["dispatcher"]:
        pid, unfinished = found["dispatcher"]["pid"], found["dispatcher"]["unfinished"]
        pairs["Dispatcher"] = f"running, process {pid}" if pid else "not running; starts with the next job"
        pairs["Unfinished jobs"] = str(unfinished)
    print_pairs(pairs)
    damaged = [*(found["damaged"] or []), *(found["damaged_jobs"] or [])]
    for message in [*damaged, *found["missing"]]:
        typer.echo(message)
    if not found["missing"] and not damaged:
        typer.echo("All requirements are met.")


def _describe_executor(executor: dict[str, Any] | None, slots: int | None) -> dict[str, str]:
    if not executor or executor["name"] == "local":
        name = "local (processes on this machine)" if executor else "unknown"
        return {"Executor": name, "Jobs in parallel": format_known(slots)}
    version = f"Ray {executor['version']}" if executor["version"] else "not reachable"
    gpus = f" and {executor['gpus']:g} GPU" if executor["gpus"] else ""
    return {
        "Executor": f"ray at {executor['address']}: {version}",
        "  nodes": format_known(executor["nodes"]),
        "  jobs in parallel": f"{format_known(executor['slots'])}, each with {executor['cpus']:g} CPU{gpus}",
        "  token": "RAY_AUTH_TOKEN is set" if executor["token"] else "RAY_AUTH_TOKEN is not set",
    }


def _format_gigabytes(value: int) -> str:
    """Format without `core.displays.number`, whose libraries may not be installed."""
    return f"{value / 1e9:.1f} GB"
