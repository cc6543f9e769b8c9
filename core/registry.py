"""A registry is a folder: one file an entry, the file's name is the entry's name."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

from core.errors import UnknownNameError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """The entries of a package, sorted by their `order`.

    Every public module of `package` defines one object of type `kind` whose `name` is the module's name.
    Modules are imported at the first look-up, so a registry can be declared below what it holds.
    """

    def __init__(self, package: str, kind: str) -> None:
        self.package = package
        self.kind = kind

    @cached_property
    def _entries(self) -> dict[str, T]:
        package = importlib.import_module(self.package)
        found: dict[str, T] = {}
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.startswith("_"):
                continue
            namespace = vars(importlib.import_module(f"{self.package}.{module.name}"))
            entry = next((value for value in namespace.values() if getattr(value, "name", None) == module.name), None)
            if entry is None:
                raise LookupError(f"Expected {self.package}.{module.name} to define a {self.kind} of that name.")
            found[module.name] = entry
        return dict(sorted(found.items(), key=lambda item: (_order_of(item[1]), item[0])))

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(repr(entry) for entry in self._entries)
            raise UnknownNameError(f"Expected {self.kind} to be one of {known}; got {name!r}.") from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _order_of(entry: object) -> int:
    """The declared order, 0 without one; the `order` of a display is a setting of its own, not a position."""
    order = getattr(entry, "order", 0)
    return order if isinstance(order, int) else 0
