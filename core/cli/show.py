"""`show`: one run in detail, finished or not."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import (
    JsonFlag,
    format_known,
    print_json,
    print_pairs,
    print_side_file_problems,
    print_table,
)
from core.cli.run import find_id
from core.home import Home

if TYPE_CHECKING:
    from core.spec import RunSpec
    from core.store.run import Run


def show(
    run_id: Annotated[
        str, typer.Argument(metavar="RUN_ID", help="ID of a run, finished or not, or a unique prefix of it.")
    ],
    as_json: JsonFlag = False,
) -> None:
    """Show one run: hyperparameters, results, costs and files; for unfinished runs, the progress or the failure."""
    from core.spec import RunSpec
    from core.store.run_store import RunStore

    home = Home.default()
    full_id = find_id(home, run_id)
    found = _describe(home, full_id)
    print_side_file_problems(home)
    if as_json:
        print_json(found)
    elif found["status"] == "finished":
        _print_run(found, RunStore(home).open(full_id))
    else:
        _print_status(found, {})
        _print_settings(RunSpec.parse(found["spec"]))


def _describe(home: Home, run_id: str) -> dict[str, Any]:
    from core.displays.progress import describe_progress
    from core.jobs.health import read_live_progress
    from core.jobs.progress import folder_of
    from core.jobs.run_list import list_available_jobs
    from core.store.elsewhere import list_known_settings, list_missing
    from core.store.kept_epoch import describe_kept_epoch
    from core.store.run_store import RunStore
    from core.store.withheld import list_withheld

    store = RunStore(home)
    job = next((job for job in list_available_jobs(home) if job.run_id == run_id), None)
    if job is not None and job.state != "finished" and store.path(run_id) is None:
        progress = read_live_progress(home, job)
        return {
            "run_id": run_id,
            "status": job.state,
            "withheld": run_id in list_withheld(home),
            "spec": job.spec.model_dump(),
            "elsewhere": None, "missing": [],
            "metrics": None, "cost": None, "data": None, "cpu": None, "finished_at": None,
            "trained_epochs": None, "measured": None, "last_metrics": None,
            "path": format_known(folder_of(home, run_id)) if folder_of(home, run_id) else None,
            "progress": progress.model_dump() if progress else None,
            "progress_text": describe_progress(job.state, progress)[1],
            "reason": job.reason or None,
        }  # fmt: skip
    run = store.open(run_id)
    record = run.record.model_dump(mode="json")
    return {
        "run_id": run_id,
        "status": "finished",
        "withheld": run.is_withheld,
        "spec": list_known_settings(run.spec),
        "elsewhere": record["elsewhere"],
        "missing": list_missing([run]),
        **{name: record[name] for name in ("metrics", "cost", "data", "cpu", "finished_at")},
        "trained_epochs": run.record.trained_epochs,
        "measured": describe_kept_epoch([run.record]),
        "last_metrics": record["last_metrics"],
        "path": str(run.path),
        "progress": None,
        "progress_text": None,
        "reason": None,
    }


def _print_run(found: dict[str, Any], run: "Run") -> None:
    from core.displays import run_facts
    from core.store.environment import read_environment

    record, elsewhere = run.record, run.record.elsewhere
    facts = {"Finished": f"{datetime.fromisoformat(found['finished_at']).astimezone():%Y-%m-%d %H:%M:%S %Z}"}
    if found["missing"]:
        facts["Missing"] = ", ".join(found["missing"])
    _print_status(found, facts)
    _print_facts("Results", run_facts.list_result_facts(record))
    _print_facts("Costs", run_facts.list_cost_facts(record))
    if elsewhere:
        _print_facts("Recorded settings", run_facts.list_elsewhere_facts(elsewhere))
    else:
        _print_settings(run.spec)
    _print_facts("Data", run_facts.list_data_facts(record, run.spec))
    _print_facts("Environment", run_facts.list_environment_facts(record, read_environment(run)))


def _print_status(found: dict[str, Any], facts: dict[str, str]) -> None:
    from core.store.withheld import WITHHELD

    status, text = found["status"], found["progress_text"]
    pairs = {"Run": found["run_id"], "Status": status if text in (None, status) else f"{status}: {text}", **facts}
    pairs |= {"Reason": found["reason"]} if found["reason"] else {}
    pairs |= {"Folder": found["path"]} if found["path"] else {}
    pairs |= {"Withheld": WITHHELD} if found["withheld"] else {}
    print_pairs(pairs)


def _print_settings(spec: "RunSpec") -> None:
    from core.displays.run_facts import NOT_USED, list_settings, name_source

    source, (changed, rest) = name_source(spec), list_settings(spec)
    used = [row for row in rest if row["Value"] != NOT_USED]
    for title, rows in (("Settings that differ", changed), ("Other settings", used)):
        print_table([{title: name, "Value": value, source: own} for name, value, own in map(dict.values, rows)])


def _print_facts(title: str, facts: dict[str, str]) -> None:
    print_table([{title: name, "Value": value} for name, value in facts.items()])
