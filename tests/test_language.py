"""The language of all texts: strings, docstrings, comments, names and documents use plain technical terms.

`tests/language.toml` lists the words to avoid, each with its replacement. `python -m tests.test_language [PATH…]`
prints the findings in files or folders; with `--list` their user-visible strings, with `--docstrings` the first lines
of their docstrings, with `--count` the number of findings per package, with `--rules` the table.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.texts import DATA, NO_TEXTS, PLACEHOLDER, READERS, Text, find_texts, list_files

pytestmark = pytest.mark.xdist_group("language")

TABLE = Path(__file__).with_name("language.toml")

# The kinds of text, and the sections of the table that each is checked with.
SECTIONS = {
    "text": ("everywhere", "prose", "text"),
    "heading": ("everywhere", "prose", "text"),
    "code": ("everywhere",),
    "docstring": ("everywhere", "prose", "docstring"),
    "comment": ("everywhere", "prose"),
    "name": ("everywhere", "names"),
    "prose": ("everywhere", "prose"),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Rule:
    section: str
    pattern: re.Pattern[str]
    replacement: str
    example: str


@dataclass(frozen=True)
class Table:
    """Rules, pairs of a path and a found text that are allowed, and texts with a finding by name of their file."""

    rules: tuple[Rule, ...]
    allowed: frozenset[tuple[str, str]]
    planted: dict[str, list[str]]


@cache
def load_table() -> Table:
    table = tomllib.loads(TABLE.read_text("utf-8"))
    planted = table.pop("planted")
    allowed = frozenset((path, found) for path, found, _reason in table.pop("allowed"))
    rules = [
        Rule(section, re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), replacement, example)
        for section, rows in table.items()
        for pattern, replacement, example in rows
    ]
    return Table(tuple(rules), allowed, planted)


def find_offenders(texts: Iterable[Text]) -> Iterator[str]:
    """Yield one line per finding: "path:line: found 'x' — write 'y'"."""
    table = load_table()
    for text in texts:
        words = " ".join(_WORDS.findall(text.text)) if text.kind == "name" else text.text
        for rule in table.rules:
            if rule.section in SECTIONS[text.kind] and rule.pattern.search(words):
                for found in (m for m in rule.pattern.finditer(words) if (text.path, m[0]) not in table.allowed):
                    line = text.line + words.count("\n", 0, found.start())
                    named = f" in {text.text}" if text.kind == "name" and words != text.text else ""
                    yield f"{text.path}:{line}: found {_shorten(found[0])!r}{named} — write {rule.replacement!r}"
        if text.kind == "text" and not text.path.startswith("tests/") and _lacks_value(text.text):
            yield f"{text.path}:{text.line}: found {_shorten(text.text)!r} — write 'Expected …; got …' with the value"


def is_visible(text: Text) -> bool:
    """Return whether users may see a text."""
    return text.kind == "text" and re.search(r"[^\W\d_]{2}", text.text.replace(PLACEHOLDER, "")) is not None


def _lacks_value(text: str) -> bool:
    """Return whether an error message lacks the value; a message that is composed elsewhere has only a placeholder."""
    return re.match(r"Expected (?!\{…\}\.?$|calibration error)", text) is not None and "; got" not in text


def _shorten(text: str) -> str:
    return " ".join(text.split())[:60]


def _package(offender: str) -> str:
    parts = offender.partition(":")[0].split("/")
    return "/".join(parts[:2]) if parts[0] == "core" else parts[0]


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    return list(find_texts([ROOT]))


@pytest.mark.parametrize("kind", SECTIONS)
def test_language_is_plain(kind: str, texts: list[Text]) -> None:
    offenders = sorted(find_offenders(text for text in texts if text.kind == kind))
    assert not offenders, f"{len(offenders)} findings\n" + "\n".join(offenders)


def test_sources_have_texts_of_each_kind(texts: list[Text]) -> None:
    assert {text.kind for text in texts} == set(SECTIONS)


@pytest.mark.parametrize("rule", load_table().rules, ids=lambda rule: rule.example)
def test_rule_finds_its_example(rule: Rule) -> None:
    example = " ".join(_WORDS.findall(rule.example)) if rule.section == "names" else rule.example
    assert rule.pattern.search(example) or rule.pattern.search(" ".join(_WORDS.findall(example)))


@pytest.mark.parametrize("name", load_table().planted)
def test_text_of_every_kind_of_file_is_checked(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    for planted in load_table().planted[name]:
        path.write_text(f"{planted}\n", "utf-8")
        assert [*find_offenders(find_texts([path]))], planted
    assert [file.name for file in list_files(tmp_path)] == [name]


def test_every_kind_of_file_is_checked_or_data() -> None:
    planted = {Path(name).suffix or name for name in load_table().planted}
    others = {".html", ".yml", ".sh", ".editorconfig", ".gitignore"}
    hosting = {".dockerignore", "Dockerfile", "Caddyfile", ".conf", ".service"}
    assert others | hosting | planted == {*READERS}
    unlisted = {*list_tracked()} - {*list_files(ROOT)}
    unread = sorted(path for path in unlisted if not path.name.endswith((*DATA, *NO_TEXTS)))
    assert [path for path in unread if path.suffix != ".txt" or path.parent == ROOT] == []


def list_tracked() -> list[Path]:
    """Return all files of the repository; in a copy without git, those that are checked."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in done.stdout.splitlines()] or list_files(ROOT)


def test_allowed_texts_exist(texts: list[Text]) -> None:
    seen = [(text.path, f"{text.text}\n{' '.join(_WORDS.findall(text.text))}") for text in texts]
    for path, found in load_table().allowed:
        assert any(where == path and found in content for where, content in seen), (path, found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.test_language", description="Check the language of files.")
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders; without any, the whole repository")
    parser.add_argument("--list", action="store_true", help="print every user-visible string instead")
    parser.add_argument("--docstrings", action="store_true", help="print the first line of every docstring instead")
    parser.add_argument("--count", action="store_true", help="print the number of findings per package instead")
    parser.add_argument("--rules", action="store_true", help="print the table of rules instead")
    options = parser.parse_args()
    found = list(find_texts(options.paths or [ROOT]))
    if options.rules:
        lines = [f"{rule.section:10}  {rule.example:32}  write {rule.replacement}" for rule in load_table().rules]
    elif options.list:
        lines = [f"{text.path}:{text.line}: {' '.join(text.text.split())}" for text in found if is_visible(text)]
    elif options.docstrings:
        docstrings = (text for text in found if text.kind == "docstring" and text.text.strip())
        lines = [f"{text.path}:{text.line}: {text.text.strip().splitlines()[0]}" for text in docstrings]
    elif options.count:
        lines = [
            f"{count:6}  {package}" for package, count in Counter(map(_package, find_offenders(found))).most_common()
        ]
    else:
        lines = list(find_offenders(found))
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
