"""`train`: submit the runs of a recipe and wait for them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from core.cli.job import PAUSED, SUBMITTED_BY
from core.cli.output import print_awaited, print_comparison, print_message
from core.cli.recipe_option import RecipeOption, read_recipe
from core.cli.setting_option import with_settings
from core.errors import JobError
from core.home import Home
from core.spec import HEADS, RunSpec

_MAX_SEEDS = 100


@with_settings(leaving_out=("head",))
def train(
    recipe: RecipeOption = None,
    heads: Annotated[
        str | None, typer.Option(metavar="A,B", help="Heads, separated by commas. Default: the heads of the recipe.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=_MAX_SEEDS, help="Number of seeds per head, counted up from --seed (default 0).")
    ] = 1,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Queue the runs and return; they train in the background.")
    ] = False,
    **settings: Any,
) -> None:
    """Train the heads of a recipe and print the run IDs, one per line. Cached runs are not trained again.

    Your own images: `headroom train --dataset NAME`, with the name that they were added under.

    Training runs in the background: Ctrl-C stops waiting, not training. To train a cached run for more epochs, repeat
    the command with a larger --epochs; training continues from the last epoch.
    """
    from core.jobs.submit import submit_all
    from core.jobs.sweep_plan import list_idle
    from core.models.before_training import list_training_messages

    home = Home.default()
    chosen, changes = read_recipe(home, recipe, settings)
    specs = list_specs(chosen, changes, heads, seeds)
    for message in list_idle(specs, {name: [value] for name, value in changes.items()}):
        print_message(message)
    submissions = submit_all(home, specs, submitted_by=SUBMITTED_BY)
    new = [spec for submission, spec in zip(submissions, specs, strict=True) if submission.status != "finished"]
    for message in list_training_messages(home, new):
        print_message(message)
    names_of = {s.run_id: _name(spec) for s, spec in zip(submissions, specs, strict=True)}
    for submission in submissions:
        if submission.status == "finished":
            print_message(
                f"{submission.run_id}  {names_of[submission.run_id]}: cached, {_result(home, submission.run_id)}"
            )
        elif no_wait:
            print_message(f"{submission.run_id}  {names_of[submission.run_id]}: {submission.status}")
    if not no_wait:
        _wait(home, {s.run_id: names_of[s.run_id] for s in submissions if s.status != "finished"})
    run_ids = [submission.run_id for submission in submissions]
    for run_id in run_ids:
        typer.echo(run_id)
    if not no_wait:
        _print_next(run_ids)


def _print_next(run_ids: Sequence[str]) -> None:
    from core.jobs.comparison_choice import MAX_SELECTED_RUNS, RUNS

    if len(run_ids) <= MAX_SELECTED_RUNS:
        print_comparison(run_ids, RUNS + ",".join(run_ids))


def list_specs(recipe: str, changes: Mapping[str, Any], heads: str | None, seeds: int) -> list[RunSpec]:
    """Return the specs that the options select."""
    from core.recipes import RECIPES

    chosen = RECIPES[recipe]
    names = [name.strip() for name in heads.split(",")] if heads is not None else chosen.heads
    first = changes.get("seed", chosen.spec.seed)
    return [
        chosen.spec_of(head, {**changes, "seed": seed})
        for seed in range(first, first + seeds)
        for head in dict.fromkeys(names)
    ]


def _name(spec: RunSpec) -> str:
    return f"{HEADS[spec.head].label}, seed {spec.seed}"


def _result(home: Home, run_id: str) -> str:
    from core.displays.number import format_seconds
    from core.displays.test_accuracy import describe_test_accuracy
    from core.store.run_store import RunStore

    record = RunStore(home).open(run_id).record
    return f"{describe_test_accuracy(record)}, trained in {format_seconds(record.cost.train_seconds or 0.0)}"


def _wait(home: Home, names: dict[str, str]) -> None:
    """
    Raises:
        JobError: when a run did not finish; the message contains the reason.
    """
    if not names:
        return
    try:  # the imports take longer than the submission
        from core.cli.progress import watch_trainings
        from core.jobs.queue import JobQueue
        from core.jobs.wait import wait

        if JobQueue(home).paused():
            print_message(PAUSED)
        with watch_trainings(names) as follow:
            states = wait(home, names, follow)
    except KeyboardInterrupt:
        print_message(
            f"Training continues in the background. Show progress: headroom jobs. Cancel a run: "
            f"headroom jobs cancel RUN_ID ({', '.join(names)}). Repeat the command to wait again."
        )
        raise
    for run_id, state in states.items():
        if state == "finished":
            print_message(f"{run_id}  {names[run_id]}: {_result(home, run_id)}")
    print_awaited(home)
    unfinished = [run_id for run_id, state in states.items() if state != "finished"]
    if unfinished:
        first, others = unfinished[0], len(unfinished) - 1
        job = JobQueue(home).job(first)
        reason = f": {job.reason}" if job and job.reason else "."
        more = f" {others} more did not finish; for their reasons, run: headroom jobs" if others else ""
        raise JobError(f"Run {first} ({names[first]}) {states[first]}{reason}{more}")
