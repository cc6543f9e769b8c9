"""The table of budgets in docs/performance.md, and a comparison of two versions.

    python -m benchmarks._table --repeats 3
    python -m benchmarks._table --compare main --only commands

Runs the benchmarks with a budget and replaces their rows in the table; other rows stay. `--compare` also runs them in a
temporary checkout of another revision, alternately, and prints both medians; the table is not changed.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- budgets -->\n", "<!-- end of budgets -->\n"
HEADER = ("measurement", "median", "spread", "budget", "result", "measured on")
Line = dict[str, Any]
Choice = Callable[[Line], float | None]


@dataclass(frozen=True)
class Budget:
    """A value in the lines of a benchmark, and its limit. Of several lines, the largest value counts.

    Attributes:
        arguments: module of the benchmark, and its arguments.
        choose: returns the value of a line; None or KeyError if the line has none.
        unit: "s", "MB" or "×".
    """

    name: str
    arguments: str
    choose: Choice
    limit: float
    unit: str = "s"


def _command(*names: str, value: str = "seconds") -> Choice:
    return lambda line: line[value] if line["command"] in names else None


QUICK = ("--help", "jobs", "datasets", "models", "report", "comparisons", "params")
BUDGETS = (
    Budget("training, 8 epochs of KMNIST, ratio to the published script", "training --dataset kmnist --epochs 8",
           lambda line: line["ratio"], 0.40, "×"),
    Budget("training, 25 epochs of KMNIST, ratio to the published script", "training --dataset kmnist --epochs 25",
           lambda line: line["ratio"], 0.33, "×"),
    Budget("slowest command that lists no runs", "commands", _command(*QUICK), 0.5),
    Budget("slowest of `runs`, `recipes`, `show` and `compare`", "commands",
           _command("runs", "recipes", "show", "compare"), 0.5),
    Budget("HTML report, whole command", "commands", _command("report export … .html"), 3.0),
    Budget("first HTML report of a home, whole command", "commands",
           _command("report export … .html", value="first_seconds"), 3.0),
    Budget("PDF report, whole command", "commands", _command("report export … .pdf"), 5.0),
    Budget("slowest page, 1,000 runs", "pages", lambda line: line["runs_1000_seconds"], 0.1),
    Budget("Runs with 1,000 runs, ratio to 10 runs", "pages",
           lambda line: line["ratio"] if line["page"] == "runs" else None, 1.3, "×"),
    Budget("memory of the dashboard after all pages", "pages",
           lambda line: line["memory_bytes"] and line["memory_bytes"] / 1e6, 250, "MB"),
    Budget("10,000 runs listed by a new process", "listing", lambda line: line["cold_seconds"], 0.15),
    Budget("slowest data of a view, 10,000 test images", "frames", lambda line: line["seconds"], 0.3),
    Budget("submission of a cached spec, 1,000 runs", "submit", lambda line: line["median_seconds"], 0.05),
    Budget("95th percentile of 50 sessions, 1,000 runs", "sessions", lambda line: line["p95_seconds"], 1.0),
    Budget("first chart, ratio to an empty page", "first_chart", lambda line: line["ratio"], 1.3, "×"),
)  # fmt: skip


def run_benchmark(arguments: str, tree: Path) -> list[Line]:
    """Run a benchmark in a checkout and return its lines; none if it fails there."""
    module, *rest = arguments.split()
    command = [sys.executable, "-m", f"benchmarks.{module}", *rest]
    done = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, text=True, check=False)
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def find_value(budget: Budget, lines: Sequence[Line]) -> float | None:
    """Return the largest value of a budget in the lines of its benchmark; None if it was not measured."""
    values = []
    for line in lines:
        try:
            values.append(budget.choose(line))
        except KeyError:
            continue
    return max((value for value in values if value is not None), default=None)


def measure(chosen: Sequence[Budget], trees: Sequence[Path], repeats: int) -> dict[Path, dict[Budget, list[float]]]:
    """Return the values of budgets by checkout. Each benchmark runs alternately in all checkouts."""
    found: dict[Path, dict[Budget, list[float]]] = {tree: {budget: [] for budget in chosen} for tree in trees}
    for arguments in dict.fromkeys(budget.arguments for budget in chosen):
        for _ in range(repeats):
            for tree in trees:
                print(f"Running {arguments} in {tree}.", file=sys.stderr)
                lines = run_benchmark(arguments, tree)
                for budget in chosen:
                    value = find_value(budget, lines) if budget.arguments == arguments else None
                    if value is not None:
                        found[tree][budget].append(value)
    return found


def write_value(value: float, unit: str) -> str:
    """Format a value with its unit.

    >>> write_value(0.366, "×"), write_value(0.012, "s"), write_value(3.1, "s"), write_value(264.2, "MB")
    ('0.366 ×', '12 ms', '3.10 s', '264 MB')
    """
    if unit == "s":
        return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.2f} s"
    return f"{value:.3f} ×" if unit == "×" else f"{value:.0f} {unit}"


def build_row(budget: Budget, values: Sequence[float], day: str) -> tuple[str, ...]:
    """Return the cells of the table for the values of a budget; the spread is the smallest and the largest."""
    median, unit = statistics.median(values), budget.unit
    spread = f"{write_value(min(values), unit)} to {write_value(max(values), unit)}" if len(values) > 1 else "one run"
    result = "met" if median <= budget.limit else "**missed**"
    return budget.name, write_value(median, unit), spread, f"≤ {write_value(budget.limit, unit)}", result, day


def replace_rows(page: str, rows: Sequence[tuple[str, ...]]) -> str:
    """Return the page with these rows in its table, in the order of `BUDGETS`; other rows stay if they have a budget.

    Raises:
        ValueError: when the page has no table.
    """
    before, marker, rest = page.partition(BEGIN)
    table, end, after = rest.partition(END)
    if not marker or not end:
        raise ValueError(f"{PAGE.name} has no table between {BEGIN.strip()} and {END.strip()}.")
    old = [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in table.splitlines()[2:]]
    known = {row[0]: row for row in [*old, *rows]}
    lines = [HEADER, ("---",) * len(HEADER), *(known[one.name] for one in BUDGETS if one.name in known)]
    return before + BEGIN + "".join(f"| {' | '.join(line)} |\n" for line in lines) + END + after


@contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """Check out a revision in a temporary folder, which is deleted after the block."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / re.sub(r"\W+", "-", revision)
        subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--detach", "-q", str(tree), revision], check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=True)


