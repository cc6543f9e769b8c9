"""The registry: the files of a folder are its entries."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import UnknownNameError
from core.registry import Registry

ENTRY = "class Entry:\n    name, order = {name!r}, {order}\nentry = Entry()\n"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Registry[object]]:
    """Function that creates a registry of a new package with these modules."""

    def make(modules: dict[str, str]) -> Registry[object]:
        (tmp_path / "entries").mkdir()
        for name, source in {"__init__": "", **modules}.items():
            (tmp_path / "entries" / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        for name in [name for name in sys.modules if name.partition(".")[0] == "entries"]:
            monkeypatch.delitem(sys.modules, name)
        return Registry("entries", "thing")

    return make


Make = Callable[[dict[str, str]], Registry[object]]


def test_every_public_file_is_an_entry(registry: Make) -> None:
    found = registry({name: ENTRY.format(name=name, order=1) for name in ("one", "two")} | {"_private": "1 / 0"})
    assert (list(found), len(found), "one" in found, "three" in found) == (["one", "two"], 2, True, False)


def test_entries_are_sorted_by_their_order(registry: Make) -> None:
    orders = {"first": 1, "last": 9, "middle": 5}
    found = registry({name: ENTRY.format(name=name, order=order) for name, order in orders.items()})
    assert list(found) == ["first", "middle", "last"]


def test_unknown_name_is_rejected_with_the_known_ones(registry: Make) -> None:
    found = registry({name: ENTRY.format(name=name, order=1) for name in ("one", "two")})
    with pytest.raises(UnknownNameError) as caught:
        found["three"]
    assert str(caught.value) == "Unknown thing 'three'. Choose one of: one, two."


def test_file_without_its_entry_is_rejected(registry: Make) -> None:
    with pytest.raises(LookupError, match=r"^entries\.one does not define a thing with its name"):
        list(registry({"one": "name = 'two'"}))


def test_only_the_module_of_the_entry_that_is_read_is_imported(registry: Make) -> None:
    found = registry({name: ENTRY.format(name=name, order=1) for name in ("one", "two")})
    imported = []
    for read in (lambda: len(found), lambda: "one" in found, lambda: found["one"], lambda: [*found]):
        read()
        imported.append([name for name in ("one", "two") if f"entries.{name}" in sys.modules])
    assert imported == [[], [], ["one"], ["one", "two"]]
