"""Answers of `headroom advise` compared with complete grids of the same candidates; writes `docs/advice.md`.

`python -m benchmarks.advice [--minutes M] [--only "CASE;CASE"] [--output FILE]` uses the default home. Runs are cached
there, so a second call continues where the time of the first one ended. A case whose dataset is not available, or whose
time did not suffice, is listed as not run; the results of cases that are not selected are kept.

The training time of a race is that of all runs it used, also of cached ones: per candidate its longest run with the
first seed, which continues the shorter ones, and the complete runs with further seeds.
"""

import argparse
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.advice.advance import advance
from core.advice.candidate import Candidate
from core.advice.control import continue_race, pause_race, start_race
from core.advice.decision import decide
from core.advice.evidence import Evidence, list_finalists, measure
from core.advice.make_plan import USUAL_HEADS, make_plan
from core.advice.plan import AdvicePlan
from core.advice.race import Race, make_race
from core.advice.request import Request
from core.displays.advice_text import write_answer
from core.displays.number import format_seconds
from core.errors import HeadroomError
from core.home import Home
from core.jobs.dispatcher import ensure_dispatcher
from core.jobs.submit import cancel_job, submit_all
from core.jobs.wait import wait
from core.recipes import RECIPES
from core.store.run_store import RunStore

SEEDS = 5  # the most that a race uses by default
MARGINS = (1.0, 3.0)
_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Case:
    """A dataset with its candidates."""

    name: str
    recipe: str
    heads: tuple[str, ...]
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)


