"""What writes, each with the role it needs; the role is checked when it is called, and nothing is done before."""

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
    """Something that changes a home. Called with the person who does it, the home, and what else it takes.

    `deed` is what it does, in words that follow «to».

    Raises:
        AccessError: one sentence, when called with a person who may not; nothing has changed then.
    """

    name: str
    role: Role
    deed: str
    run: Callable[Concatenate[User, Home, P], R]

    def __call__(self, user: User, home: Home, *args: P.args, **kwargs: P.kwargs) -> R:
        if sentence := self.problem(user):
            raise AccessError(sentence)
        return self.run(user, home, *args, **kwargs)

    def problem(self, user: User) -> str | None:
        """Why a person may not do it, None when they may."""
        if is_read_only():
            return f"Expected a dashboard that may {self.deed}; got one for reading only."
        if user.role < self.role:
            return f"Expected {self.role.noun} to {self.deed}; got {user.role.noun}."
        return None


ACTIONS: dict[str, Action[..., Any]] = {}


def needs(role: Role, deed: str) -> Callable[[Callable[Concatenate[User, Home, P], R]], Action[P, R]]:
    """Makes an action of a function."""

    def declare(function: Callable[Concatenate[User, Home, P], R]) -> Action[P, R]:
        name = function.__name__
        if name in ACTIONS:
            raise LookupError(f"Expected one action of the name {name}; got a second one.")
        action = Action(name, role, deed, function)
        ACTIONS[name] = action
        return action

    return declare


def check_own(user: User, owner: str, what: str) -> None:
    """For actions on what belongs to somebody: its owner may, and admins.

    Raises:
        AccessError: for everybody else.
    """
    if user.role < Role.ADMIN and user.name != owner:
        raise AccessError(f"Expected {what} of your own, or an admin; got one of {owner!r:.80}.")


def is_read_only() -> bool:
    """Whether HEADROOM_READ_ONLY makes this a dashboard that can only be read.

    Raises:
        AccessError: when it is neither 0 nor 1.
    """
    value = os.environ.get(READ_ONLY, "")
    if value not in ("", "0", "1"):
        raise AccessError(f"Expected {READ_ONLY} to be 0 or 1; got {value!r:.40}.")
    return value == "1"
