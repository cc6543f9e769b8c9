"""Which images of the training split train, and which are kept for validation."""

import math

from core.errors import SpecError
from core.spec import KNOBS, RunSpec


def compute_split(spec: RunSpec, train_count: int) -> tuple[range, range]:
    """Indices of the training and of the validation images among the `train_count` of the training split.

    The first `train_images` are used, all without it; the last `validation_fraction` of them validate, rounded as by
    `validation_split` of Keras' `Model.fit` (`keras/src/trainers/data_adapters/array_slicing.py`).

    Raises:
        SpecError: when there are not so many images, or too few to split.

    >>> compute_split(RunSpec(train_images=1000), 1437)
    (range(0, 800), range(800, 1000))
    """
    count = train_count if spec.train_images is None else spec.train_images
    split_at = math.floor(count * (1.0 - spec.validation_fraction))
    if count > train_count or not 0 < split_at < count:
        low = KNOBS["train_images"].low
        raise SpecError(f"Expected train_images between {low} and {train_count} for {spec.dataset}; got {count}.")
    return range(split_at), range(split_at, count)
