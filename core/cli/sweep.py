"""`sweep`: train a grid of hyperparameters, with an estimate of the time before it starts."""

import sys
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, print_awaited, print_comparison, print_json, print_message, print_table
from core.cli.recipe_option import RecipeOption, choose_side, read_recipe
from core.cli.setting_option import with_settings
from core.errors import JobError, SpecError
from core.home import Home
from core.spec import RunSpec

if TYPE_CHECKING:
    import pandas as pd

    from core.jobs.sweep_plan import SweepPlan
    from core.jobs.sweep_status import SweepStatus
    from core.jobs.sweep_store import Sweep

_MAX_SEEDS = 100
_NUMBER_COLUMNS = ("Seed", "Parameters", "Validation accuracy", "Test accuracy", "Epochs")


@with_settings(leaving_out=("head",))
def sweep(
    sweep_id: Annotated[
        str | None, typer.Argument(metavar="[SWEEP_ID]", help="ID of an existing sweep: show its status.")
    ] = None,
    recipe: RecipeOption = None,
    heads: Annotated[
        str | None, typer.Option(metavar="A,B", help="Heads, separated by commas. Default: the heads of the recipe.")
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1, max=_MAX_SEEDS, help="Number of seeds per configuration, counted up from --seed (default 0)."
        ),
    ] = 1,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=A,B",
            help="Values of a hyperparameter, separated by commas. Repeat for more hyperparameters to build a grid.",
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="30m", help="Time limit in whole minutes: no new runs start after this time; running ones finish."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the grid and the estimated time, without starting it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without confirmation.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Retry the failed runs of SWEEP_ID.")] = False,
    rest: Annotated[
        bool, typer.Option("--rest", help="Train the runs of SWEEP_ID that were cancelled or not started.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Queue the runs and return; they train in the background.")
    ] = False,
    as_json: JsonFlag = False,
    **settings: Any,
) -> None:
    """Train every combination of the given hyperparameter values. Without options, list the sweeps.

    The grid and its estimated time are shown before it starts. Training runs in the background: Ctrl-C stops waiting,
    not training.
    """
    from core.jobs.sweep_plan import list_idle

    home = Home.default()
    changes = {name: value for name, value in settings.items() if value is not None}
    if recipe is not None and sweep_id is not None:
        raise JobError(f"Give either --recipe or a sweep ID, not both: {recipe!r:.60}, {sweep_id!r:.60}.")
    if sweep_id is None and (recipe or "dataset" in changes or "folder" in changes):
        recipe, changes = read_recipe(home, recipe, changes)
        if retry or rest:
            raise JobError("Options --retry and --rest need the ID of a sweep, not a recipe.")
        specs, names = _list_specs(home, recipe, heads, seeds, values or [], changes)
        for message in list_idle(specs, {name: [value] for name, value in changes.items()}):
            print_message(message)
        submitted = _plan(home, recipe, specs, names, _read_budget(budget), dry_run, yes, as_json)
    elif sweep_id is not None:
        submitted = _open(home, sweep_id, retry, rest)
    else:
        if values or heads or changes or retry or rest:
            raise JobError("Give --recipe for a new sweep, or the ID of an existing sweep.")
        _list(home, as_json)
        return
    if submitted is not None:
        _follow(home, submitted, wait_for_it=not no_wait, as_json=as_json)


def _read_budget(text: str | None) -> int | None:
    """Return a time budget in minutes, rounded up; a number without a unit is minutes.

    Raises:
        AdviceError: when it is not a time.
    """
    from core.advice.limits import read_duration

    return None if text is None else ceil(read_duration(f"{text}m" if text.strip().isdigit() else text) / 60)


def _list_specs(
    home: Home, recipe: str, heads: str | None, seeds: int, words: list[str], changes: dict[str, Any]
) -> tuple[list[RunSpec], dict[str, list[Any]]]:
    from core.jobs.sweep_plan import list_members, read_values
    from core.recipes import RECIPES

    chosen, values = RECIPES[recipe], read_values(words)
    values = {name: listed for name, listed in values.items() if listed != [changes.get(name)]}
    if duplicates := [name for name in values if name in changes]:
        option = duplicates[0].replace("_", "-")
        raise SpecError(f"Give {duplicates[0]} either with --set or with --{option}, not both.")
    if "side" not in values:
        changes |= choose_side(home, changes, chosen.spec.dataset, values.get("model", []))
    names = [name.strip() for name in heads.split(",")] if heads is not None else list(chosen.heads)
    first = changes.pop("seed", chosen.spec.seed)
    return list_members(chosen, names, range(first, first + seeds), values, changes), values


def _plan(
    home: Home, recipe: str, specs: list[RunSpec], values: dict[str, list[Any]], budget: int | None, dry_run: bool,
    yes: bool, as_json: bool,
) -> "Sweep | None":  # fmt: skip
    """Print the plan of a sweep and, after confirmation, submit it. Return None if it was not submitted."""
    from core.displays.sweep import build_plan_table, describe_estimate, describe_plan, list_problems
    from core.jobs.sweep_plan import list_idle, plan_sweep
    from core.jobs.sweep_status import submit_sweep
    from core.models.before_training import list_training_messages
    from core.store.run_store import RunStore

    found = plan_sweep(home, specs, RunStore(home))
    if as_json and dry_run:
        print_json(_list_plan(found))
        return None
    if not as_json:
        _print(build_plan_table(found, list(values), budget))
    known = list_training_messages(home, [run.spec for run in found.of("to train")])
    for message in [*known, *list_idle(specs, values), *list_problems(found)]:
        print_message(message)
    print_message(describe_plan(found, budget))
    if found.of("to train"):
        print_message(describe_estimate(found).replace("**", ""))
    if dry_run:
        return None
    if found.of("to train") and not yes:
        if not sys.stdin.isatty():
            raise JobError(
                "Cannot ask for confirmation without a terminal; nothing was started. Add --yes or --dry-run."
            )
        typer.confirm("Start training?", abort=True, err=True)
    return submit_sweep(home, recipe, values, [run.spec for run in found.members if run.state != "invalid"], budget)


