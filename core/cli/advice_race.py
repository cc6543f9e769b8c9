"""Races of the command `advise`: list them, stop, pause or continue one, and follow one until its answer."""

import time
from typing import TYPE_CHECKING

import typer

from core.cli.output import print_json, print_message, print_table
from core.errors import AdviceError
from core.home import Home

if TYPE_CHECKING:
    from core.advice.race import Race
    from core.advice.status import RaceStatus

_POLL_SECONDS = 1.0
_ESTIMATE_SECONDS = 30.0


def control_advice(home: Home, advice_id: str, verb: str, budget_seconds: float | None) -> "Race":
    """Stop, pause or continue an advice, and return it; without a verb, only return it.

    Raises:
        AdviceError: when there is no such advice, or its state does not allow it.
    """
    from core.advice import control
    from core.advice.race import open_race

    race = open_race(home, advice_id)
    if verb == "--stop":
        return control.stop_race(home, race.race_id)
    if verb == "--pause":
        return control.pause_race(home, race.race_id)
    if verb == "--continue":
        return control.continue_race(home, race.race_id, budget_seconds)
    return race


def list_advice(home: Home, as_json: bool) -> None:
    """Print all advice with its answers."""
    from core.advice.race import list_damaged_races, list_races
    from core.advice.status import read_race_status
    from core.displays.advice_progress import describe_request
    from core.displays.advice_text import build_advice_json, write_answer
    from core.displays.progress import describe_age

    for message in list_damaged_races(home).values():
        print_message(message)
    races = list_races(home)
    if as_json:
        print_json([build_advice_json(race, read_race_status(home, race)) for race in races])
        return
    if not races:
        print_message("No advice yet. Try: headroom advise --recipe digits-heads --budget 10m --dry-run")
    print_table(
        [
            {
                "Advice": race.race_id,
                "Recipe": race.recipe,
                "Question": describe_request(race),
                "Started": describe_age(max(time.time() - race.started_at, 0.0)),
                "Answer": write_answer(race),
            }
            for race in races
        ]
    )


def follow_advice(home: Home, race: "Race", *, wait_for_it: bool, as_json: bool) -> None:
    """Print what happens until the race ends, then its answer.

    Raises:
        AdviceError: when the race failed.
    """
    from core.advice.advance import advance
    from core.advice.race_time import RaceTimer
    from core.advice.status import estimate_more_seeds, read_race_status
    from core.displays.advice_progress import describe_race_time
    from core.displays.advice_text import build_advice_json
    from core.jobs.dispatcher import ensure_dispatcher
    from core.store.run_store import RunStore

    shown, next_estimate = 0, 0.0
    try:
        while wait_for_it:
            for event in race.events[shown:]:
                print_message(f"{time.strftime('%H:%M:%S', time.localtime(event.time))}  {event.text}")
            if race.state != "running":
                break
            if len(race.events) > shown or time.monotonic() > next_estimate:
                next_estimate = time.monotonic() + _ESTIMATE_SECONDS
                expected = describe_race_time(RaceTimer(home, RunStore(home)).estimate(race))
                if expected:
                    print_message(f"{time.strftime('%H:%M:%S')}  {expected.capitalize()}.")
            shown = len(race.events)
            ensure_dispatcher(home)
            time.sleep(_POLL_SECONDS)
            race = advance(home, race.race_id)
    except KeyboardInterrupt:
        print_message(f"It continues in the background. Show its status: headroom advise {race.race_id}")
        raise
    status, seconds = read_race_status(home, race), estimate_more_seeds(home, race)
    if as_json:
        print_json(build_advice_json(race, status, seconds))
    else:
        _print_race(home, race, status, seconds)
    if race.state == "failed" and wait_for_it:
        raise AdviceError(f"Advice {race.race_id} failed: {race.problem}")


def _print_race(home: Home, race: "Race", status: "RaceStatus", more_seconds: float | None) -> None:
    from core.displays.advice_progress import describe_request
    from core.displays.advice_text import write_answer, write_candidate_cost
    from core.displays.number import format_seconds, format_share

    rows = []
    for member in status.members:
        value, tested = member.validation_accuracy, member.test_accuracy
        rows.append(
            {
                "Candidate": member.candidate.name,
                "Parameters": write_candidate_cost(member.candidate, "params"),
                "Validation accuracy": "–" if value is None else format_share(value),
                "Test accuracy": "–" if tested is None else format_share(tested),
                "Complete seeds": str(member.seeds),
                "Status": f"{member.state}: {member.reason}" if member.reason else member.state,
            }
        )
    print_table(rows, numbers=("Parameters", "Validation accuracy", "Test accuracy", "Complete seeds"))
    print_message(
        f"Advice {race.race_id}: {describe_request(race)} · {format_seconds(race.train_seconds)} of training in this "
        "race."
    )
    for caution in _list_cautions(home, race):
        print_message(f"Caveat: {caution}")
    typer.echo(write_answer(race, more_seconds))
    if (answer := race.answer) and answer.state == "undecided" and answer.more_seeds and race.state == "answered":
        print_message(f"Continue with: headroom advise {race.race_id} --continue --budget 30m")


def _list_cautions(home: Home, race: "Race") -> list[str]:
    """Return what limits the comparison of the finalists, or which of their runs are missing."""
    from core.displays.advice_text import choose_cautions
    from core.errors import HeadroomError
    from core.store.comparison import Comparison
    from core.store.run_store import RunStore

    if race.answer is None or not race.answer.runs:
        return []
    try:
        store = RunStore(home)
        return choose_cautions(race)(Comparison.of([store.open(run_id) for run_id in race.answer.runs]))
    except HeadroomError as error:
        return [str(error)]
