"""Actions on races of the advisor: start, pause, continue and stop."""

from core.access.action import needs
from core.access.role import Role, User
from core.advice.control import continue_race, pause_race, start_race, stop_race
from core.advice.plan import AdvicePlan
from core.advice.race import Race
from core.home import Home
from core.installation import find_training_problem


@needs(Role.TRAINER, "start training", find_training_problem)
def start_advice(user: User, home: Home, plan: AdvicePlan) -> Race:
    """Start the race of a plan (see `start_race`)."""
    return start_race(home, plan, user.name)


@needs(Role.TRAINER, "start training", find_training_problem)
def continue_advice(user: User, home: Home, race_id: str, budget_seconds: float | None = None) -> Race:
    """Continue a race, or add seeds to an undecided one (see `continue_race`)."""
    return continue_race(home, race_id, budget_seconds, user.name)


@needs(Role.TRAINER, "cancel jobs")
def pause_advice(user: User, home: Home, race_id: str) -> Race:
    """Pause a race (see `pause_race`)."""
    return pause_race(home, race_id)


@needs(Role.TRAINER, "cancel jobs")
def stop_advice(user: User, home: Home, race_id: str) -> Race:
    """End a race with what is known (see `stop_race`)."""
    return stop_race(home, race_id)
