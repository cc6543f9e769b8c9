"""`doctor`: what Headroom finds on this machine, and what is missing. Runs with typer, rich and pydantic alone."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

from core.cli.output import JsonFlag, format_known, print_json, print_pairs
from core.entry_point import DISPATCHER
from core.errors import HeadroomError
from core.home import Home

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
OLDEST, NEWEST = (3, 11), (3, 13)
_PATIENCE_SECONDS = 10.0


def doctor(as_json: JsonFlag = False) -> None:
    """Look over this machine: Python, libraries, processor, GPU, home, data and jobs. Exit code 1 if something needed
    is missing."""
    found = examine(Home.default())
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found["missing"]:
        raise typer.Exit(1)


def examine(home: Home) -> dict[str, Any]:
    """Everything `doctor` says; `missing` holds a sentence for each thing that is needed and not there."""
    libraries = read_libraries(REQUIREMENTS)
    missing = []
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        missing.append(
            f"Expected Python {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}; "
            f"got {sys.version.split()[0]}: make PYTHON=python{'.'.join(map(str, NEWEST))} dashboard"
        )
    absent = [name for name, found in libraries.items() if found is None]
    if absent:
        missing.append(f"Expected {', '.join(absent)} to be installed; got none: pip install -r requirements.txt")
    place = _describe_home(home)
    if not place["writable"]:
        missing.append(
            f"Expected to be able to write {home.path}; got no right to: set HEADROOM_HOME to another folder."
        )
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "libraries": libraries,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": list_gpus(),
        "home": place,
        "executor": None, "artifacts": None, "slots": None,
        "datasets": None, "runs": None, "examples": None, "damaged": None, "dispatcher": None,
    }  # fmt: skip
    if not absent:
        for look in (lambda: _examine_home(home), lambda: {"executor": _examine_executor()}, _examine_artifacts):
            try:
                found |= look()
            except HeadroomError as error:
                missing.append(str(error))
        if found["executor"] and found["executor"]["problem"]:
            missing.append(found["executor"]["problem"])
    return {**found, "missing": missing}


def read_libraries(requirements: Path) -> dict[str, str | None]:
    """The packages that a requirements file names, with the version that is installed; None for one that is not."""
    found: dict[str, str | None] = {}
    for name in re.findall(r"^[A-Za-z0-9][A-Za-z0-9._-]*", requirements.read_text(encoding="utf-8"), re.MULTILINE):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def list_gpus(driver: Path = Path("/proc/driver/nvidia")) -> list[str]:
    """Names of the NVIDIA GPUs, from nvidia-smi or, without it, from the driver's folder."""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True).stdout
        return [line.strip() for line in answer.splitlines() if line.strip()]
    except (OSError, subprocess.SubprocessError):
        pass
    names = []
    for path in sorted(driver.glob("gpus/*/information")):
        model = re.search(r"^Model:\s*(.+)$", path.read_text(errors="replace"), re.MULTILINE)
        names.append(model[1].strip() if model else path.parent.name)
    return names


def find_dispatcher(home: Home) -> int | None:
    """Process id of the dispatcher at work. Does not try its lock: one that starts just then would take fright."""
    try:
        pid = int((home.jobs / "dispatcher.lock").read_text())
        os.kill(pid, 0)
    except PermissionError:
        return pid
    except (OSError, ValueError, OverflowError):
        return None
    try:
        return (
            pid if DISPATCHER.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() else None
        )  # its number may be reused
    except OSError:
        return pid


def _describe_home(home: Home) -> dict[str, Any]:
    there = next(
        path for path in (home.path, *home.path.parents) if os.path.exists(path)
    )  # False, not an error, where one may not look
    return {
        "path": str(home.path),
        "exists": home.path.is_dir(),
        "writable": there.is_dir() and os.access(there, os.W_OK | os.X_OK),
        "free_bytes": shutil.disk_usage(there).free,
    }


def _examine_home(home: Home) -> dict[str, Any]:
    from core.datasets.cache import list_datasets
    from core.jobs.local_executor import read_slots
    from core.jobs.queue import JobQueue
    from core.store.run_store import RunStore

    store = RunStore(home)
    sources = list(store.frame()["source"])
    statuses = [asdict(status) for status in list_datasets(home)]
    return {
        "datasets": [{n: s[n] for n in ("name", "folder", "available", "bundled", "problem", "how")} for s in statuses],
        "runs": sources.count("home"),
        "examples": sources.count("example"),
        "damaged": list(store.damaged().values()),
        "dispatcher": {"pid": find_dispatcher(home), "unfinished": len(JobQueue(home).unfinished())},
        "slots": read_slots(),
    }


def _examine_executor() -> dict[str, Any]:
    """Where trainings run. Of a token only whether there is one."""
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
        room, limit = cluster.count_slots(), read_limit()
        described["slots"] = room if limit is None else min(room, limit)
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
        **{f"  {name}": installed or "missing" for name, installed in found["libraries"].items()},
        "Cores": str(found["cores"]),
        **_describe_executor(found["executor"], found["slots"]),
        "Memory": _format_gigabytes(found["memory_bytes"]),
        "GPU": ", ".join(found["gpus"]) or "none",
        "Home": found["home"]["path"],
        "  writable": "yes" if found["home"]["writable"] else "no",
        "  free": _format_gigabytes(found["home"]["free_bytes"]),
        "  runs": format_known(found["runs"]),
        "  examples": format_known(found["examples"]),
        **(
            {"Copies of runs": f"{found['artifacts']['runs']} in {found['artifacts']['url']}"}
            if found["artifacts"]
            else {}
        ),
    }
    for status in found["datasets"] or []:
        state = "available" if status["available"] else "bundled" if status["bundled"] else "not downloaded"
        command = f". Run: {status['how']}" if state == "not downloaded" else ""
        pairs[f"  {status['name']} {status['folder']}".rstrip()] = status["problem"] or f"{state}{command}"
    if found["dispatcher"]:
        pid, unfinished = found["dispatcher"]["pid"], found["dispatcher"]["unfinished"]
        pairs["Dispatcher"] = f"at work, process {pid}" if pid else "not at work; the next training starts it"
        pairs["Jobs not finished"] = str(unfinished)
    print_pairs(pairs)
    for sentence in [*(found["damaged"] or []), *found["missing"]]:
        typer.echo(sentence)
    if not found["missing"]:
        typer.echo("Nothing that is needed is missing.")


def _describe_executor(executor: dict[str, Any] | None, slots: int | None) -> dict[str, str]:
    if not executor or executor["name"] == "local":
        name = "local, processes of this machine" if executor else "unknown"
        return {"Executor": name, "Trainings side by side": format_known(slots)}
    answers = f"Ray {executor['version']} answers" if executor["version"] else "no answer"
    gpus = f" and {executor['gpus']:g} GPU" if executor["gpus"] else ""
    return {
        "Executor": f"ray at {executor['address']}: {answers}",
        "  nodes": format_known(executor["nodes"]),
        "  side by side": f"{format_known(executor['slots'])}, each with {executor['cpus']:g} CPU{gpus}",
        "  token": "RAY_AUTH_TOKEN is set" if executor["token"] else "RAY_AUTH_TOKEN is not set",
    }


def _format_gigabytes(value: int) -> str:
    """Not through `core.displays.number`: that needs libraries which may be what is missing."""
    return f"{value / 1e9:.1f} GB"
