"""Role table: the roles of email addresses and domains."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.access.role import Role
from core.errors import AccessError

# One @ and visible ASCII only: rejects look-alike and ambiguous addresses.
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)*)", re.IGNORECASE | re.ASCII)
_WHERE = "[headroom.roles] in secrets.toml"


@dataclass(frozen=True)
class RoleTable:
    """Roles by lowercase address and domain. The role of an address takes precedence over the role of its domain."""

    addresses: Mapping[str, Role]
    domains: Mapping[str, Role]

    @classmethod
    def parse(cls, section: object) -> "RoleTable":
        """Parse the lists of `name@domain` and `@domain` entries per role.

        Raises:
            AccessError: when the section is invalid.
        """
        if not isinstance(section, Mapping) or not section:
            raise AccessError(f"Expected {_WHERE} to assign roles to users; got {_show(section)}.")
        roles = {role.label: role for role in Role}
        addresses: dict[str, Role] = {}
        domains: dict[str, Role] = {}
        for label, entries in section.items():
            if label not in roles:
                raise AccessError(f"Expected {_WHERE} to have the keys {', '.join(roles)}; got {_show(label)}.")
            if not isinstance(entries, list | tuple):
                raise AccessError(f"Expected {label} of {_WHERE} to be a list; got {_show(entries)}.")
            for entry in entries:
                text = entry.lower() if isinstance(entry, str) else ""
                known, key = (domains, text[1:]) if text.startswith("@") else (addresses, text)
                if not _ADDRESS.fullmatch(f"user{text}" if text.startswith("@") else text):
                    raise AccessError(f"Expected name@domain or @domain under {label} of {_WHERE}; got {_show(entry)}.")
                if known.setdefault(key, roles[label]) != roles[label]:
                    raise AccessError(f"Expected one role for {text} in {_WHERE}; got {known[key].label} and {label}.")
        return cls(addresses, domains)

    def find(self, address: str) -> Role | None:
        """Return the role of an address, ignoring case; None if it is not listed or invalid."""
        found = _ADDRESS.fullmatch(address)
        if not found:
            return None
        return self.addresses.get(address.lower()) or self.domains.get(found[1].lower())


def _show(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
