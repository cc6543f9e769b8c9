"""Table of the hyperparameters in which runs differ, with their metrics."""

from collections.abc import Sequence

import pandas as pd

from core.spec import SETTINGS
from core.store.elsewhere import KNOWN
from core.store.kept_epoch import describe_kept_epoch
from core.store.run import Run
from core.store.setting_text import describe_value


def list_differences(runs: Sequence[Run], names: Sequence[str]) -> pd.DataFrame:
    """Return one row per run with the hyperparameters that are not equal in all runs that have them, and the metrics,
    as text; "–" for what a run from elsewhere does not have."""
    known = [
        {name: getattr(run.spec, name) for name in SETTINGS if not run.spec.elsewhere or name in KNOWN} for run in runs
    ]
    differing = [name for name in SETTINGS if len({values[name] for values in known if name in values}) > 1]
    if {"dataset", "data"} <= {*differing}:
        differing.remove("data")  # redundant
    rows = []
    for run, name, values in zip(runs, names, known, strict=True):
        metrics = run.record.metrics
        row = {"Run": name}
        for setting in differing:
            row[SETTINGS[setting].label] = describe_value(setting, values[setting]) if setting in values else "–"
        row["Test accuracy"] = f"{metrics.test_accuracy:.2%}"
        row["Measured at"] = describe_kept_epoch([run.record]).removeprefix("at the ").removeprefix("of the ")
        row["Test loss"] = "–" if metrics.test_loss is None else f"{metrics.test_loss:.4f}"
        row["Parameters"] = "–" if run.record.cost.params is None else f"{run.record.cost.params:,}"
        rows.append(row)
    return pd.DataFrame(rows)
