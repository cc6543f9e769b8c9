"""Submission of jobs from pages: the session is notified when they have ended."""

from collections.abc import Sequence
from typing import ParamSpec, TypeVar

from core.access.action import Action
from core.jobs.submit import Submission
from core.jobs.sweep_store import Sweep
from core.ui.access import act
from core.ui.finished import note_started

Submitted = Submission | Sequence[Submission] | Sweep
P = ParamSpec("P")
R = TypeVar("R", bound=Submitted)


def submit_from_page(action: Action[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run an action that queues runs, and note these runs for the notice. Every page submits through this function.

    Raises:
        AccessError: when the user lacks the permission at this moment.
    """
    result = act(action, *args, **kwargs)
    note_started(_list_run_ids(result))
    return result


def _list_run_ids(result: Submitted) -> list[str]:
    if isinstance(result, Sweep):
        return [spec.run_id for spec in result.specs]
    return [one.run_id for one in ([result] if isinstance(result, Submission) else result)]
