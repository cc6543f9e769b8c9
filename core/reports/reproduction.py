"""Reproduction of the results of a report: the commands and the environment."""

from collections.abc import Iterable

from core.recipes import write_commands
from core.reports.document import Reproduction
from core.store.comparison import Comparison
from core.store.environment import read_environment
from core.store.run import Run


def build_reproduction(comparison: Comparison) -> Reproduction:
    ids = " ".join(run.run_id for run in comparison.runs)
    baseline = f" --baseline {comparison.baseline}" if comparison.baseline else ""
    commands = (*write_commands([run.spec for run in comparison.runs]), f"headroom compare {ids}{baseline}")
    return Reproduction(commands=commands, environment=_merge(map(_read_environment, comparison.runs)))


def _read_environment(run: Run) -> dict[str, str]:
    found = {"Data": f"{run.spec.dataset} {run.record.data.fingerprint}", "Processor": str(run.record.machine)}
    known = read_environment(run)
    found |= {"Code": known.code}
    if known.gpu:
        found |= {"GPU": known.gpu}
    if known.python or known.libraries:
        found |= {"Python": known.python or "unknown", **known.libraries, "Platform": known.platform or "unknown"}
    return found | {"Seed": str(run.spec.seed)}


def _merge(environments: Iterable[dict[str, str]]) -> dict[str, str]:
    """Join the values of all runs by name, without duplicates."""
    values: dict[str, dict[str, None]] = {}
    for environment in environments:
        for name, value in environment.items():
            values.setdefault(name, {})[value] = None
    merged = {name: ", ".join(found) for name, found in values.items()}
    if "Seed" in merged:
        merged["Seeds"] = ", ".join(sorted(values["Seed"], key=int))
        del merged["Seed"]
    return merged
