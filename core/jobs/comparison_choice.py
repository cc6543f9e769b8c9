"""The runs of a comparison by the forms that links and commands contain."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from core.errors import ComparisonError, JobError, RunDamagedError, RunNotFoundError, UnknownComparisonError
from core.jobs.run_lookup import find_state
from core.jobs.sweep_store import open_sweep
from core.recipes import RECIPES
from core.store.comparison import Offer, find_offers, list_offers
from core.store.run_store import RunStore
from core.store.saved_comparison import find_saved_id, list_saved, open_saved
from core.suggestion import suggest

MAX_SELECTED_RUNS = 200
"""Maximum number of selected runs in a comparison: the first view of as many takes about 3 s."""
RUNS, SWEEP, RECIPE, SAVED = "runs:", "sweep:", "recipe:", "saved:"  # beginnings of IDs of comparisons
FORMS = "recipe:digits-heads, runs:RUN_ID,RUN_ID, sweep:SWEEP_ID or saved:NAME"

_ID, _PREFIX = re.compile(r"[0-9a-f]{12}"), re.compile(r"[0-9a-f]{1,12}")
_PREFIXES = re.compile(r"[0-9a-f]{1,12}([,;] *[0-9a-f]{1,12})*")
_LISTED = 3  # IDs in a message
_STATES = {"training": "in training", "deleted": "deleted or not trained"}


@dataclass(frozen=True)
class ChosenRuns:
    """The finished runs of a comparison. `missing` has, by ID, the reason why a selected run is not one of them: the
    empty text for runs of a sweep that have no results, whose states are counted in `states`."""

    run_ids: tuple[str, ...]
    missing: dict[str, str]
    states: dict[str, int] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """Describe the missing runs, if any; otherwise ""."""
        total = len(self.missing) + len(self.run_ids)
        reasons = [reason for reason in self.missing.values() if reason]
        parts = []
        if lost := len(self.missing) - len(reasons):
            counts = [f"{count:,} {_STATES.get(state, state)}" for state, count in self.states.items()]
            parts.append(f"{lost:,} of {total:,} runs of this sweep have no results: {', '.join(counts)}.")
        if reasons:
            more = f" {len(reasons) - _LISTED:,} more are missing." if reasons[_LISTED:] else ""
            parts.append(
                f"{len(reasons):,} of {total:,} selected runs cannot be shown. {' '.join(reasons[:_LISTED])}{more}"
            )
        return " ".join(parts)


def choose_runs(
    store: RunStore, texts: Iterable[str], offers: Callable[[], Sequence[Offer]] | None = None
) -> ChosenRuns:
    """Find the runs of comparison IDs, run IDs and unique prefixes of run IDs.

    A complete run ID whose run was deleted or is damaged is reported as missing if other runs are left.

    Args:
        offers: returns the available comparisons, for callers that cache them.

    Raises:
        ComparisonError: when a text has another form, or the comparison does not exist.
        RunNotFoundError, RunDamagedError: when no run is left, or a prefix matches no run or several.
    """
    found: dict[str, None] = {}
    missing: dict[str, str] = {}
    states: Counter[str] = Counter()
    problems: list[Exception] = []
    for text in texts:
        if text.startswith((SWEEP, SAVED)):
            is_sweep = text.startswith(SWEEP)
            listed = _list_sweep(store, text) if is_sweep else _list_saved(store, text)
            for run_id in listed:
                try:
                    store.open(run_id).verify()
                    found[run_id] = None
                except RunNotFoundError as error:
                    missing[run_id] = "" if is_sweep else str(error)
                    states[find_state(store.home, run_id)] += is_sweep
                except RunDamagedError as error:
                    missing[run_id] = str(error)
        elif text.startswith(RUNS) or _PREFIXES.fullmatch(text):
            for run_id in _split(text):
                try:
                    found[(store.open if _ID.fullmatch(run_id) else store.find)(run_id).run_id] = None
                except RunNotFoundError as error:
                    if not _ID.fullmatch(run_id):
                        raise
                    missing[run_id] = f"{error} {suggest(run_id, store.list_ids(), ids=True)}".rstrip()
                    problems.append(RunNotFoundError(missing[run_id]))
                except RunDamagedError as error:
                    if not _ID.fullmatch(run_id):
                        raise
                    missing[run_id] = str(error)
                    problems.append(error)
        else:
            found |= dict.fromkeys(_find_offer(store, text, list_offers(store.frame()) if offers is None else offers()))
    if not found:
        reasons = [reason for reason in missing.values() if reason]
        if len(missing) == 1 and problems:
            raise problems[0]
        lost = f"None of the {len(missing):,} runs of this comparison can be shown. {next(iter(reasons), '')}"
        raise ComparisonError(lost if reasons else "This sweep has no finished runs.")
    return ChosenRuns(tuple(found), missing, states)


def _split(text: str) -> list[str]:
    ids = [part.strip() for part in re.split("[,;]", text.removeprefix(RUNS)) if part.strip()]
    if not ids:
        raise ComparisonError("No runs are selected. Select runs on the Runs page.")
    if len(ids) > MAX_SELECTED_RUNS:
        raise ComparisonError(f"A comparison has at most {MAX_SELECTED_RUNS} runs; this selection has {len(ids):,}.")
    for run_id in ids:
        if not _PREFIX.fullmatch(run_id):
            raise ComparisonError(f"Expected run IDs of up to 12 hex digits, separated by commas; got {run_id!r:.60}.")
    return ids


def _list_sweep(store: RunStore, text: str) -> list[str]:
    sweep_id = text.removeprefix(SWEEP)
    if not _PREFIX.fullmatch(sweep_id):
        raise ComparisonError(f"Expected a sweep ID of up to 12 hex digits after sweep:; got {sweep_id!r:.60}.")
    try:
        return [spec.run_id for spec in open_sweep(store.home, sweep_id).specs]
    except JobError as error:
        raise ComparisonError(str(error)) from None


def _list_saved(store: RunStore, text: str) -> tuple[str, ...]:
    return open_saved(store.home, find_saved_id(store.home, text)).runs


def _find_offer(store: RunStore, text: str, offers: Sequence[Offer]) -> tuple[str, ...]:
    found = find_offers(offers, text)
    if len(found) > 1:
        options = "; ".join(f"{offer.label} ({offer.key})" for offer in found)
        raise ComparisonError(f"{text!r:.60} fits several comparisons: {options}.")
    if found:
        return found[0].run_ids
    name = re.split(r":| · ", text.removeprefix(RECIPE))[0]
    if name in RECIPES:
        raise ComparisonError(f"Comparison {text!r:.60} no longer exists.")
    names = [*(one.name for one in list_saved(store.home)), *RECIPES]
    hint = suggest(text.removeprefix(RECIPE), names, prefix=lambda found: RECIPE if found in RECIPES else SAVED)
    raise UnknownComparisonError(f"Expected a comparison such as {FORMS}; got {text!r:.60}. {hint}".rstrip())
