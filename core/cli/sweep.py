"""`sweep`: a grid of trainings, shown with its price before it starts and as one while it runs."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.output import JsonFlag, print_json, print_message, print_table
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
_FIGURES = ("Seed", "Parameters", "Validation accuracy", "Test accuracy", "Epochs")


@with_settings(leaving_out=("head",))
def sweep(
    sweep_id: Annotated[
        str | None, typer.Argument(metavar="[SWEEP_ID]", help="A sweep that was asked for before: how it fares.")
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="What to train; `recipes` lists them.")] = None,
    heads: Annotated[
        str | None, typer.Option(metavar="A,B", help="Heads, separated by commas. Without it the recipe's.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=_MAX_SEEDS, help="Runs of each member, with seeds from --seed (or 0) upwards.")
    ] = 1,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KNOB=A,B", help="Values of a knob, one after another; several knobs make a grid."
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(min=1, metavar="MINUTES", help="Members that have not begun by then are not started."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the grid and its time; start nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Train again the members of SWEEP_ID that failed.")] = False,
    rest: Annotated[
        bool, typer.Option("--rest", help="Train the members of SWEEP_ID that were cancelled or not started.")
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Return once all is queued.")] = False,
    as_json: JsonFlag = False,
    **settings: Any,
) -> None:
    """Train every combination of some knobs' values, shown with its time first. Without options: list the sweeps.

    Trainings run in the background: Ctrl-C ends the waiting, not them.
    """
    home = Home.default()
    changes = {name: value for name, value in settings.items() if value is not None}
    if recipe is not None and sweep_id is not None:
        raise JobError(f"Expected a recipe or the id of a sweep; got both, {recipe!r:.60} and {sweep_id!r:.60}.")
    if recipe is not None:
        if retry or rest:
            raise JobError("Expected the id of a sweep with --retry or --rest; got a recipe.")
        specs, names = _read_members(recipe, heads, seeds, values or [], changes)
        asked = _plan(home, recipe, specs, names, budget, dry_run, yes, as_json)
    elif sweep_id is not None:
        asked = _open(home, sweep_id, retry, rest)
    else:
        if values or heads or changes or retry or rest:
            raise JobError("Expected --recipe for a new sweep, or the id of one that was asked for; got neither.")
        _list(home, as_json)
        return
    if asked is not None:
        _follow(home, asked, wait_for_it=not no_wait, as_json=as_json)


def _read_members(
    recipe: str, heads: str | None, seeds: int, words: list[str], changes: dict[str, Any]
) -> tuple[list[RunSpec], dict[str, list[Any]]]:
    from core.jobs.sweep_plan import list_members, read_values
    from core.recipes import RECIPES

    chosen, values = RECIPES[recipe], read_values(words)
    if twice := [name for name in values if name in changes]:
        option = twice[0].replace("_", "-")
        raise SpecError(f"Expected {twice[0]} from --set or from --{option}; got both.")
    names = [name.strip() for name in heads.split(",")] if heads is not None else list(chosen.heads)
    first = changes.pop("seed", chosen.spec.seed)
    return list_members(chosen, names, range(first, first + seeds), values, changes), values


def _plan(
    home: Home, recipe: str, specs: list[RunSpec], values: dict[str, list[Any]], budget: int | None, dry_run: bool,
    yes: bool, as_json: bool,
) -> "Sweep | None":  # fmt: skip
    """Shows what it would mean and, when that is wanted, asks for it."""
    from core.displays.sweep import build_plan_table, describe_estimate, describe_plan, list_problems
    from core.jobs.sweep_plan import list_idle, plan_sweep
    from core.jobs.sweep_status import submit_sweep
    from core.store.run_store import RunStore

    found = plan_sweep(home, specs, RunStore(home))
    if as_json and dry_run:
        print_json(_list_plan(found))
        return None
    if not as_json:
        _print(build_plan_table(found, list(values), budget))
    for sentence in [*list_idle(specs, values), *list_problems(found)]:
        print_message(sentence)
    print_message(describe_plan(found, budget))
    if found.of("to train"):
        print_message(describe_estimate(found).replace("**", ""))
    if dry_run:
        return None
    if found.of("to train") and not yes:
        if not sys.stdin.isatty():
            raise JobError("Expected --yes where nobody can be asked, or --dry-run; nothing was started.")
        typer.confirm("Start?", abort=True, err=True)
    return submit_sweep(home, recipe, values, [m.spec for m in found.members if m.state != "invalid"], budget)


def _list_plan(found: "SweepPlan") -> dict[str, Any]:
    members = [
        {
            "run_id": member.spec.run_id,
            "spec": member.spec.model_dump(),
            "status": member.state,
            "problem": member.problem or None,
            "params": member.model.params if member.model else None,
            "estimate": vars(member.estimate) if member.estimate else None,
            "starts_in_seconds": member.starts_in,
        }
        for member in found.members
    ]
    return {"members": members, "estimate": vars(found.estimate) if found.estimate else None, "ahead": found.ahead}


def _open(home: Home, sweep_id: str, retry: bool, rest: bool) -> "Sweep":
    from core.jobs import sweep_status
    from core.jobs.sweep_store import open_sweep

    found = open_sweep(home, sweep_id)
    states: list[sweep_status.SweepRunState] = ["failed"] if retry else []
    states += ["cancelled", "not started"] if rest else []
    if states and not sweep_status.resubmit_failed(home, found, *states):
        print_message(f"Sweep {found.sweep_id} has no member that is {' or '.join(states)}.")
    return open_sweep(home, found.sweep_id)


def _list(home: Home, as_json: bool) -> None:
    from core.displays.progress import describe_age
    from core.displays.sweep import describe_status, name_sweep
    from core.jobs.sweep_status import read_sweep_status
    from core.jobs.sweep_store import list_sweeps
    from core.store.run_store import RunStore

    store = RunStore(home)
    rows = [(found, read_sweep_status(home, found, store)) for found in list_sweeps(home)]
    if as_json:
        print_json([_list_standing(found, standing) for found, standing in rows])
        return
    if not rows:
        print_message("No sweeps yet; try: python -m core sweep --recipe digits-heads --set blocks=1,2 --dry-run")
    print_table(
        [
            {
                "Sweep": found.sweep_id,
                "What": name_sweep(found),
                "How far": describe_status(standing),
                "Asked": describe_age(found.age_seconds),
            }
            for found, standing in rows
        ]
    )


def _follow(home: Home, asked: "Sweep", *, wait_for_it: bool, as_json: bool) -> None:
    """
    Raises:
        JobError: when a member failed; says which one and why.
    """
    from core.cli.progress import watch_sweep
    from core.displays.sweep import build_status_table, describe_status, list_reasons
    from core.jobs.sweep_status import read_sweep_status
    from core.jobs.wait import wait
    from core.store.run_store import RunStore

    store = RunStore(home)
    standing = read_sweep_status(home, asked, store)
    waiting = [member.spec.run_id for member in standing.members if member.state in ("queued", "running")]
    if waiting and wait_for_it:
        try:
            with watch_sweep(home, asked, store) as follow:
                wait(home, waiting, follow)
        except KeyboardInterrupt:
            print_message(f"The sweep goes on. Come back to it with: python -m core sweep {asked.sweep_id}")
            raise
        standing = read_sweep_status(home, asked, store)
    if as_json:
        print_json(_list_standing(asked, standing))
    else:
        _print(build_status_table(standing, asked.settings))
    for reason in list_reasons(standing):
        print_message(reason)
    print_message(f"Sweep {asked.sweep_id}: {describe_status(standing)}.")
    failed = [member for member in standing.members if member.state == "failed"]
    if failed and wait_for_it:
        first = failed[0]
        raise JobError(
            f"Training {first.spec.run_id} failed: {first.reason} Again: python -m core sweep {asked.sweep_id} --retry"
        )


def _list_standing(asked: "Sweep", standing: "SweepStatus") -> dict[str, Any]:
    return {
        **asked.model_dump(exclude={"members"}),
        "counts": dict(standing.counts),
        "members": [
            {
                "run_id": member.spec.run_id,
                "spec": member.spec.model_dump(),
                "status": member.state,
                "reason": member.reason or None,
                "params": member.params,
                "validation_accuracy": member.accuracy,
                "test_accuracy": member.test_accuracy,
                "epochs": member.epochs,
                "train_seconds": member.seconds,
            }
            for member in standing.members
        ],
    }


def _print(table: "pd.DataFrame") -> None:
    print_table(table.to_dict("records"), numbers=_FIGURES)  # type: ignore[arg-type]
