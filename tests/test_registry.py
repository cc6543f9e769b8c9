"""The registry: the files of a folder are its entries."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.analysis.check import CHECKS
from core.augment.corruption import CORRUPTIONS
from core.displays.advice_display import ADVICE_DISPLAYS
from core.displays.data_display import DATA_DISPLAYS
from core.displays.display import DISPLAYS
from core.errors import UnknownNameError
from core.importers.importer import IMPORTERS
from core.recipes import RECIPES
from core.registry import Registry
from core.reports.format import FORMATS
from core.spec import BACKBONES, DATASETS, HEADS, SETTINGS, TRANSFORMS
from tests.support.paths import ROOT

REGISTRIES: tuple[Registry[Any], ...] = (
    ADVICE_DISPLAYS, BACKBONES, CHECKS, DATA_DISPLAYS, DATASETS, DISPLAYS, FORMATS, HEADS, IMPORTERS, TRANSFORMS,
)  # fmt: skip
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


def test_labels_contain_no_separators_of_lists() -> None:
    """The label "GAP, linear maps" reads as two heads in "GAP, linear maps, Flatten"."""
    assert {registry.package for registry in REGISTRIES} == list_registries()
    entries = [entry for registry in REGISTRIES for entry in registry.values()]
    labels = [
        getattr(entry, "label", None) or entry.title for entry in (*entries, *CORRUPTIONS.values(), *SETTINGS.values())
    ]
    assert [label for label in (*labels, *RECIPES) if re.search("[,;]", label)] == []


def list_registries() -> set[str]:
    """Return the packages of all registries in the source code."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "core").rglob("*.py")]
    return {package for source in sources for package in re.findall(r' Registry\("([a-z._]+)", ', source)}
