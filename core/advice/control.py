"""Start, pause, continue and stop of races."""

import time

from core.advice.advance import advance
from core.advice.conclude import LOOKS
from core.advice.plan import AdvicePlan
from core.advice.race import Event, Race, compute_race_id, locked_race, make_race, open_race, save_race
from core.advice.race_jobs import cancel_race_jobs
from core.advice.request import MAX_SEEDS
from core.errors import AdviceError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.executor_choice import check_placement
from core.plural import format_plural


def find_answered(home: Home, plan: AdvicePlan) -> Race | None:
    """Return the race of a plan if it has an answer that asking the same question does not change."""
    try:
        race = open_race(home, compute_race_id(plan))
    except AdviceError:
        return None
    return race if race.state == "answered" and race.answer and not race.answer.why else None


def start_race(home: Home, plan: AdvicePlan, by: str = "") -> Race:
    """Start the race of a plan and return it. A question that was asked before is the same race: one that has an answer
    is returned unchanged, and one that was paused, failed or ended early continues with the new budget.

    Args:
        by: the user who starts it, as `User.name`; their browser shows the notice of its end.

    Raises:
        JobError: when HEADROOM_SLOTS or HEADROOM_EXECUTOR is invalid.
        HomeError: when the home is not writable.
    """
    check_placement()  # the dispatcher could only write the error to its log
    race = make_race(plan).model_copy(update={"by": by})
    count = len(plan.allowed)
    with locked_race(home, race.race_id):
        try:
            known = open_race(home, race.race_id)
        except AdviceError:
            known = None
        if known is None:
            save_race(home, _log(race, f"{format_plural(count, 'candidate')} {'starts' if count == 1 else 'start'}."))
        elif known.state in ("paused", "failed") or (known.answer and known.answer.why):
            save_race(home, _renew(known, plan.request.budget_seconds).model_copy(update={"by": by}))
    return _go(home, race.race_id)


def continue_race(home: Home, race_id: str, budget_seconds: float | None = None, by: str = "") -> Race:
    """Continue a race that was paused, failed, ended early or is not decided; a new budget starts now.

    An undecided race gets the additional seeds that its answer names, and then one more comparison on the test images.

    Raises:
        AdviceError: when it is running, is decided, or more seeds would probably not decide it.
        HomeError: when the home is not writable.
    """
    with locked_race(home, open_race(home, race_id).race_id):
        race = open_race(home, race_id)
        if race.state == "running":
            raise AdviceError(f"Advice {race.race_id} is running.")
        save_race(home, _renew(race, budget_seconds).model_copy(update={"by": by}))
    return _go(home, race.race_id)


def _renew(race: Race, budget_seconds: float | None) -> Race:
    answer, changes = race.answer, {}
    if race.state == "answered" and answer:
        if answer.state != "undecided":
            raise AdviceError(f"Advice {race.race_id} is {answer.state}; there is nothing to continue.")
        if race.looks >= LOOKS:
            raise AdviceError(
                f"The test images were read {LOOKS} times for advice {race.race_id}. More would make its error "
                "rate larger than stated. Use more test images, or a larger margin."
            )
        if answer.runs:
            if answer.more_seeds is None:
                raise AdviceError(
                    "More seeds would probably not decide it with these test images. Use more images, or a larger "
                    "margin."
                )
            seeds = min(answer.seeds + max(answer.more_seeds, 1), MAX_SEEDS)
            if seeds <= answer.seeds:
                raise AdviceError(f"Each finalist has {MAX_SEEDS} seeds, the largest number. Use a larger --margin.")
            request = race.request.model_copy(update={"seeds": max(seeds, race.request.seeds)})
            changes = {"request": request, "least_seeds": seeds}
    if budget_seconds is None:
        budget_seconds = race.left_seconds if race.state == "paused" else race.request.budget_seconds
    now = time.time()
    return _log(race, "The race continues.").model_copy(
        update={
            "state": "running", "stop": False, "problem": "", "ended_at": None, "left_seconds": None,
            "deadline": None if budget_seconds is None else now + max(budget_seconds, 1.0), "waiting_for": (),
            "dropped": {key: one for key, one in race.dropped.items() if "training was cancelled" not in one.reason},
            **changes,
        }
    )  # fmt: skip


def pause_race(home: Home, race_id: str) -> Race:
    """Pause a race: its jobs stop at the end of an epoch and resume later, and its budget does not run.

    Raises:
        AdviceError: when it is not running.
        HomeError: when the home is not writable.
    """
    with locked_race(home, open_race(home, race_id).race_id):
        race = open_race(home, race_id)
        if race.state != "running":
            raise AdviceError(f"Advice {race.race_id} is not running; it is {race.state}.")
        left = None if race.deadline is None else max(race.deadline - time.time(), 0.0)
        changes = {"state": "paused", "left_seconds": left, "deadline": None, "waiting_for": ()}
        race = _log(race, "The race is paused.").model_copy(update=changes)
        save_race(home, race)
    cancel_race_jobs(home, race)
    return race


def stop_race(home: Home, race_id: str) -> Race:
    """End a race with what is known: its jobs are cancelled, and the finalists are compared if they have two seeds.

    Raises:
        AdviceError: when it has already ended.
        HomeError: when the home is not writable.
    """
    with locked_race(home, open_race(home, race_id).race_id):
        race = open_race(home, race_id)
        if race.state not in ("running", "paused"):
            raise AdviceError(f"Advice {race.race_id} has already ended.")
        save_race(home, race.model_copy(update={"state": "running", "stop": True}))
    return _go(home, race.race_id)


def _go(home: Home, race_id: str) -> Race:
    """Advance a race at once, and have a dispatcher continue it."""
    race = advance(home, race_id)
    if race.state == "running":
        ensure_dispatcher(home)
    return race


def _log(race: Race, text: str) -> Race:
    return race.model_copy(update={"events": (*race.events, Event(time=time.time(), text=text))})
