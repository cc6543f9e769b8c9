"""Actions: functions that write, each with the role it requires. The role is checked at each call."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from core.access.role import Role, User
from core.errors import AccessError
from core.home import Home

READ_ONLY = "HEADROOM_READ_ONLY"

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Action(Generic[P, R]):
    """Function that changes a home, called with the user, the home and further arguments.

    `verb` describes it in messages such as "You need the trainer role to start training." `find_problem` returns why
    this installation cannot run it, if it cannot.

    Raises:
        AccessError: when the user does not have the required role; nothing is changed.
    """

    name: str
    role: Role
    verb: str
    run: Callable[Concatenate[User, Home, P], R]
    find_problem: Callable[[], str | None] = lambda: None

    def __call__(self, user: User, home: Home, *args: P.args, **kwargs: P.kwargs) -> R:
        if message := self.problem(user):
            raise AccessError(message)
        return self.run(user, home, *args, **kwargs)

    def problem(self, user: User) -> str | None:
        """Return the reason why a user cannot run this action, None if the user can."""
        if is_read_only():
            return "This dashboard is read-only."
        if user.role < self.role:
            return f"You need the {self.role.label} role to {self.verb}. Ask an administrator."
        return self.find_problem()


ACTIONS: dict[str, Action[..., Any]] = {}


def needs(
    role: Role, verb: str, find_problem: Callable[[], str | None] = lambda: None
) -> Callable[[Callable[Concatenate[User, Home, P], R]], Action[P, R]]:
    """Turn a function into an action that requires a role, and an installation without a problem."""

    def declare(function: Callable[Concatenate[User, Home, P], R]) -> Action[P, R]:
        name = function.__name__
        if name in ACTIONS:
            raise LookupError(f"Action {name} is already defined.")
        action = Action(name, role, verb, function, find_problem)
        ACTIONS[name] = action
        return action

    return declare


def check_owner(user: User, owner: str, kind: str) -> None:
    """Check that a user owns something or is an admin.

    Raises:
        AccessError: when the user is neither the owner nor an admin.
    """
    if user.role < Role.ADMIN and user.name != owner:
        allowed = f"{owner!r:.80} or an administrator" if owner else "an administrator"
        raise AccessError(f"Only {allowed} can change this {kind}.")


def is_read_only() -> bool:
    """Return whether HEADROOM_READ_ONLY is set.

    Raises:
        AccessError: when its value is neither 0 nor 1.
    """
    value = os.environ.get(READ_ONLY, "")
    if value not in ("", "0", "1"):
        raise AccessError(f"Expected {READ_ONLY} to be 0 or 1; got {value!r:.40}.")
    return value == "1"