def compare(chosen: Sequence[Budget], revision: str, repeats: int) -> None:
    """Print the medians of a revision and of this checkout."""
    with checked_out(revision) as tree:
        found = measure(chosen, (tree, ROOT), repeats)
        print(f"| measurement | {revision} | now | factor | budget |\n|---|---|---|---|---|")
        for budget in chosen:
            medians = [statistics.median(found[one][budget]) if found[one][budget] else None for one in (tree, ROOT)]
            texts = ["–" if value is None else write_value(value, budget.unit) for value in medians]
            before, now = medians
            factor = f"{now / before:.2f}" if before and now is not None else "–"
            print(f"| {budget.name} | {' | '.join(texts)} | {factor} | {write_value(budget.limit, budget.unit)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="BENCHMARK", help="modules, such as commands")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--compare", metavar="REVISION")
    options = parser.parse_args()
    chosen = [one for one in BUDGETS if not options.only or one.arguments.split()[0] in options.only]
    if options.compare:
        compare(chosen, options.compare, options.repeats)
        return
    values = measure(chosen, [ROOT], options.repeats)[ROOT]
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = [build_row(budget, found, day) for budget, found in values.items() if found]
    page = replace_rows(PAGE.read_text(encoding="utf-8"), rows)
    PAGE.write_text(page, encoding="utf-8")
    print(page.partition(BEGIN)[2].partition(END)[0])
    if missing := [budget.name for budget, found in values.items() if not found]:
        sys.exit(f"Not measured: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
