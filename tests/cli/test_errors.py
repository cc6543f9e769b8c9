"""Errors of commands: one line on standard error with the value."""

import json
from itertools import takewhile

import pytest
import typer
from typer.testing import CliRunner

from core.cli.app import OneLineErrors
from core.cli.usage_error import _MEANT, _NAMED
from core.home import Home
from tests.support.command import call, refused
from tests.support.dataset_writer import write_dataset
from tests.support.run_writer import RunWriter


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["train", "--recipe", "digits-heads", "--heads", "gap,gpa"], 1, "'gpa'"),
        (["train", "--recipe", "digits-heads", "--heads", ""], 1, "Unknown head ''"),
        (["train", "--recipe", "digits-heads", "--epochs", "0"], 1, "between 1 and 1000; got 0."),
        (["train", "--recipe", "digits-heads", "--epochs", "1000000000"], 1, "got 1000000000."),
        (["train", "--recipe", "digits-heads", "--epochs", "many"], 2, "integer between 1 and 1000; got 'many'."),
        (["train", "--recipe", "digits-heads", "--dropout", "x"], 2, "to be a number between 0 and 0.9; got 'x'."),
        (["train", "--recipe", "digits-heads", "--learning-rate", "nan"], 1, "between 0.000001 and 1; got nan"),
        (["train", "--recipe", "digits-heads", "--train-images", "100000"], 1, "between 20 and 1437"),
        (["train", "--recipe", "digits-heads", "--blocks", "6"], 1, "Use fewer blocks"),
        (["train", "--recipe", "digits-heads", "--seeds", "0"], 2, "an integer between 1 and 100; got 0."),
        (["train", "--recipe", "digits-heads", "--seed", "-1"], 1, "got -1."),
        (["train", "--recipe", "digits-heads", "--data", "x"], 1, "16 hex digits; got 'x'"),
        (["train", "--recipe", "nonsense"], 1, "'nonsense'"),
        (["train", "--recipe", "kmnist-heads"], 1, "headroom datasets download kmnist"),
        (["train"], 1, "Give --recipe, or --dataset"),
        (["train", "--recipe", "digits-heads", "--epoch", "3"], 2, "--epochs"),
        (["params", "--recipe", "digits-heads", "--set", "blocks"], 1, "'blocks'"),
        (["params", "--recipe", "digits-heads", "--set", "color=red"], 1, "'color=red'"),
        (["params", "--recipe", "digits-heads", "--set", "blocks=2.5"], 1, "'2.5'"),
        (["params", "--recipe", "digits-heads", "--side", "0"], 1, "(0, 0, 1)"),
        (["params", "--recipe", "digits-heads", "--side", "two"], 2, "between 8 and 512; got 'two'."),
        (["params", "--recipe", "digits-heads", "--classes", "1"], 1, "got 1."),
        (["runs", "--status", "lost"], 1, "'lost'"),
        (["runs", "--recipe", "nonsense"], 1, "'nonsense'"),
        (["show", "abc"], 1, "'abc'"),
        (["show", ""], 1, "Run ''"),
        (["show", "../../etc"], 1, "'../../etc'"),
        (["compare"], 2, "Give the IDs of finished runs, or --recipe."),
        (["compare", "abc", "--recipe", "digits-heads"], 2, "both"),
        (["compare", "abc"], 1, "'abc'"),
        (["compare", "--recipe", "digits-heads"], 1, "headroom train --recipe digits-heads"),
        (["datasets", "download", "nonsense"], 1, "'nonsense'"),
        (["jobs", "cancel", "abc"], 1, "'abc'"),
        (["trian"], 2, "Did you mean 'train'?"),
        (["compare", "--recpie", "digits-heads"], 2, "Did you mean '--recipe'?"),
        (["compare", "--version"], 2, "See: headroom compare --help"),
        (["report", "export", "0" * 12], 2, "See: headroom report export --help"),
        (["list"], 2, "Did you mean: headroom runs"),
        (["datasets", "list"], 2, "To list all, run: headroom datasets"),
        (["logs"], 2, "Did you mean: headroom show RUN_ID"),
        (["jobs", "logs", "abc"], 2, "Did you mean: headroom show RUN_ID"),
        (["cancel", "abc"], 2, "Did you mean: headroom jobs cancel"),
        (["models", "show", "abc"], 2, "Did you mean: headroom models list"),
        (["jobs", "train"], 2, "Did you mean: headroom train"),
        (["restore", "pets"], 2, "headroom datasets restore or: headroom models restore"),
        (["report", "r7k2m9qx-2"], 2, "Did you mean: headroom report export r7k2m9qx-2 -o FILE.html"),
        (["report", "show", "r7k2m9qx"], 2, "Did you mean: headroom report export ID -o FILE.html"),
        (["report", "0" * 12], 2, "Did you mean: headroom report export 000000000000 -o FILE.html"),
        (["0" * 12], 2, "Did you mean: headroom show 000000000000"),
        (["jobs", "0" * 12], 2, "Did you mean: headroom show 000000000000"),
        (["datasets", "my pets"], 2, "Did you mean: headroom datasets show 'my pets'"),
        (["datasets", "don't\x1b[31m"], 2, "See: headroom datasets --help"),
        (["comparisons", "Paper"], 2, "Did you mean: headroom compare saved:Paper"),
        (["digits-heads"], 2, "Did you mean: headroom train --recipe digits-heads"),
        (["train", "digits-heads"], 2, "Did you mean: --recipe digits-heads"),
        (["train", "kmnist"], 2, "Did you mean: --dataset kmnist"),
        (["recipes", "x"], 2, "See: headroom recipes --help"),
        (["train", "--recipe", "digit-heads"], 1, "Did you mean 'digits-heads'? Choose one of: "),
        (["train", "--recipe", "digits-heads", "--heads", "desne"], 1, "Did you mean 'dense'?"),
        (["train", "--dataset", "kmnits"], 1, "Did you mean 'kmnist'?"),
        (["train", "--folder", "kmnits"], 1, "Did you mean 'kmnist'?"),
        (["train", "--dataset", "./pets"], 1, "headroom datasets add pets ./pets"),
        (["train", "--folder", "/my photos/pets.zip"], 1, "headroom datasets add pets '/my photos/pets.zip'"),
        (["datasets", "show", "kmnits"], 1, "Did you mean 'kmnist'?"),
        (["datasets", "check", "kmnits"], 1, "Did you mean 'kmnist'?"),
        (["params", "--recipe", "digits-heads", "--set", "blcks=2"], 1, "Did you mean 'blocks'?"),
        (["runs", "--status", "fnished"], 1, "Did you mean 'finished'?"),
        (["compare", "digit-heads"], 1, "Did you mean 'recipe:digits-heads'?"),
        (["compare", "zzz"], 1, "give run IDs; `headroom runs` lists them."),
        (["report", "export", "zzz", "-o", "x.html"], 1, "give a report; `headroom report` lists them."),
        *((["report", name, "zzz"], 1, "`headroom report` lists all.") for name in ("publish", "links", "comments")),
    ],
)  # fmt: skip
def test_error_is_one_line_with_the_value(home: Home, words: list[str], code: int, named: str) -> None:
    got, line = refused(*words)
    assert got == code
    assert named in line
    assert line.startswith("Expected ") or "; got " not in line


