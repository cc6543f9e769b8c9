"""Settings of a deployment from the environment: address, host names and public URL."""

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from core.access.action import READ_ONLY
from core.errors import AccessError

ADDRESS, HOSTS, URL, OPEN_ACCESS = "HEADROOM_ADDRESS", "HEADROOM_HOSTS", "HEADROOM_URL", "HEADROOM_OPEN_ACCESS"
_SERVES_API = "HEADROOM_API_PROCESS"
_HOST = re.compile(r"\*|(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:]*:[0-9a-f:.]*")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


@dataclass(frozen=True)
class Deployment:
    """Settings of a deployment; empty values are those of `.streamlit/config.toml`.

    Attributes:
        address: that the server listens on.
        hosts: names under which it is reached; `*.example.org` includes all subdomains.
        url: public URL without a slash at the end, with the prefix of a reverse proxy.
        open_access: whether a dashboard that everyone can change is intended.
    """

    address: str = ""
    hosts: tuple[str, ...] = ()
    url: str = ""
    open_access: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Deployment":
        """Read the settings.

        Raises:
            AccessError: when a value is invalid.
        """
        address = environment.get(ADDRESS, "").strip()
        if address and not _HOST.fullmatch(address.lower()):
            raise AccessError(f"Expected {ADDRESS} to be an address such as 0.0.0.0; got {address!r:.60}.")
        names = environment.get(HOSTS, "").replace(",", " ").lower().split()
        for name in names:
            if not _HOST.fullmatch(name):
                raise AccessError(
                    f"Expected {HOSTS} to be host names without ports, separated by commas; got {name!r:.60}."
                )
        confirmed = environment.get(OPEN_ACCESS, "").strip()
        if confirmed not in ("", "0", "1"):
            raise AccessError(f"Expected {OPEN_ACCESS} to be 0 or 1; got {confirmed!r:.40}.")
        return cls(address, tuple(dict.fromkeys(names)), _read_url(environment.get(URL, "")), confirmed == "1")

    @property
    def host(self) -> str:
        """Host name in the public URL."""
        return urlsplit(self.url).hostname or ""

    @property
    def origin(self) -> str:
        """Origin of the public URL, such as https://headroom.example.org."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}" if self.url else ""

    @property
    def prefix(self) -> str:
        """Path of the public URL without slashes at its ends, for a reverse proxy that serves other paths too."""
        return urlsplit(self.url).path.strip("/")

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """Names under which the server is reached, with that of the public URL."""
        return tuple(dict.fromkeys((*self.hosts, *([self.host] if self.host else []))))

    def write_link(self, base: str, path: str, **parameters: str) -> str:
        """Return the URL of a page or report.

        Args:
            base: URL of the dashboard that is used without a public URL.
        """
        query = f"?{urlencode(parameters, quote_via=quote, safe=':,')}" if parameters else ""
        return f"{self.url or base.rstrip('/')}/{path.lstrip('/')}{query}"

    def find_risk(self, address: str, hosts: Iterable[str], *, has_login: bool, read_only: bool) -> str | None:
        """Return why a dashboard must not start, None if it may: other users could change everything.

        Args:
            address: that the server listens on; empty for all addresses.
            hosts: names under which the server accepts requests.
        """
        if has_login or read_only or self.open_access:
            return None
        names = [name for name in (*hosts, *self.all_hosts) if not is_local(name)]
        where = address or "0.0.0.0"
        if not is_local(where):
            return describe_risk(where)
        return describe_risk(names[0]) if names else None


def describe_risk(where: str) -> str:
    """Return the message for a dashboard that is open under an address or a host name."""
    return (
        f"Everyone who reaches {where:.80} could change this dashboard, because it has no login and is not read-only. "
        f"Configure a login (docs/hosting.md), set {READ_ONLY}=1, or confirm with {OPEN_ACCESS}=1."
    )


def is_local(host: str) -> bool:
    """Return whether only this machine reaches an address or a host name."""
    name = host.strip("[]").lower().rstrip(".")
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _read_url(text: str) -> str:
    url = text.strip().rstrip("/")
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        valid = (
            parts.scheme in ("http", "https")
            and _HOST.fullmatch((parts.hostname or "").lower())
            and "*" not in parts.netloc
            and parts.port != 0
            and parts.username is None
            and not parts.query
            and not parts.fragment
            and _PREFIX.fullmatch(parts.path)
        )
    except ValueError:
        valid = False
    if not valid:
        raise AccessError(
            f"Expected {URL} to be a URL such as https://headroom.example.org or https://example.org/headroom; "
            f"got {text!r:.80}."
        )
    return url


def note_api() -> None:
    """Note that this server has the routes of the HTTP API, also for modules that are reloaded after a change."""
    os.environ[_SERVES_API] = str(os.getpid())


def serves_api() -> bool:
    """Return whether this server has the routes of the HTTP API, which view-only links need."""
    return os.environ.get(_SERVES_API) == str(os.getpid())