SMALL = ("gap", "gap_linear", "gap_dense", "dense")
ALL = ("gap", "gap_linear", "gap_dense", "gap_mlp", "gmp_dense", "flatten", "mlp", "dense")
CASES = (
    Case("digits", "digits-heads", ("gap", "dense")),
    Case("digits, more candidates", "digits-heads", SMALL, {"filters": [8, 16]}, {"epochs": 12}),
    Case("digits, 24 candidates", "digits-heads", ALL, {"filters": [8, 16, 32]}, {"epochs": 12}),
    Case("KMNIST", "kmnist-heads", ALL),
    Case(
        "Fashion-MNIST", "fashion-heads", USUAL_HEADS, {},
        {"epochs": 12, "filters": 16, "train_images": 4_000, "validation_images": 2_000},
    ),
    Case(
        "CelebA Male", "celeba-heads", USUAL_HEADS, {},
        {"epochs": 12, "attribute": "Male", "train_images": 2_000, "side": 32, "filters": 8},
    ),
    Case(
        "animals, frozen MobileNet", "folder-heads", USUAL_HEADS, {},
        {"folder": "animals", "backbone": "mobilenet", "frozen": True, "side": 96, "epochs": 12},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Result of a case with one margin; `problem` is why it has none."""

    case: str
    margin: float
    candidates: int = 0
    images: int = 0
    race: str = ""
    race_seconds: float = 0.0
    grid: str = ""
    grid_seconds: float = 0.0
    race_epochs: int = 0
    grid_epochs: int = 0
    problem: str = ""


def run_case(home: Home, case: Case, deadline: float) -> Iterator[Row]:
    for margin in MARGINS:
        try:
            request = Request(margin=margin, seeds=SEEDS)
            plan = make_plan(home, RECIPES[case.recipe], request, case.heads, case.values, case.changes)
            yield measure_case(home, case, plan, deadline)
        except HeadroomError as error:
            yield Row(case.name, margin, problem=str(error))
        except TimeoutError as error:
            yield Row(case.name, margin, problem=f"The time did not suffice for {error}.")


def measure_case(home: Home, case: Case, plan: AdvicePlan, deadline: float) -> Row:
    race = run_race(home, plan, deadline)
    train_grid(home, plan, deadline)
    evidence = Evidence(RunStore(home))
    everything = make_race(plan)
    finalists = list_finalists(everything, evidence, plan.allowed, SEEDS)
    validation = {one.name: measure(one.right, one.labels, plan.request.metric) for one in finalists}
    found = decide(
        list_finalists(everything, evidence, plan.allowed, SEEDS, test=True), plan.request.margin / 100,
        reference=max(validation, key=lambda key: validation[key]),
    )  # fmt: skip
    names = {one.key: one.name for one in plan.candidates}
    answer = race.answer
    assert answer
    grid = _name_answer(found.state, names.get(found.choice or "", ""))
    return Row(
        case.name, plan.request.margin, len(plan.allowed), plan.test_images,
        f"{_name_answer(answer.state, names.get(answer.choice, ''))} — {write_answer(race)}",
        sum(_compute_seconds(race, evidence, one) for one in race.candidates),
        grid,
        _sum_grid(everything, evidence),
        sum(_count_epochs(race, one) for one in race.candidates),
        SEEDS * plan.rungs[-1] * len(plan.allowed),
    )  # fmt: skip


def _name_answer(state: str, choice: str) -> str:
    if state == "undecided":
        return f"undecided; {choice} can be used" if choice else "undecided"
    return f"{state}: {choice}"


def _read_choice(answer: str) -> tuple[bool, str]:
    """Return whether an answer of `_name_answer` is undecided, and its choice."""
    return answer.startswith("undecided"), re.sub(r"^\w+[:;]? ?| can be used$", "", answer)


def _sum_grid(race: Race, evidence: Evidence) -> float:
    runs = [run for one in race.survivors for run in evidence.list_runs(race, one, SEEDS) or ()]
    return sum(run.record.cost.train_seconds or 0.0 for run in runs)


def _count_epochs(race: Race, candidate: Candidate) -> int:
    """Return the epochs that a race used of a candidate, over all seeds."""
    if candidate.excluded_by:
        return 0
    dropped = race.dropped.get(candidate.key)
    if dropped is None:
        return race.seeds * race.rungs[-1]
    return dropped.epochs or dropped.seeds * race.rungs[-1]


def _compute_seconds(race: Race, evidence: Evidence, candidate: Candidate) -> float:
    """Return the training time of what a race used of a candidate: epochs with the first seed, and further seeds."""
    run = evidence.find_longest(race, candidate, 0)
    if run is None:
        return 0.0
    dropped = race.dropped.get(candidate.key)
    if dropped and dropped.epochs:
        return float(run.history["seconds"].iloc[min(dropped.epochs, len(run.history)) - 1])
    runs = evidence.list_runs(race, candidate, dropped.seeds if dropped else race.seeds) or []
    return sum(one.record.cost.train_seconds or 0.0 for one in runs)


def run_race(home: Home, plan: AdvicePlan, deadline: float) -> Race:
    """
    Raises:
        TimeoutError: when the time does not suffice; the race is paused, and continues at the next call.
    """
    race = start_race(home, plan)
    if race.state in ("paused", "failed"):
        race = continue_race(home, race.race_id)
    while race.state == "running":
        if time.monotonic() > deadline:
            pause_race(home, race.race_id)
            raise TimeoutError("the race")
        ensure_dispatcher(home)
        time.sleep(_POLL_SECONDS)
        race = advance(home, race.race_id)
    if race.state == "failed":
        raise HeadroomError(race.problem)
    return race


def train_grid(home: Home, plan: AdvicePlan, deadline: float) -> None:
    """Train every candidate with every seed to the end.

    Raises:
        TimeoutError: when the time does not suffice; queued runs are cancelled.
    """
    specs = [one.spec_of(plan.rungs[-1], seed) for seed in range(SEEDS) for one in plan.allowed]
    for first in range(0, len(specs), 2):
        if time.monotonic() > deadline:
            raise TimeoutError("the grid")
        found = submit_all(home, specs[first : first + 2])
        try:
            wait(home, [one.run_id for one in found])
        except KeyboardInterrupt:
            for one in found:
                cancel_job(home, one.run_id)
            raise


def read_lines(page: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the row and the answer in detail of each result in docs/advice.md, by case and margin."""
    found = {}
    for case, margin, answer in re.findall(r"^- (.+), margin ([\d.]+): (.+)$", page, re.MULTILINE):
        row = re.search(rf"^\| {re.escape(case)} \| {margin} \| .+$", page, re.MULTILINE)
        if row:
            found[case, margin] = row[0], f"- {case}, margin {margin}: {answer}"
    return found


def write_page(rows: Sequence[Row], kept: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """Return docs/advice.md.

    Args:
        kept: lines of earlier results (see `read_lines`), for the cases without a result.
    """
    fresh = {(row.case, f"{row.margin:g}"): _write_lines(row) for row in rows if not row.problem}
    known = {**kept, **fresh}
    results = {key: known[key] for row in rows if (key := (row.case, f"{row.margin:g}")) in known}
    cells = [row.split(" | ") for row, _ in results.values()]
    short, fast = (sum(int(row[column].split("%")[0]) <= 33 for row in cells) for column in (-1, -2))
    equal = [_read_choice(row[4]) for row in cells if _read_choice(row[4]) == _read_choice(row[5])]
    same, undecided = len(equal), sum(is_open for is_open, _ in equal)
    lines = [
        "# Answers of the advisor", "",
        "`headroom advise` compared with complete grids: the same candidates, each trained with all epochs and "
        f"{SEEDS} seeds, and decided by the same rule on the same test images. Written by `python -m "
        "benchmarks.advice`, some cases per call. Training times exclude loading, evaluation and export; those of a "
        "race include runs that were cached.", "",
        "Race and grid of a case were trained on the same machine. Shares of the time still vary by some points; those "
        "of the epochs do not.", "",
        f"{same} of {len(results)} answers equal those of the grid. If both are undecided, they can name different "
        "usable candidates, or one of them none: the advisor compares fewer finalists, and the grid has more seeds. "
        f"{undecided} of the equal answers are undecided. With two candidates, both are finalists, so that little or "
        "no training is saved. Intervals depend slightly on the margin, because their variance has a lower limit that "
        "does (decision 39).", "",
        f"The goal of at most a third of the grid's training time is reached by {fast} of {len(results)}, and by "
        f"{short} of {len(results)} in epochs. A grid with three seeds takes three fifths of the time. The answer "
        "needs at least two seeds of two finalists: 40% of the epochs of a grid of two candidates, 20% with four.", "",
        "| data | margin | candidates | test images | advisor | grid | training time, advisor | training time, grid "
        "| share of the time | share of the epochs |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    lines += [row for row, _ in results.values()]
    lines += ["", "## Answers in detail", "", *(answer for _, answer in results.values())]
    if missing := [row for row in rows if (row.case, f"{row.margin:g}") not in results]:
        lines += ["", "## Not run", ""]
        lines += [f"- {row.case}, margin {row.margin:g}: {row.problem}" for row in missing]
    lines += ["", "## Candidates", ""]
    lines += ["Heads that cannot use the loss of a dataset are excluded: GAP with two classes.", ""]
    for case in CASES:
        values = "; ".join(f"{name} {', '.join(map(str, some))}" for name, some in case.values.items())
        fixed = ", ".join(f"{name} {value}" for name, value in case.changes.items())
        heads = ", ".join(case.heads)
        lines.append(f"- **{case.name}** ({case.recipe}): {'; '.join(filter(None, (heads, values, fixed)))}")
    return "\n".join(lines) + "\n"


def _write_lines(row: Row) -> tuple[str, str]:
    """Return the row of the table and the answer in detail."""
    share = row.race_seconds / row.grid_seconds if row.grid_seconds else 1.0
    times = f"{format_seconds(row.race_seconds)} | {format_seconds(row.grid_seconds)} | {share:.0%}"
    answer, _, detail = row.race.partition(" — ")
    return (
        f"| {row.case} | {row.margin:g} | {row.candidates} | {row.images:,} | {answer} | {row.grid} | {times} "
        f"| {row.race_epochs / row.grid_epochs:.0%} |",
        f"- {row.case}, margin {row.margin:g}: {detail}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="time for everything")
    parser.add_argument("--only", default="", help="names of cases, separated by semicolons")
    parser.add_argument("--output", type=Path, default=Path("docs/advice.md"))
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    chosen = [name.strip().lower() for name in options.only.split(";") if name.strip()]
    rows: list[Row] = []
    for case in CASES:
        if chosen and case.name.lower() not in chosen:
            rows += [Row(case.name, margin, problem="It was not selected.") for margin in MARGINS]
            continue
        rows += run_case(Home.default(), case, deadline)
    former = options.output.read_text(encoding="utf-8") if options.output.exists() else ""
    options.output.write_text(write_page(rows, read_lines(former)), encoding="utf-8")
    print(f"{options.output}: {sum(not row.problem for row in rows)} of {len(rows)} cases")


if __name__ == "__main__":
    main()
