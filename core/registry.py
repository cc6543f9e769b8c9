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

    Each public module of `package` defines one object whose `name` is the name of the module. A module is imported
    when its entry is read, all of them when the entries are listed, because the backbones take longer than everything
    else that a command imports. So a registry may be declared in a lower layer than its entries. `kind` is used in
    error messages.
    """

    def __init__(self, package: str, kind: str) -> None:
        self.package = package
        self.kind = kind
        self._loaded: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise reject_name(self.kind, name, self)
        if name not in self._loaded:
            namespace = vars(importlib.import_module(f"{self.package}.{name}"))
            found = [value for value in namespace.values() if getattr(value, "name", None) == name]
            if not found:
                raise LookupError(f"{self.package}.{name} does not define a {self.kind} with its name.")
            self._loaded[name] = found[0]
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._sorted)

    def __len__(self) -> int:
        return len(self._names)

    @cached_property
    def _names(self) -> frozenset[str]:
        modules = pkgutil.iter_modules(importlib.import_module(self.package).__path__)
        return frozenset(module.name for module in modules if not module.name.startswith("_"))

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._names, key=lambda name: (_order_of(self[name]), name))


def _order_of(entry: object) -> int:
    """Return the declared order, or 0. The `order` of a display is one of its settings, not its position."""
    order = getattr(entry, "order", 0)
    return order if isinstance(order, int) else 0