def _list_plan(found: "SweepPlan") -> dict[str, Any]:
    runs = [
        {
            "run_id": run.spec.run_id,
            "spec": run.spec.model_dump(),
            "status": run.state,
            "problem": run.problem or None,
            "params": run.model.params if run.model else None,
            "estimate": vars(run.estimate) if run.estimate else None,
            "starts_in_seconds": run.starts_in,
        }
        for run in found.members
    ]
    estimate = vars(found.estimate) if found.estimate else None
    return {"runs": runs, "estimate": estimate, "jobs_ahead": found.ahead}


def _open(home: Home, sweep_id: str, retry: bool, rest: bool) -> "Sweep":
    from core.jobs import sweep_status
    from core.jobs.sweep_store import open_sweep

    found = open_sweep(home, sweep_id)
    states: list[sweep_status.SweepRunState] = ["failed"] if retry else []
    states += ["cancelled", "not started"] if rest else []
    if states and not sweep_status.resubmit_failed(home, found, *states):
        print_message(f"Sweep {found.sweep_id} has no runs with the status {' or '.join(states)}.")
    return open_sweep(home, found.sweep_id)


def _list(home: Home, as_json: bool) -> None:
    from core.displays.progress import describe_age
    from core.displays.sweep import describe_status, name_sweep
    from core.jobs.sweep_status import read_sweep_status
    from core.jobs.sweep_store import list_damaged_sweeps, list_sweeps
    from core.store.run_store import RunStore

    for message in list_damaged_sweeps(home).values():
        print_message(message)
    store = RunStore(home)
    rows = [(found, read_sweep_status(home, found, store)) for found in list_sweeps(home)]
    if as_json:
        print_json([_list_status(found, status) for found, status in rows])
        return
    if not rows:
        print_message("No sweeps yet. Try: headroom sweep --recipe digits-heads --set blocks=1,2 --dry-run")
    print_table(
        [
            {
                "Sweep": found.sweep_id,
                "Configurations": name_sweep(found),
                "Status": describe_status(status),
                "Submitted": describe_age(found.age_seconds),
            }
            for found, status in rows
        ]
    )


def _follow(home: Home, submitted: "Sweep", *, wait_for_it: bool, as_json: bool) -> None:
    """
    Raises:
        JobError: when a run failed; the message contains its ID and the reason.
    """
    from core.cli.progress import watch_sweep
    from core.displays.sweep import build_status_table, describe_status, list_reasons
    from core.jobs.comparison_choice import SWEEP
    from core.jobs.sweep_status import read_sweep_status
    from core.jobs.wait import wait
    from core.store.run_store import RunStore

    store = RunStore(home)
    status = read_sweep_status(home, submitted, store)
    unfinished = [run.spec.run_id for run in status.members if run.state in ("queued", "running")]
    if unfinished and wait_for_it:
        try:
            with watch_sweep(home, submitted, store) as follow:
                wait(home, unfinished, follow)
            print_awaited(home)
        except KeyboardInterrupt:
            print_message(f"Training continues in the background. Show its status: headroom sweep {submitted.sweep_id}")
            raise
        status = read_sweep_status(home, submitted, store)
    if as_json:
        print_json(_list_status(submitted, status))
    else:
        _print(build_status_table(status, submitted.settings))
    for reason in list_reasons(status):
        print_message(reason)
    print_message(f"Sweep {submitted.sweep_id}: {describe_status(status)}.")
    if status.counts.get("finished"):
        print_comparison([SWEEP + submitted.sweep_id], SWEEP + submitted.sweep_id)
    failed = [run for run in status.members if run.state == "failed"]
    if failed and wait_for_it:
        first = failed[0]
        raise JobError(
            f"Run {first.spec.run_id} failed: {first.reason} Retry with: headroom sweep {submitted.sweep_id} --retry"
        )


def _list_status(submitted: "Sweep", status: "SweepStatus") -> dict[str, Any]:
    return {
        **submitted.model_dump(exclude={"members", "asked_at"}),
        "submitted_at": submitted.asked_at,
        "counts": dict(status.counts),
        "runs": [
            {
                "run_id": run.spec.run_id,
                "spec": run.spec.model_dump(),
                "status": run.state,
                "reason": run.reason or None,
                "params": run.params,
                "validation_accuracy": run.accuracy,
                "test_accuracy": run.test_accuracy,
                "epochs": run.epochs,
                "train_seconds": run.seconds,
            }
            for run in status.members
        ],
    }


def _print(table: "pd.DataFrame") -> None:
    print_table(table.to_dict("records"), numbers=_NUMBER_COLUMNS)  # type: ignore[arg-type]
