"""Runs and comparisons for programs."""

from core.api.cache import ResponseCache
from core.api.parameter import RunName, RunNames, RunSearch
from core.api.response import JSON, ApiResponse, Figures, NoteShape, RunDetails, RunLine, RunList
from core.home import Home
from core.store.note import NoteBook, join_notes
from core.store.run import Run
from core.store.run_store import RunStore

_MOST_KEPT = 16


class RunEndpoint:
    """Answers from one store of runs. Safe to share between threads."""

    def __init__(self, home: Home) -> None:
        self.store = RunStore(home)
        self.notes = NoteBook(home)
        self._cache = ResponseCache(_MOST_KEPT)

    def list(self, asked: RunSearch) -> RunList:
        from core.displays.json_values import to_rows
        from core.store.search import search

        found = search(join_notes(self.store.frame(), self.notes.read_all()), asked.q)
        rows = to_rows(found.iloc[asked.offset : asked.offset + asked.limit])
        lines = [
            {name: row[name] for name in RunLine.model_fields} | {"tags": str(row["tags"]).split()} for row in rows
        ]
        return RunList(total=len(found), offset=asked.offset, limit=asked.limit, runs=tuple(lines))

    def show(self, asked: RunName) -> RunDetails:
        from core.recipes import recipe_of

        run = self.store.open(asked.run_id)
        record, note = run.record, self.notes.read(run.run_id)
        recipe = recipe_of(run.spec)
        same = ("run_id", "finished_at", "trained_epochs", "resumed_at", "cpu", "cores", "metrics", "cost", "data")
        return RunDetails(
            recipe=recipe.name if recipe else None,
            spec=run.spec,
            checksums=record.checksums,
            note=NoteShape(**{name: getattr(note, name) for name in NoteShape.model_fields}),
            **{name: getattr(record, name) for name in same},
        )

    def compare(self, asked: RunNames) -> ApiResponse:
        """Its figures stay at hand until a run is another."""
        from core.displays.comparison_json import list_results
        from core.displays.json_values import make_plain
        from core.store.comparison import Comparison

        runs = self.store.open_all(asked.ids)
        key = asked.ids, self.store.generation, tuple(_date(run) for run in runs)

        def compute() -> ApiResponse:
            figures = make_plain(list_results(Comparison.of(runs), self.store.frame()))
            return ApiResponse(Figures.model_validate(figures).model_dump_json().encode(), JSON)

        return self._cache.get(key, compute)


def _date(run: Run) -> tuple[int, int]:
    """Another value when a file of a run came or went, or its record was replaced."""
    return run.path.stat().st_mtime_ns, (run.path / "record.json").stat().st_mtime_ns
