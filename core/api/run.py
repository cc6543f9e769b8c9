"""Runs and comparisons in the HTTP API."""

from typing import Any

from core.access.role import User
from core.actions.run import add_runs
from core.api.cache import ResponseCache
from core.api.parameter import NoParameters, PredictionSearch, RunFileName, RunName, RunNames, RunSearch
from core.api.response import (
    BINARY,
    JSON,
    ZIP,
    ApiResponse,
    ComparisonResult,
    ImportedRuns,
    NoteModel,
    RunDetails,
    RunList,
    RunSummary,
)
from core.api.response_job import CurvePoint, Curves, ImagePrediction, PredictionList, RunFile, RunFiles
from core.errors import RunNotFoundError
from core.home import Home
from core.store.bundle import list_files
from core.store.elsewhere import clear_settings, list_known_settings
from core.store.note import Note, NoteBook, join_notes
from core.store.run import Run
from core.store.run_store import RunStore

_CACHE_SIZE = 16
_MAX_PROBABILITIES = 1_000_000


class RunEndpoint:
    """Runs and comparisons of one run store. Thread-safe."""

    def __init__(self, home: Home) -> None:
        self.store = RunStore(home)
        self.notes = NoteBook(home)
        self._cache = ResponseCache(_CACHE_SIZE)

    def list(self, parameters: RunSearch) -> RunList:
        from core.displays.json_values import to_rows
        from core.store.search import search

        found = search(join_notes(self.store.frame(), self.notes.read_available()), parameters.q)
        rows = [*map(clear_settings, to_rows(found.iloc[parameters.offset : parameters.offset + parameters.limit]))]
        summaries = [
            {name: row[name] for name in RunSummary.model_fields} | {"tags": str(row["tags"]).split()} for row in rows
        ]
        return RunList(total=len(found), offset=parameters.offset, limit=parameters.limit, runs=tuple(summaries))

    def add(self, user: User, parameters: NoParameters, bundle: bytes) -> ImportedRuns:
        """Import a bundle with runs from elsewhere; an admin can also import runs of Headroom."""
        found = add_runs(user, self.store.home, [("upload.zip", bundle)])
        return ImportedRuns(imported=tuple(found.imported), existing=tuple(found.existing))

    def list_curves(self, parameters: RunName) -> Curves:
        from core.displays.json_values import make_plain, to_rows

        run = self.store.open(parameters.run_id)
        frame = run.history.assign(learning_rate=run.learning_rates)
        rows = to_rows(frame[[*CurvePoint.model_fields]])
        return Curves(run_id=run.run_id, points=tuple(map(make_plain, rows)))

    def list_predictions(self, parameters: PredictionSearch) -> PredictionList:
        """Return a page of predictions. Its probabilities are at most a million values."""
        from core.displays.json_values import make_plain
        from core.store.metrics import NO_PREDICTION, compute_predicted

        run = self.store.open(parameters.run_id)
        probs: Any = getattr(run.predictions, f"{parameters.split}_probs")
        labels: Any = getattr(run.predictions, f"{parameters.split}_labels")
        limit = min(parameters.limit, max(1, _MAX_PROBABILITIES // max(1, probs.shape[1])))
        part = slice(parameters.offset, parameters.offset + limit)
        page = zip(labels[part].tolist(), compute_predicted(probs[part]).tolist(), probs[part].tolist(), strict=True)
        return PredictionList(
            run_id=run.run_id, split=parameters.split, classes=run.record.data.classes, total=len(labels),
            offset=parameters.offset, limit=limit,
            predictions=tuple(
                ImagePrediction(
                    image=image, true_class=label, predicted_class=None if predicted == NO_PREDICTION else predicted,
                    probabilities=make_plain(row),
                )
                for image, (label, predicted, row) in enumerate(page, parameters.offset)
            ),
        )  # fmt: skip

    def list_files(self, parameters: RunName) -> RunFiles:
        run = self.store.open(parameters.run_id)
        files = [
            RunFile(name=name, bytes=(run.path / name).stat().st_size, sha256=run.record.checksums.get(name))
            for name in list_files(run, models=True)
        ]
        return RunFiles(run_id=run.run_id, files=tuple(files))

    def send_file(self, parameters: RunFileName) -> ApiResponse:
        """Return a file of a run, also in parts. Logs are not sent, because they contain paths of the machine."""
        run = self.store.open(parameters.run_id)
        if parameters.name not in list_files(run, models=True):
            raise RunNotFoundError(f"Run {run.run_id} has no file {parameters.name!r:.60}.")
        headers = {"Content-Disposition": f'attachment; filename="{run.run_id}-{parameters.name}"'}
        return ApiResponse(b"", BINARY, headers, path=run.path / parameters.name)

    def show(self, parameters: RunName) -> RunDetails:
        from core.recipes import recipe_of

        run = self.store.open(parameters.run_id)
        record, note = run.record, self.notes.read_available().get(run.run_id, Note())
        recipe = recipe_of(run.spec)
        same = (
            "run_id", "finished_at", "trained_epochs", "measured_epoch", "last_metrics", "resumed_at", "cpu", "cores",
            "metrics", "cost", "data", "elsewhere",
        )  # fmt: skip
        return RunDetails(
            recipe=recipe.name if recipe else None,
            withheld=run.is_withheld,
            spec=list_known_settings(run.spec),
            checksums=record.checksums,
            note=NoteModel(**{name: getattr(note, name) for name in NoteModel.model_fields}),
            **{name: getattr(record, name) for name in same},
        )

    def download(self, parameters: RunName) -> ApiResponse:
        """Return the model package of a run."""
        from core.exporters.model_package import PACKAGE, name_file, read_package

        run = self.store.open(parameters.run_id)
        headers = {"Content-Disposition": f'attachment; filename="{name_file(run, PACKAGE)}"'}
        return ApiResponse(read_package(run), ZIP, headers)

    def compare(self, parameters: RunNames) -> ApiResponse:
        """Return the results of a comparison, cached until one of its runs changes."""
        from core.displays.comparison_json import list_results
        from core.displays.json_values import make_plain
        from core.jobs.comparison_choice import choose_runs
        from core.jobs.diverged import list_diverged
        from core.store.comparison import Comparison

        chosen = choose_runs(self.store, parameters.ids)
        runs = self.store.open_all(chosen.run_ids)
        diverged = list_diverged(self.store.home)
        key = parameters.ids, parameters.baseline, self.store.generation, tuple(map(_read_version, runs)), diverged

        def compute() -> ApiResponse:
            comparison = Comparison.of(runs).with_baseline(parameters.baseline).with_diverged(diverged)
            results = make_plain(list_results(comparison, self.store.frame(), [*chosen.missing]))
            return ApiResponse(ComparisonResult.model_validate(results).model_dump_json().encode(), JSON)

        return self._cache.get(key, compute)


def _read_version(run: Run) -> tuple[int, int]:
    """Return a value that changes when files of a run are added or removed, or its record is replaced."""
    return run.path.stat().st_mtime_ns, (run.path / "record.json").stat().st_mtime_ns
