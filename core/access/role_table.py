"""The table of roles: which e-mail addresses and domains have which."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.access.role import Role
from core.errors import AccessError

# One @ and visible ASCII: what looks like another address, or can be read in two ways, is none.
_ADDRESS = re.compile(r"[!-?A-~]{1,64}@([a-z0-9-]+(?:\.[a-z0-9-]+)*)", re.IGNORECASE | re.ASCII)
_WHERE = "[headroom.roles] in secrets.toml"


@dataclass(frozen=True)
class RoleTable:
    """Addresses and domains in small letters. What is said of an address counts more than what of its domain."""

    addresses: Mapping[str, Role]
    domains: Mapping[str, Role]

    @classmethod
    def parse(cls, section: object) -> "RoleTable":
        """Reads a list of `name@domain` and `@domain` for each role that somebody has.

        Raises:
            AccessError: one sentence, when anything in it is not as expected.
        """
        if not isinstance(section, Mapping) or not section:
            raise AccessError(f"Expected {_WHERE} to list who has which role; got {_show(section)}.")
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
                if not _ADDRESS.fullmatch(f"anybody{text}" if text.startswith("@") else text):
                    raise AccessError(f"Expected name@domain or @domain under {label} of {_WHERE}; got {_show(entry)}.")
                if known.setdefault(key, roles[label]) != roles[label]:
                    raise AccessError(f"Expected one role for {text} in {_WHERE}; got {known[key].label} and {label}.")
        return cls(addresses, domains)

    def find(self, address: str) -> Role | None:
        """The role of an address, whatever its case; None for one that is not listed, or is none."""
        found = _ADDRESS.fullmatch(address)
        if not found:
            return None
        return self.addresses.get(address.lower()) or self.domains.get(found[1].lower())


def _show(value: Any) -> str:
    return "nothing" if value is None else f"{value!r:.60}"
