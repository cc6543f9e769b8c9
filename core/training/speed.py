"""Training throughput and remaining time."""

import time
from typing import Any

from core.training.fit import TrainStep


class TrainingSpeed:
    """Computes the values of progress.json from training steps.

    The clock starts after the first measurement, because the first steps include compilation. Validation time is
    included, as in the remaining epochs.
    """

    def __init__(self, images: int, epochs: int, batch_size: int) -> None:
        self.images = images
        self.epochs = epochs
        self.batch_size = batch_size
        self._begin: tuple[float, int] | None = None

    def measure(self, step: TrainStep) -> dict[str, Any]:
        """Return the progress after a step.

        Returns:
            epoch (number of finished epochs), step, steps, loss, accuracy, images_per_second and eta_seconds; the last
            two are None at the first measurement.
        """
        seen = (step.epoch - 1) * self.images + min(step.step * self.batch_size, self.images)
        now = time.perf_counter()
        if self._begin is None:
            self._begin = now, seen
        seconds, images = now - self._begin[0], seen - self._begin[1]
        rate = images / seconds if images and seconds else None
        return {
            "epoch": step.epoch - 1,
            "step": step.step,
            "steps": step.steps,
            "loss": step.loss,
            "accuracy": step.accuracy,
            "images_per_second": rate and round(rate, 1),
            "eta_seconds": rate and round((self.epochs * self.images - seen) / rate, 1),
        }
