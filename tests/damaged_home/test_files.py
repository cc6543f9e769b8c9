"""Every file × every kind of damage: the rest of the home stays usable."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from core.home import Home
from core.store.run_store import RunStore
from tests.support.damage import DAMAGES, damaged
from tests.support.full_home import list_missing
from tests.support.home_reader import GOOD, MORE, check_home, files_of, ids_of, is_chosen, read_home
from tests.support.markers import LONG
from tests.support.paths import ROOT


def test_home_contains_a_file_of_every_kind_that_is_written(full_home: Home) -> None:
    assert [*list_missing(full_home)] == []


def list_cases(home: Home) -> Iterator[tuple[Path, str, bool]]:
    """Return every file with some kinds of damage each, in `make test-all` with more kinds."""
    for index, path in enumerate(files_of(home)):
        in_run = path.parent.parent == home.runs and path.name != "record.json"
        for number, damage in enumerate(DAMAGES):
            if is_chosen(index + number, 40):
                yield path, damage, False
                if in_run:
                    yield path, damage, True


def test_any_damaged_file_leaves_the_rest_usable(full_home: Home) -> None:
    assert read_home(full_home, displays=True) == []
    before = ids_of(full_home)
    for number, (path, damage, resign) in enumerate(list_cases(full_home)):
        where = f"{path.relative_to(full_home.path)}: {damage}{', with its checksum' if resign else ''}"
        with damaged(path, DAMAGES[damage], resign=resign):
            content = path.read_bytes()[:1000] if path.is_file() else b""
            drawn = LONG and number % MORE == 0
            problems = check_home(full_home, where, displays=drawn)
            # Several reads, or several displays, each with the sentence.
            repeated = drawn or path.suffix == ".sqlite" or where.startswith("datasets")
            assert len(problems) == len({*problems}) or repeated, where
            assert path.is_symlink() or path.exists(), where  # reading deletes nothing
            computed = path.name == "index.feather" or path.parent.name.startswith(("statistics", "side-"))
            assert not content or computed or path.read_bytes()[:1000] == content, where
    assert ids_of(full_home) == before


def test_file_instead_of_any_folder_leaves_the_rest_usable(full_home: Home, tmp_path: Path) -> None:
    good = next(run.path for run in RunStore(full_home).open_all(ids_of(full_home)) if run.spec.head == GOOD)
    kept = (good, full_home.runs, full_home.reports)  # the last two are reported as such
    folders = [path for path in sorted(full_home.path.rglob("*")) if path.is_dir() and path not in kept]
    for path in folders if LONG else [full_home.jobs / "processes"]:
        path.rename(tmp_path / "aside")
        try:
            path.touch()
            check_home(full_home, f"a file instead of {path.relative_to(full_home.path)}")
        finally:
            if path.is_dir():  # one that is computed from others, such as resized images
                shutil.rmtree(path)
            else:
                path.unlink()
            (tmp_path / "aside").rename(path)


def test_one_function_writes_every_message_of_a_damaged_run() -> None:
    allowed = {"core/errors.py", "core/store/damage.py"}
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "core").rglob("*.py")
        for line in path.read_text().splitlines()
        if "RunDamagedError(" in line and path.relative_to(ROOT).as_posix() not in allowed
    ]
    assert found == ["core/store/run.py: raise RunDamagedError(problem)"]  # an optional file is missing
