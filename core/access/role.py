"""Roles and users."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Role of a user. Each role includes the permissions of the roles before it."""

    VIEWER = 1
    COMMENTER = 2
    TRAINER = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class User:
    """User with a role. `name` is unique; it is an email address if a login is required."""

    name: str
    role: Role

    @property
    def signature(self) -> str:
        """The name as author of reports and comments; empty on a dashboard without login."""
        return "" if self.name == OWNER.name else self.name


OWNER = User("the dashboard", Role.ADMIN)
"""User of a dashboard without login, which is accessible only from its own machine."""
