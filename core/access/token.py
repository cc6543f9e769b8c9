"""Tokens by which scripts are let in; only the SHA-256 of each is kept, in secrets.toml."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from core.access.role import Role, User
from core.errors import AccessError, LoginError

PREFIX = "headroom_"  # so that what looks for secrets in texts can tell one
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BYTES = 32  # as many as nobody can guess, so a plain digest hides it well enough
_MOST_CHARS = 200
_WHERE = "[headroom.tokens] in secrets.toml"


def create_token() -> str:
    return PREFIX + secrets.token_urlsafe(_BYTES)


def compute_digest(token: str) -> str:
    """Its SHA-256, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def write_line(name: str, role: Role, token: str) -> str:
    """The line of secrets.toml that lets a token in.

    Raises:
        AccessError: when the name is not one that may stand there.
    """
    _check_name(name)
    return f'{name} = {{ role = "{role.label}", sha256 = "{compute_digest(token)}" }}'


@dataclass(frozen=True)
class TokenTable:
    """Who each token stands for, by its digest."""

    people: Mapping[str, User]

    @classmethod
    def parse(cls, section: object) -> "TokenTable":
        """Reads `name = { role = "viewer", sha256 = "…" }` lines; None is a table without any.

        Raises:
            AccessError: one sentence, when anything in it is not as expected.
        """
        if section is None:
            return cls({})
        if not isinstance(section, Mapping):
            raise AccessError(f"Expected {_WHERE} to be a table; got {section!r:.60}.")
        roles = {role.label: role for role in Role}
        people: dict[str, User] = {}
        for name, entry in section.items():
            _check_name(name)
            if not isinstance(entry, Mapping) or set(entry) != {"role", "sha256"}:
                raise AccessError(f"Expected {name} of {_WHERE} to have a role and a sha256, and nothing else.")
            role, digest = entry["role"], entry["sha256"]
            if not isinstance(role, str) or role not in roles:
                raise AccessError(f"Expected the role of {name} in {_WHERE} to be one of {', '.join(roles)}.")
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise AccessError(f"Expected the sha256 of {name} in {_WHERE} to be 64 hex digits in small letters.")
            if digest in people:
                raise AccessError(f"Expected another token for each name of {_WHERE}; got one twice, at {name}.")
            people[digest] = User(f"token {name}", roles[role])
        return cls(people)

    def authenticate(self, token: str) -> User:
        """Whom a token stands for. All are compared, each in the same time, whether or not one was found.

        Raises:
            LoginError: when it is none of them.
        """
        digest = compute_digest(token[:_MOST_CHARS])
        found = [person for known, person in self.people.items() if hmac.compare_digest(known, digest)]
        if not found:
            raise LoginError("Expected a token that is known here; got another.")
        return found[0]


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise AccessError(
            f"Expected the name of a token to be up to 40 small letters, digits and hyphens; got {name!r:.60}."
        )
