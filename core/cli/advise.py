"""`advise`: find out which head to use, within a time budget."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli.advice_race import control_advice, follow_advice, list_advice
from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.cli.recipe_option import RecipeOption, choose_side, read_recipe
from core.cli.setting_option import with_settings
from core.errors import AdviceError, JobError
from core.home import Home

if TYPE_CHECKING:
    from core.advice.plan import AdvicePlan
    from core.advice.request import Request


@with_settings(leaving_out=("head", "backbone"))
def advise(
    advice_id: Annotated[
        str | None, typer.Argument(metavar="[ADVICE_ID]", help="ID of an existing advice: show its answer.")
    ] = None,
    recipe: RecipeOption = None,
    heads: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="Heads, separated by commas. Default: gap, gap_linear, gap_dense, gmp_dense and dense."
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=A,B",
            help="Values of a hyperparameter, separated by commas; each combination is a candidate. Repeatable.",
        ),
    ] = None,
    backbones: Annotated[
        str | None, typer.Option(metavar="A,B", help="Backbones, separated by commas. Default: that of the recipe.")
    ] = None,
    max_size: Annotated[str | None, typer.Option(metavar="100kB", help="Largest size of the LiteRT file.")] = None,
    max_latency: Annotated[
        str | None, typer.Option(metavar="5ms", help="Longest time for one image on one thread of this machine.")
    ] = None,
    max_params: Annotated[str | None, typer.Option(metavar="50k", help="Largest number of parameters.")] = None,
    margin: Annotated[
        str, typer.Option(metavar="POINTS", help="Accuracy that may be lost, in percentage points.")
    ] = "1.0",
    metric: Annotated[str, typer.Option(help="What may be lost: accuracy or balanced_accuracy.")] = "accuracy",
    cost: Annotated[str, typer.Option(help="What must be small: params, size, flops or latency.")] = "params",
    goal: Annotated[
        str, typer.Option(help="smallest: lowest cost within the margin of the best; best: best within the limits.")
    ] = "smallest",
    budget: Annotated[
        str | None, typer.Option(metavar="30m", help="Time until the answer, such as 90s, 30m or 2h. Default: none.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=2, max=20, help="Largest number of seeds per finalist.")] = 5,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the candidates, the plan and the estimated time; start nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without confirmation.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End ADVICE_ID now with what is known.")] = False,
    pause: Annotated[bool, typer.Option("--pause", help="Pause ADVICE_ID; its budget does not run.")] = False,
    resume: Annotated[
        bool, typer.Option("--continue", help="Continue ADVICE_ID, with --budget if given; add seeds if undecided.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Start and return; it continues in the background.")
    ] = False,
    as_json: JsonFlag = False,
    **settings: Any,
) -> None:
    """Find the smallest head within a margin of the best one. Without options, list the answers.

    Candidates that cannot win are dropped early, on validation images only. The test images are read once, to compare
    the finalists. It runs in the background: Ctrl-C stops waiting only.
    """
    home = Home.default()
    changes = {name: value for name, value in settings.items() if value is not None}
    verbs = [verb for verb, given in (("--stop", stop), ("--pause", pause), ("--continue", resume)) if given]
    if len(verbs) > 1:
        raise JobError(f"Give one of {', '.join(verbs)}.")
    if advice_id is None and verbs:
        raise JobError(f"Option {verbs[0]} needs the ID of an advice. `headroom advise` lists them.")
    from core.advice import limits

    seconds = None if budget is None else limits.read_duration(budget)
    if advice_id is not None:
        if recipe or heads or values or backbones or changes:
            raise JobError("Give either the ID of an advice or a recipe and dataset, not both.")
        race = control_advice(home, advice_id, verbs[0] if verbs else "", seconds)
        follow_advice(home, race, wait_for_it=not no_wait and not pause, as_json=as_json)
        return
    if not (recipe or "dataset" in changes or "folder" in changes):
        if heads or values or backbones or changes:
            raise JobError("Give --recipe, or --dataset with the name of a dataset or of added images.")
        list_advice(home, as_json)
        return
    request = _read_request(max_size, max_latency, max_params, margin, metric, cost, goal, seconds, seeds)
    plan = _plan(home, recipe, heads, values or [], backbones, changes, request)
    from core.advice.control import find_answered, start_race

    if not dry_run and (answered := find_answered(home, plan)):
        print_message("This question was answered before.")
        follow_advice(home, answered, wait_for_it=False, as_json=as_json)
    elif _confirm(home, plan, dry_run, yes, as_json):
        follow_advice(home, start_race(home, plan), wait_for_it=not no_wait, as_json=as_json)


def _read_request(
    max_size: str | None, max_latency: str | None, max_params: str | None, margin: str, metric: str, cost: str,
    goal: str, budget_seconds: float | None, seeds: int,
) -> "Request":  # fmt: skip
    """
    Raises:
        AdviceError: when a value is invalid.
    """
    from core.advice import limits, request

    found = limits.Limits(
        size=None if max_size is None else limits.read_size(max_size),
        latency=None if max_latency is None else limits.read_latency(max_latency),
        params=None if max_params is None else limits.read_params(max_params),
    )
    points = limits.read_margin(margin)
    choices: Any = {"metric": (metric, request.Metric), "cost": (cost, request.CostName), "goal": (goal, request.Goal)}
    for name, (value, allowed) in choices.items():
        if value not in allowed.__args__:
            raise AdviceError(f"Expected {name} to be one of {', '.join(allowed.__args__)}; got {value!r:.60}.")
    chosen: Any = {"metric": metric, "cost": cost, "goal": goal}
    return request.Request(margin=points, limits=found, budget_seconds=budget_seconds, seeds=seeds, **chosen)


def _plan(
    home: Home, name: str | None, heads: str | None, words: list[str], backbones: str | None, changes: dict[str, Any],
    request: "Request",
) -> "AdvicePlan":  # fmt: skip
    from core.advice.make_plan import make_plan
    from core.jobs.sweep_plan import read_values
    from core.recipes import RECIPES

    name, changes = read_recipe(home, name, changes)
    values = read_values([*words, *([f"backbone={backbones}"] if backbones else [])])
    if duplicates := [setting for setting in values if setting in changes]:
        option = duplicates[0].replace("_", "-")
        raise AdviceError(f"Give {duplicates[0]} either with --set or with --{option}, not both.")
    if "side" not in values:
        changes |= choose_side(home, changes, RECIPES[name].spec.dataset, values.get("model", []))
    chosen = [] if heads is None else [head.strip() for head in heads.split(",")]
    return make_plan(home, RECIPES[name], request, chosen, values, changes)


def _confirm(home: Home, plan: "AdvicePlan", dry_run: bool, yes: bool, as_json: bool) -> bool:
    """Print the plan; return whether to start it.

    Raises:
        JobError: when there is no terminal to ask.
    """
    from core.displays import advice_text
    from core.models.before_training import list_training_messages

    if as_json and dry_run:
        print_json(advice_text.build_plan_json(plan))
        return False
    if not as_json:
        rows = [
            {
                "Candidate": one.name,
                "Parameters": advice_text.write_candidate_cost(one, "params"),
                "LiteRT file": advice_text.write_candidate_cost(one, "size"),
                "FLOPs per image": advice_text.write_candidate_cost(one, "flops"),
                "Latency": advice_text.write_candidate_cost(one, "latency"),
                "Status": f"excluded: {one.excluded_by}" if one.excluded_by else "starts",
            }
            for one in plan.candidates
        ]
        print_table(rows, numbers=("Parameters", "LiteRT file", "FLOPs per image"))
    known = list_training_messages(home, [candidate.parsed_spec for candidate in plan.allowed])
    for message in (
        *known,
        advice_text.describe_advice_plan(plan),
        advice_text.describe_advice_time(plan),
        plan.warning,
    ):
        if message:
            print_message(message)
    if dry_run or yes:
        return not dry_run
    if not sys.stdin.isatty():
        raise JobError("Cannot ask for confirmation without a terminal; nothing was started. Add --yes or --dry-run.")
    typer.confirm("Start?", abort=True, err=True)
    return True
