"""`comparisons`: the life of a saved comparison."""

from core.home import Home
from core.store.run_store import RunStore
from tests.support.command import ask, call, refused
from tests.support.run_writer import RunWriter


def test_comparison_is_saved_renamed_deleted_and_restored(home: Home, make_run: RunWriter) -> None:
    runs = [make_run(head=head).run_id for head in ("gap", "dense")]
    result = call("comparisons", "save", "For the paper", *runs, "--baseline", "dense")
    found = result.stdout.strip()
    (saved,) = ask("comparisons")
    assert found == f"saved:{saved['saved_id']}", result.output
    assert (saved["name"], saved["runs"], saved["baseline"][:5]) == ("For the paper", runs, "dense")
    assert "Renamed" in call("comparisons", "rename", found[:10], " Renamed ").stdout
    table = call("comparisons").stdout
    assert "Renamed" in table
    assert found in table
    assert ask("compare", found)["missing"] == []
    assert call("comparisons", "delete", saved["saved_id"]).exit_code == 0
    assert ask("comparisons") == []
    assert [one["saved_id"] for one in ask("comparisons", "--deleted")] == [saved["saved_id"]]
    assert refused("comparisons", "rename", found, "x")[0] == 1
    assert call("comparisons", "restore", found).exit_code == 0
    assert [one["name"] for one in ask("comparisons")] == ["Renamed"]
    assert len(RunStore(home).frame().query("source == 'home'")) == 2


def test_wrong_arguments_are_refused_and_damaged_files_named(home: Home, make_run: RunWriter) -> None:
    found = call("comparisons", "save", "One", make_run().run_id).stdout.strip()
    other = call("comparisons", "save", "Two", make_run().run_id).stdout.strip()
    assert (
        "Expected a name of 1 to 100 printable characters; got ''." in refused("comparisons", "rename", found, " ")[1]
    )
    for words in (("rename", "saved:x", "y"), ("delete", "zz"), ("delete", "../runs"), ("restore", found)):
        code, line = refused("comparisons", *words)
        assert code == 1
        assert any(text in line for text in ("was not found", "Expected the ID", "is not in the trash")), line
    assert "renamed" in call("comparisons", "rename", "two", "One").stdout
    code, line = refused("compare", "saved:One")
    assert "'One' matches 2 saved comparisons; give an ID: saved:" in line
    assert (found in line, other in line) == (True, True)
    (home.comparisons / f"{other.removeprefix('saved:')}.json").write_text("{")
    result = call("comparisons")
    assert "is damaged" in result.stderr
    assert found in result.stdout
    assert call("comparisons", "delete", other).exit_code == 0
    assert "is damaged" in call("comparisons", "--deleted").stderr
