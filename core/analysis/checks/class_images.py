"""Check that every class has training, validation and test images."""

import numpy as np

from core.analysis.check import MAX_NAMES, Result, check
from core.store.comparison import Comparison


@check(code="H17", title="Classes without images", severity="warning")
def class_images(comparison: Comparison) -> Result:
    """**Check:** every class has validation and test images, and there are at least as many training images as classes.

    **Why it matters:** no model can learn a class without training images. A class without validation images does not
    count in the choice of the epoch or of the baseline, and one without test images not in the accuracy.

    **What to do:** add images of these classes, or train on more images of the dataset.
    """
    data, predictions = comparison.first.record.data, comparison.first.predictions
    problems = [
        _describe_missing(data.classes, labels, part)
        for part, labels in (("validation", predictions.validation_labels), ("test", predictions.test_labels))
        if len(labels)
    ]
    fewest = min((count for run in comparison.runs if (count := run.record.data.train_images)), default=None)
    if fewest is not None and fewest < len(data.classes):
        problems.append(f"{fewest:,} training images are fewer than the {len(data.classes):,} classes.")
    found = " ".join(filter(None, problems))
    if found:
        return Result("failed", f"{found} Add images, or train on more of them.")
    return Result("passed", "Every class has validation and test images.")


def _describe_missing(classes: tuple[str, ...], labels: np.ndarray, part: str) -> str:
    missing = [name for label, name in enumerate(classes) if label not in {*np.unique(labels).tolist()}]
    if not missing:
        return ""
    listed = ", ".join(f'"{name}"' for name in missing[:MAX_NAMES])
    more = f" and {len(missing) - MAX_NAMES:,} more" if len(missing) > MAX_NAMES else ""
    noun = "class has" if len(missing) == 1 else "classes have"
    return f"{len(missing):,} of {len(classes):,} {noun} no {part} images: {listed}{more}."