def test_damaged_run_is_one_line_for_show_and_left_out_of_the_list(make_run: RunWriter) -> None:
    whole, damaged = make_run(head="gap"), make_run(head="dense")
    (damaged.path / "record.json").write_text("{")
    for words in (["show", damaged.run_id], ["show", damaged.run_id[:6]], ["compare", damaged.run_id]):
        code, line = refused(*words)
        assert code == 1
        assert damaged.run_id in line
    result = call("runs", "--json")
    assert [row["run_id"] for row in json.loads(result.stdout)] == [whole.run_id]
    assert damaged.run_id in result.stderr


def test_home_that_is_a_file_is_one_line(home: Home) -> None:
    home.path.write_text("")
    for words in (["train", "--recipe", "digits-heads"], ["datasets", "download", "digits"]):
        code, line = refused(*words)
        assert code == 1
        assert str(home.path) in line


def test_damaged_table_of_jobs_is_one_line(home: Home) -> None:
    home.jobs.mkdir(parents=True)
    (home.jobs / "queue.sqlite").write_bytes(b"no table of jobs" * 100)
    code, line = refused("jobs")
    assert code == 1
    assert "queue.sqlite" in line


def test_unexpected_error_is_one_line() -> None:
    broken = typer.Typer(cls=OneLineErrors)
    broken.callback()(lambda: None)

    @broken.command()
    def break_down() -> None:
        raise ZeroDivisionError("division\nby zero")

    result = CliRunner().invoke(broken, ["break-down"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "Unexpected error: ZeroDivisionError: division by zero." in result.stderr


def test_name_that_resembles_an_existing_one_is_suggested_everywhere(home: Home, make_run: RunWriter) -> None:
    run_id = make_run().run_id
    write_dataset(home, ("cat", "dog"), name="pets")
    report_id = call("report", "create", run_id).stdout.strip()
    call("comparisons", "save", "For the paper", run_id)
    wrong = run_id[:-1] + ("1" if run_id[-1] != "1" else "2")
    for words, meant in [
        (["show", wrong], run_id),
        (["compare", wrong], run_id),
        (["export", "model", wrong, "-o", "x"], run_id),
        (["jobs", "cancel", wrong], run_id),
        (["report", "publish", report_id[:-1] + ("a" if report_id[-1] != "a" else "b")], report_id),
        (["compare", "saved:For the papr"], "For the paper"),
        (["compare", "For the paper"], "saved:For the paper"),
        (["datasets", "show", "pts"], "pets"),
        (["train", "--dataset", "pest"], "pets"),
        (["models", "evaluate", "own", "--folder", "pest"], "pets"),
    ]:
        assert f"Did you mean {meant!r}?" in refused(*words)[1], words


def test_suggested_commands_exist() -> None:
    calls = [*_MEANT.values(), *(f"headroom {named.format('ID')}" for named in _NAMED.values())]
    for words in map(str.split, calls):
        assert words.pop(0) == "headroom"
        path = [*takewhile(lambda word: word.islower() and word.isalpha() and word != "ID", words)]
        result = call(*path, "--help")
        assert result.exit_code == 0, words
        assert all(word in result.stdout for word in words if word.startswith("-")), words
