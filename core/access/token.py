"""Access tokens for scripts. secrets.toml contains only the SHA-256 of each token."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from core.access.role import Role, User
from core.errors import AccessError, LoginError

PREFIX = "headroom_"  # recognized by secret scanners
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BYTES = 32  # 256 bits of randomness; a plain digest is safe at this length
_MAX_CHARS = 200
_WHERE = "[headroom.tokens] in secrets.toml"


def create_token() -> str:
    return PREFIX + secrets.token_urlsafe(_BYTES)


def compute_digest(token: str) -> str:
    """Return the SHA-256 of a token as 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def write_line(name: str, role: Role, token: str) -> str:
    """Return the line of secrets.toml that enables a token.

    Raises:
        AccessError: when the name is invalid.
    """
    _check_name(name)
    return f'{name} = {{ role = "{role.label}", sha256 = "{compute_digest(token)}" }}'


@dataclass(frozen=True)
class TokenTable:
    """Users by the SHA-256 of their token."""

    users: Mapping[str, User]

    @classmethod
    def parse(cls, section: object) -> "TokenTable":
        """Parse lines such as `name = { role = "viewer", sha256 = "…" }`; None gives an empty table.

        Raises:
            AccessError: when the section is invalid.
        """
        if section is None:
            return cls({})
        if not isinstance(section, Mapping):
            raise AccessError(f"Expected {_WHERE} to be a table; got {section!r:.60}.")
        roles = {role.label: role for role in Role}
        users: dict[str, User] = {}
        for name, entry in section.items():
            _check_name(name)
            if not isinstance(entry, Mapping) or set(entry) != {"role", "sha256"}:
                raise AccessError(f"Token {name} in {_WHERE} needs exactly the keys role and sha256.")
            role, digest = entry["role"], entry["sha256"]
            if not isinstance(role, str) or role not in roles:
                raise AccessError(
                    f"The role of token {name} in {_WHERE} is invalid. Choose one of: {', '.join(roles)}."
                )
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise AccessError(f"The sha256 of token {name} in {_WHERE} must have 64 lowercase hex digits.")
            if digest in users:
                raise AccessError(f"Token {name} in {_WHERE} has the same sha256 as another token.")
            users[digest] = User(f"token {name}", roles[role])
        return cls(users)

    def authenticate(self, token: str) -> User:
        """Return the user of a token. Compares all tokens in constant time.

        Raises:
            LoginError: when the token is unknown.
        """
        digest = compute_digest(token[:_MAX_CHARS])
        found = [user for known, user in self.users.items() if hmac.compare_digest(known, digest)]
        if not found:
            raise LoginError("The access token is invalid.")
        return found[0]


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise AccessError(
            f"Expected the name of a token to be up to 40 lowercase letters, digits and hyphens; got {name!r:.60}."
        )
