"""Registries: packages with one module per entry, named like the entry."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Generic, TypeVar

from core.suggestion import reject_name

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Mapping from names to the entries of a package, sorted by their `order`.

    Each public module of `package` defines one object whose `name` is the name of the module. Modules are imported on
    first access, so a registry may be declared in a lower layer than its entries. `kind` is used in error messages.
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
                raise LookupError(f"{self.package}.{module.name} does not define a {self.kind} with its name.")
            found[module.name] = entry
        return dict(sorted(found.items(), key=lambda item: (_order_of(item[1]), item[0])))

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            raise reject_name(self.kind, name, self._entries) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def _order_of(entry: object) -> int:
    """Return the declared order, or 0. The `order` of a display is one of its settings, not its position."""
    order = getattr(entry, "order", 0)
    return order if isinstance(order, int) else 0
