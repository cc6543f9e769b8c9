"""Reproduction of the results of a report: the commands and the environment."""

from collections.abc import Iterable
from shlex import quote

from core.recipes import write_command, write_commands
from core.reports.document import Reproduction
from core.store.comparison import Comparison
from core.store.environment import read_environment
from core.store.record import CLASS_ORDER, MODEL_FILE
from core.store.run import Run


def build_reproduction(comparison: Comparison) -> Reproduction:
    ids = " ".join(run.run_id for run in comparison.runs)
    baseline = f" --baseline {comparison.baseline}" if comparison.baseline else ""
    trained = write_commands([run.spec for run in comparison.runs])
    added = dict.fromkeys(_write_origin(run) for run in comparison.runs if run.spec.elsewhere)
    commands = (*trained, *added, f"headroom compare {ids}{baseline}")
    return Reproduction(commands=commands, environment=_merge(map(_read_environment, comparison.runs)))


def _write_origin(run: Run) -> str:
    """Return the command that evaluates the model of a run from elsewhere, or that imports its results."""
    found, spec = run.record.elsewhere, run.spec
    if found is None or found.library != MODEL_FILE:
        return write_command(spec)
    order = found.settings.get(CLASS_ORDER, "")
    names = "NAMES" if order.endswith("…") else quote(order)  # too many names are stored shortened
    classes = f" --classes {names}" if order else ""
    return f"headroom models evaluate {quote(spec.elsewhere)} --dataset {spec.folder or spec.dataset}{classes}"


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
