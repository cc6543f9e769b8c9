"""Roles, and a person who has one."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each may do what those before it may."""

    VIEWER = 1
    TRAINER = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        return self.name.lower()

    @property
    def noun(self) -> str:
        """With its article, for a sentence."""
        return f"{'an' if self is Role.ADMIN else 'a'} {self.label}"


@dataclass(frozen=True)
class User:
    """Who acts, as whoever let them in knows them: `name` is an e-mail address where people log in, and nobody else has
    the same."""

    name: str
    role: Role


OWNER = User("the dashboard", Role.ADMIN)
"""Whoever uses a dashboard that asks nobody to log in: it is bound to the machine of one person."""
