"""How people log in, and who somebody is who has: read from what secrets.toml says and what a provider vouches for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.access.role import User
from core.access.role_table import RoleTable
from core.access.token import TokenTable
from core.errors import AccessError, LoginError

DEFAULT_HOURS = 12
_SHARED = ("redirect_uri", "cookie_secret")
_PROVIDER = ("client_id", "client_secret", "server_metadata_url")
_LEAST_SECRET = 32
_SKEW_SECONDS = 300.0
_SETTINGS = ("roles", "tokens", "login_hours", "unsaid_is_verified")


@dataclass(frozen=True)
class Login:
    """`providers` are Streamlit's names of them, `hours` how long a login counts.

    `unsaid_is_verified` is for providers that never say whether an address is verified, and only hand out their own.
    """

    providers: tuple[str, ...]
    table: RoleTable
    hours: float = DEFAULT_HOURS
    unsaid_is_verified: bool = False
    tokens: TokenTable = field(default_factory=lambda: TokenTable({}))

    @classmethod
    def parse(cls, auth: object, settings: object) -> "Login | None":
        """Reads the sections [auth] and [headroom] of secrets.toml; None when there is neither.

        Raises:
            AccessError: one sentence, when they are not as expected; then nobody is to be let in.
        """
        if auth is None and settings is None:
            return None
        if not isinstance(auth, Mapping) or not isinstance(settings, Mapping):
            missing = "[headroom.roles] beside [auth]" if isinstance(auth, Mapping) else "[auth] beside [headroom]"
            raise AccessError(f"Expected {missing} in secrets.toml; got none.")
        for name in settings:
            if name not in _SETTINGS:
                raise AccessError(f"Expected [headroom] to have only {', '.join(_SETTINGS)}; got {name!r:.40}.")
        hours, unsaid = settings.get("login_hours", DEFAULT_HOURS), settings.get("unsaid_is_verified", False)
        if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= 24 * 30:
            raise AccessError(f"Expected login_hours in [headroom] between 0 and 720; got {hours!r:.40}.")
        if not isinstance(unsaid, bool):
            raise AccessError(f"Expected unsaid_is_verified in [headroom] to be true or false; got {unsaid!r:.40}.")
        table, tokens = RoleTable.parse(settings.get("roles")), TokenTable.parse(settings.get("tokens"))
        return cls(_read_providers(auth), table, float(hours), unsaid, tokens)

    def authenticate(self, claims: Mapping[str, object], now: float) -> User:
        """The person whom a provider vouches for.

        Args:
            claims: those of the identity token, and `is_logged_in`.
            now: seconds since 1970.

        Raises:
            LoginError: when nobody is logged in, or not any more.
            AccessError: when this user is not let in.
        """
        if claims.get("is_logged_in") is not True:
            raise LoginError("Expected somebody who has logged in; got nobody.")
        issued = claims.get("iat")
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            raise LoginError("Expected a login with its time; got one without.")
        if not -_SKEW_SECONDS <= now - issued <= 3600 * self.hours:
            raise LoginError(f"Expected a login of the last {self.hours:g} hours; got an older one: log in again.")
        address = claims.get("email")
        if not isinstance(address, str) or not address:
            raise AccessError("Expected a login with an e-mail address; got one without.")
        verified = claims.get("email_verified", self.unsaid_is_verified)
        if verified is not True and not (isinstance(verified, str) and verified.lower() == "true"):
            raise AccessError(f"Expected a verified e-mail address; got {address!r:.80}, which is not known to be one.")
        role = self.table.find(address)
        if role is None:
            raise AccessError(f"Expected somebody who was given a role here; got {address!r:.80}.")
        return User(address.lower(), role)


def _read_providers(auth: Mapping[str, object]) -> tuple[str, ...]:
    """The providers of [auth] itself and of the sections below it."""
    for name in _SHARED:
        if not isinstance(auth.get(name), str) or not auth[name]:
            raise AccessError(f"Expected [auth] in secrets.toml to have {name}; got none.")
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?/oauth2callback", str(auth["redirect_uri"])):
        raise AccessError(
            f"Expected redirect_uri of [auth] to end in /oauth2callback; got {auth['redirect_uri']!r:.80}."
        )
    if len(str(auth["cookie_secret"])) < _LEAST_SECRET:
        raise AccessError(f"Expected cookie_secret of [auth] to have at least {_LEAST_SECRET} characters; got fewer.")
    found: dict[str, Mapping[str, object]] = {"default": auth} if any(name in auth for name in _PROVIDER) else {}
    found |= {name: part for name, part in auth.items() if isinstance(part, Mapping) and name != "client_kwargs"}
    if not found:
        raise AccessError(f"Expected [auth] in secrets.toml to have {', '.join(_PROVIDER)}; got none of them.")
    for provider, part in found.items():
        where = "[auth]" if part is auth else f"[auth.{provider}]"
        if "_" in provider:
            raise AccessError(f"Expected the name of a provider without an underscore; got {provider!r:.40}.")
        for name in _PROVIDER:
            if not isinstance(part.get(name), str) or not part[name]:
                raise AccessError(f"Expected {where} in secrets.toml to have {name}; got none.")
    return tuple(found)
