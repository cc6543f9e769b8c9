"""Test predictions of all runs of a comparison as CSV, with text that spreadsheets do not run as formulas."""

import numpy as np
import pandas as pd

from core.displays.display import name_predictions
from core.displays.table import is_formula
from core.home import Home
from core.store.comparison import Comparison
from core.store.image_name import name_test_images
from core.store.metrics import NO_PREDICTION, compute_predicted


def list_predictions(comparison: Comparison) -> pd.DataFrame:
    """Return one row per run and test image.

    Columns image, file (only if the names of the source files are known), true_class, head, seed, run_id,
    predicted_class, confidence, correct, and `P(<class>)` for the probability of each class, as stored (float32).
    Confidence is missing for an image without a prediction.
    """
    names = name_predictions(comparison)
    classes = comparison.first.record.data.classes
    files = name_test_images(Home.default(), comparison.first)
    frames = []
    for variant in comparison.variants:
        for run in variant.runs:
            probs, labels = run.predictions.test_probs, run.predictions.test_labels
            predicted = compute_predicted(probs)
            given = probs[np.arange(len(labels)), predicted]
            first = pd.DataFrame({
                "image": np.arange(len(labels)),
                **({} if files is None else {"file": files}),
                "true_class": pd.Series(labels).map(names),
                "head": variant.label,
                "seed": run.spec.seed,
                "run_id": run.run_id,
                "predicted_class": pd.Series(predicted).map(names),
                "confidence": np.where(predicted == NO_PREDICTION, np.float32(np.nan), given),
                "correct": predicted == labels,
            })  # fmt: skip
            columns = [f"P({name})" for name in classes]
            frames.append(pd.concat([first, pd.DataFrame(probs, columns=columns)], axis=1))
    return pd.concat(frames, ignore_index=True)


def write_predictions(comparison: Comparison) -> bytes:
    """Return `list_predictions` as CSV in UTF-8 with a byte order mark for Excel."""
    frame = list_predictions(comparison)
    for name in {"file", "true_class", "head", "predicted_class"} & {*frame.columns}:
        frame[name] = frame[name].map({text: f"'{text}" if is_formula(text) else text for text in frame[name].unique()})
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
