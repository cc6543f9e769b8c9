"""Every command that takes a comparison accepts the same forms."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import core.exporters.mlflow
import core.exporters.tensorboard
from core.cli.app import app
from core.cli.comparison import METAVAR
from core.home import Home
from core.jobs.comparison_choice import FORMS
from core.jobs.sweep_store import keep_sweep
from core.store.comparison import list_offers
from core.store.run_store import RunStore
from core.store.saved_comparison import save_runs
from tests.support.command import ask, call
from tests.support.run_writer import RunWriter

MISSING = "feedfeedfeed"
NOT_RUNS = {"runs fetch", "import", "export model"}  # runs of the artifact store, files, or runs with models
EXPORTS = {
    "bundle export",
    "export label-errors",
    "export predictions",
    "export mlflow",
    "export tensorboard",
}  # must not lack a run


def list_commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(command, TyperGroup):
        for name, member in command.commands.items():
            yield from list_commands(member, (*words, name))
    elif not command.hidden:
        yield words, command


COMMANDS = {
    " ".join(words): command
    for words, command in list_commands(get_command(app))
    if any(parameter.nargs == -1 for parameter in command.params) and " ".join(words) not in NOT_RUNS
}


def complete(name: str, folder: Path) -> list[str]:
    """Return the required options of a command."""
    options = {
        "bundle export": ["--no-models", "--no-pictures", "-o", str(folder / "b.zip")],
        "export label-errors": ["-o", str(folder / "l.csv")],
        "export predictions": ["-o", str(folder / "p.csv")],
        "export mlflow": ["--tracking-uri", str(folder)],
        "export tensorboard": ["-o", str(folder)],
        "report export": ["-o", str(folder / "r.csv")],
    }
    return options.get(name, [])


def test_every_command_accepts_every_form(
    home: Home, make_run: RunWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [make_run(head=head) for head in ("gap", "dense")]
    ids = [run.run_id for run in runs]
    sweep = keep_sweep(home, "digits-heads", [], [run.spec for run in runs])
    unfinished = keep_sweep(home, "digits-heads", [], [runs[0].spec, runs[0].spec.replace(seed=5)])
    [offer] = [offer for offer in list_offers(RunStore(home).frame()) if set(ids) == set(offer.run_ids)]
    forms = [offer.key, offer.label, f"runs:{','.join(ids)}", ",".join(ids), f"sweep:{sweep.sweep_id}", ids[0][:9]]
    forms[1:1] = [f"saved:{save_runs(home, 'For the paper', tuple(ids)).saved_id[:8]}", "saved:for the paper"]
    exported: list[list[str]] = []

    def export(store: RunStore, run_ids: list[str], *_: Any, **__: Any) -> list[Any]:
        exported.append(run_ids)
        return []

    monkeypatch.setattr(core.exporters.mlflow, "export_mlflow", export)
    monkeypatch.setattr(core.exporters.tensorboard, "export_tensorboard", export)
    assert len(COMMANDS) == 10, [*COMMANDS]
    for name, command in COMMANDS.items():
        assert any(METAVAR.strip(".") in (parameter.metavar or "") for parameter in command.params), name
        words = [*name.split(), "Mine"] if name == "comparisons save" else name.split()
        options = complete(name, tmp_path)
        for form in forms if name in ("compare", "export mlflow") else forms[:1]:  # one parser: the rest is the same
            result = call(*words, form, *options)
            assert (result.exit_code, result.stderr) == (0, ""), (name, form, result.output)
        refused = (
            (
                "soup",
                f"Expected a comparison such as {FORMS}; got 'soup'. Or give run IDs; `headroom runs` lists them.",
            ),
            ("x" * 300, f"got '{'x' * 59}."),
            ("runs:zz", "Expected run IDs of up to 12 hex digits, separated by commas; got 'zz'."),
            ("runs:", "No runs are selected."),
            ("sweep:zz", "Expected a sweep ID of up to 12 hex digits after sweep:; got 'zz'."),
            ("sweep:abcd", "Sweep 'abcd' was not found."),
            ("recipe:digits-heads:00000000", "Comparison 'recipe:digits-heads:00000000' no longer exists."),
            (MISSING, f"Run '{MISSING}' was not found"),
        )
        for form, expected in refused if name in ("compare", "export mlflow") else refused[-1:]:
            result = call(*words, form, *options)
            assert (result.exit_code, result.stdout) == (1, ""), (name, form)
            assert expected in result.stderr, (name, form, result.stderr)
        result = call(*words, f"runs:{ids[0]},{MISSING}", *options)
        assert result.exit_code == (name in EXPORTS), name
        assert f"Run '{MISSING}' was not found" in result.stderr, name
        assert ("1 of 2 selected runs cannot be shown" in result.stderr) == (name not in EXPORTS), name
        result = call(*words, f"sweep:{unfinished.sweep_id}", *options)
        assert (result.exit_code, "1 of 2 runs of this sweep have no results: 1 " in result.stderr) == (
            0,
            True,
        ), name
    assert [set(found) for found in exported[: len(forms) - 1]] == [set(ids)] * (len(forms) - 1)


def test_json_names_missing_runs_and_has_ids_of_variants(home: Home, make_run: RunWriter) -> None:
    ids = [make_run(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in (0, 1)]
    store = RunStore(home)
    store.delete(ids[3])
    given = f"runs:{','.join(ids)}"
    for command in ("compare", "analyse"):
        found = ask(command, given)
        assert found["missing"] == [ids[3]]
        labels = {"GAP", "Flatten + Dense"}
        keys = {head["id"] for head in ask("compare", given)["heads"]}
        for name, rows in found.items():
            for row in rows if name not in ("heads", "missing", "published") and isinstance(rows, list) else []:
                assert row.get("seed") != -1, name
                for column in ("head", "a", "b", "baseline"):
                    assert column not in row or row[column] not in labels or row[f"{column}_id"] in keys, (name, row)
    message = f"1 of 4 selected runs cannot be shown. Run {ids[3]} was deleted. You can restore it on the Runs page."
    assert message in call("compare", given).stderr
    store.restore(ids[3])
    assert ask("compare", given)["missing"] == []


def test_reason_of_every_missing_run_is_named_in_every_form(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(seed=seed) for seed in range(3)]
    ids, store = [run.run_id for run in runs], RunStore(home)
    forms = (
        f"saved:{save_runs(home, 'Mine', tuple(ids), by='').saved_id}", f"runs:{','.join(ids)}",
        f"sweep:{keep_sweep(home, 'digits-heads', [], [run.spec for run in runs]).sweep_id}",
    )  # fmt: skip
    (runs[0].path / "record.json").write_bytes(b"[]")
    for form in forms:
        shown = call("compare", form).stderr
        assert f"record.json of run '{ids[0]}' is invalid" in shown, form
        assert "was deleted" not in shown, form
    store.delete(ids[1])
    for form, reason in zip(
        forms, ("was deleted. You can", "was deleted. You can", "1 deleted or not trained"), strict=True
    ):
        assert reason in call("compare", form).stderr, form
    store.delete(ids[2])
    for form in forms:
        assert "None of the 3 runs of this comparison can be shown." in call("compare", form).stderr


def test_margin_sets_the_verdict(make_run: RunWriter, home: Home) -> None:
    ids = [make_run(head=head, seed=seed).run_id for head in ("gap", "dense") for seed in (0, 1)]
    for command in ("compare", "analyse"):
        rows = {margin: ask(command, *ids, *margin)["difference"] for margin in ((), ("--margin", "5"))}
        assert [row["margin"] for row in rows[()]] == [0.01]
        assert [row["margin"] for row in rows[("--margin", "5")]] == [0.05]
    assert "Margin of 5 points: GAP vs. Flatten + Dense: " in call("compare", *ids, "--margin", "5").stdout
    assert call("report", "create", *ids, "--margin", "2").exit_code == 0
    for command in (["compare"], ["analyse"], ["report", "create"]):
        assert "Expected margin to be one of 0.5, 1, 2, 3, 5; got '4'." in call(*command, *ids, "--margin", "4").stderr
