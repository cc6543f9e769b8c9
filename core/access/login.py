"""Login settings from secrets.toml, and authentication of users by the claims of their login provider."""

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
_MIN_SECRET_CHARS = 32
_SKEW_SECONDS = 300.0
_SETTINGS = ("roles", "tokens", "login_hours", "unsaid_is_verified")


@dataclass(frozen=True)
class Login:
    """Login settings. `providers` are Streamlit's names of the login providers, `hours` the lifetime of a login.

    `unsaid_is_verified` accepts logins without the claim `email_verified`, for providers that do not send it and only
    authenticate their own addresses.
    """

    providers: tuple[str, ...]
    table: RoleTable
    hours: float = DEFAULT_HOURS
    unsaid_is_verified: bool = False
    tokens: TokenTable = field(default_factory=lambda: TokenTable({}))
    redirect_uri: str = ""

    @classmethod
    def parse(cls, auth: object, settings: object) -> "Login | None":
        """Parse the sections [auth] and [headroom] of secrets.toml. Return None if both are missing.

        Raises:
            AccessError: when a section is missing or invalid; then all access must be denied.
        """
        if auth is None and settings is None:
            return None
        if not isinstance(auth, Mapping) or not isinstance(settings, Mapping):
            missing, found = ("[headroom.roles]", "[auth]") if isinstance(auth, Mapping) else ("[auth]", "[headroom]")
            raise AccessError(f"secrets.toml has a section {found} but no section {missing}. Login needs both.")
        for name in settings:
            if name not in _SETTINGS:
                known = ", ".join(_SETTINGS)
                raise AccessError(f"Unknown setting {name!r:.40} in [headroom]. Choose one of: {known}.")
        hours, unsaid = settings.get("login_hours", DEFAULT_HOURS), settings.get("unsaid_is_verified", False)
        if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= 24 * 30:
            raise AccessError(f"Expected login_hours in [headroom] between 0 and 720; got {hours!r:.40}.")
        if not isinstance(unsaid, bool):
            raise AccessError(f"Expected unsaid_is_verified in [headroom] to be true or false; got {unsaid!r:.40}.")
        table, tokens = RoleTable.parse(settings.get("roles")), TokenTable.parse(settings.get("tokens"))
        return cls(_read_providers(auth), table, float(hours), unsaid, tokens, str(auth["redirect_uri"]))

    def authenticate(self, claims: Mapping[str, object], now: float) -> User:
        """Return the user that the login provider has authenticated.

        Args:
            claims: claims of the identity token, and `is_logged_in`.
            now: seconds since 1970.

        Raises:
            LoginError: when the user is not logged in or the login has expired.
            AccessError: when the user has no verified email address or no role.
        """
        if claims.get("is_logged_in") is not True:
            raise LoginError("You are not logged in.")
        issued = claims.get("iat")
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            raise LoginError("Your login has no time of issue. Log in again.")
        if not -_SKEW_SECONDS <= now - issued <= 3600 * self.hours:
            raise LoginError(f"Your login has expired after {self.hours:g} hours. Log in again.")
        address = claims.get("email")
        if not isinstance(address, str) or not address:
            raise AccessError("Your login has no email address. Ask an administrator.")
        verified = claims.get("email_verified", self.unsaid_is_verified)
        if verified is not True and not (isinstance(verified, str) and verified.lower() == "true"):
            raise AccessError(
                f"Your email address {address!r:.80} is not verified. Verify it with your login provider."
            )
        role = self.table.find(address)
        if role is None:
            raise AccessError(f"{address!r:.80} has no role on this dashboard. Ask an administrator.")
        return User(address.lower(), role)


def _read_providers(auth: Mapping[str, object]) -> tuple[str, ...]:
    """Return the providers in [auth] and in its sub-sections."""
    for name in _SHARED:
        if not isinstance(auth.get(name), str) or not auth[name]:
            raise AccessError(f"[auth] in secrets.toml has no {name}. Add it.")
    if not re.fullmatch(r"https?://[^/\s]+(/\S*)?/oauth2callback", str(auth["redirect_uri"])):
        raise AccessError(
            f"Expected redirect_uri in [auth] to end in /oauth2callback; got {auth['redirect_uri']!r:.80}."
        )
    if len(str(auth["cookie_secret"])) < _MIN_SECRET_CHARS:
        raise AccessError(f"cookie_secret in [auth] is too short: use at least {_MIN_SECRET_CHARS} characters.")
    found: dict[str, Mapping[str, object]] = {"default": auth} if any(name in auth for name in _PROVIDER) else {}
    found |= {name: part for name, part in auth.items() if isinstance(part, Mapping) and name != "client_kwargs"}
    if not found:
        raise AccessError(f"[auth] in secrets.toml has no login provider. Add {', '.join(_PROVIDER)}.")
    for provider, part in found.items():
        section = "[auth]" if part is auth else f"[auth.{provider}]"
        if "_" in provider:
            raise AccessError(f"Expected the name of a provider without underscores; got {provider!r:.40}.")
        for name in _PROVIDER:
            if not isinstance(part.get(name), str) or not part[name]:
                raise AccessError(f"{section} in secrets.toml has no {name}. Add it.")
    return tuple(found)
