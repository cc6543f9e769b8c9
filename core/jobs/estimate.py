"""How long trainings will take, learned from those that finished here: a Gaussian process over what sets their pace."""

import heapq
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.architecture.model import Model
from core.jobs.queue import Job
from core.spec import DATASETS

# The law that finished runs correct. Its constants matter only where there is nothing nearer to go by.
_START_SECONDS = 1.0
_STEP_SECONDS = 2e-3
_FLOP_SECONDS = 1.2e-10  # forward and backward, for each operation of the forward pass
_AUGMENT_SECONDS = 5e-9  # for each value of an image

# Standard deviations of the logarithm of a time against that of the law.
_MACHINE = 1.0  # one machine against another
_KIND = 0.5  # one kind of training against another on one machine
_NOISES = (0.05, 0.1, 0.2, 0.4)  # one training against the next of its kind: the likeliest of these
_ALONE = 0.2  # what a single run is given, which cannot say
_FAR = {
    "flops": 2.0,
    "batch_size": 1.5,
    "law_seconds": 2.0,
}  # e-folds apart at which trainings say little of each other
_OTHER = {
    "backbone": 0.7,
    "head": 0.3,
    "frozen": 1.5,
    "augmented": 0.7,
}  # what being another one counts for beside them

_NEWEST = 200
_REACH = 10.0
_DEVIATIONS = 1.2816  # from the middle of a normal distribution, either way: 80 % lie between
_REST_SECONDS = 6.0


@dataclass(frozen=True)
class Work:
    """What sets the time of a training. `flops` are those of one image in a forward pass, of what is computed anew in
    every epoch; `values` those of an image, `images` those trained on in an epoch."""

    flops: float
    values: int
    images: int
    epochs: int
    batch_size: int
    backbone: str
    head: str
    frozen: bool
    augmented: bool

    @classmethod
    def of(cls, model: Model, images: int) -> "Work":
        spec = model.spec
        return cls._of(
            float(model.flops), model.trainable, math.prod(model.input_shape), images, spec.epochs, spec.batch_size,
            spec.backbone, spec.head, spec.frozen, spec.augmentation,
        )  # fmt: skip

    @classmethod
    def list_finished(cls, frame: pd.DataFrame) -> list["Work"]:
        """One a row of `RunStore.frame`."""
        sides = [
            math.prod(DATASETS[name].input_shape if pd.isna(side) else (side, side, DATASETS[name].input_shape[-1]))
            for name, side in zip(frame["dataset"], frame["side"], strict=True)
        ]
        names = ("trained_epochs", "batch_size", "backbone", "head", "frozen", "augmentation")
        columns = (frame["flops"], frame["trainable"], sides, frame["fitted_images"], *(frame[name] for name in names))
        return [cls._of(*values) for values in zip(*columns, strict=True)]

    @classmethod
    def _of(
        cls, flops: float, trainable: int, values: int, images: int, epochs: int, batch_size: int, backbone: str,
        head: str, frozen: bool, augmentation: str,
    ) -> "Work":  # fmt: skip
        if frozen and not augmentation:  # the backbone's maps are computed once, for all epochs and runs
            return cls(2.0 * trainable, values, images, epochs, batch_size, backbone, head, True, False)
        return cls(float(flops), values, images, epochs, batch_size, backbone, head, False, bool(augmentation))

    @property
    def law_seconds(self) -> float:
        image = self.flops * _FLOP_SECONDS + self.augmented * self.values * _AUGMENT_SECONDS
        steps = math.ceil(self.images / self.batch_size)
        return _START_SECONDS + self.epochs * (self.images * image + steps * _STEP_SECONDS)


@dataclass(frozen=True)
class TimeEstimate:
    """Seconds, and the range that four of five such trainings end in. `runs` is how many finished ones it was learned
    from; `elsewhere` says that none of them was trained on a machine like this one."""

    seconds: float
    low: float
    high: float
    runs: int
    elsewhere: bool


class TimeEstimator:
    """Learns from finished runs, once, and answers for any training.

    The logarithm of a run's time against the law's is a Gaussian process (Rasmussen & Williams 2006, chapter 2): a
    level for the machine, and deviations that trainings share the more, the more alike they are in FLOPs, batch size,
    length, backbone and head. So an estimate follows the runs nearest to it, and its range widens with their distance.

    Runs of this home that were trained on as many cores as there are here count. All others join them where there is
    none, or where a training to come is more than ten times as long as any.

    Args:
        frame: the finished runs, as `RunStore.frame` has them, newest first.
        rest_seconds: what a job takes besides its epochs, as `read_rest` finds it.
        cores: of this machine; the system's answer when None.
    """

    def __init__(self, frame: pd.DataFrame, rest_seconds: float = _REST_SECONDS, cores: int | None = None) -> None:
        self.rest_seconds = rest_seconds
        frame = frame[(frame["train_seconds"] > 0) & (frame["flops"] > 0)]
        near = (frame["source"] == "home") & (frame["cores"].isna() | (frame["cores"] == (cores or os.cpu_count())))
        self._frame, self._near = frame, _Process(frame[near].head(_NEWEST))

    @cached_property
    def _all(self) -> "_Process":
        return _Process(self._frame.head(_NEWEST))

    def training(self, work: Work) -> TimeEstimate | None:
        """The epochs of one training with their validation; None when nothing has been trained anywhere."""
        return self.trainings([work])[0]

    def trainings(self, works: Sequence[Work]) -> list[TimeEstimate | None]:
        """Each for itself."""
        process, elsewhere = self._choose(works)
        if not process.works or not works:
            return [None] * len(works)
        means, covariance = process.predict(works)
        factors = np.exp(_DEVIATIONS * np.sqrt(np.diag(covariance) + elsewhere * _MACHINE**2))
        pairs = zip(np.exp(means).tolist(), factors.tolist(), strict=True)
        return [TimeEstimate(end, end / factor, end * factor, len(process.works), elsewhere) for end, factor in pairs]

    def list_starts(self, works: Sequence[Work], slots: int) -> list[float]:
        """Seconds till each training of a queue will begin; empty when nothing has been trained anywhere."""
        process, _ = self._choose(works)
        if not process.works or not works:
            return []
        return _list_starts(np.exp(process.predict(works)[0]) + self.rest_seconds, slots)[0]

    def queue(self, works: Sequence[Work], slots: int) -> TimeEstimate | None:
        """Trainings one after another as `slots` get free, from the first one's begin to the last one's end, with what
        a job does before its epochs and after them."""
        process, elsewhere = self._choose(works)
        if not process.works or not works:
            return None
        means, covariance = process.predict(works)
        seconds = np.exp(means)
        # Of a sum of times the relative error is that of its parts, each weighted with its share.
        shares = seconds / seconds.sum()
        variance = float(shares @ covariance @ shares) + elsewhere * _MACHINE**2
        factor = math.exp(_DEVIATIONS * math.sqrt(variance))
        end = _list_starts(seconds + self.rest_seconds, slots)[1]
        return TimeEstimate(end, end / factor, end * factor, len(process.works), elsewhere)

    def _choose(self, works: Sequence[Work]) -> "tuple[_Process, bool]":
        """What to go by, and whether it is of other machines alone."""
        longest = max((work.law_seconds for work in works), default=0.0)
        if longest <= _REACH * self._near.longest:
            return self._near, False
        return self._all, not self._near.works


class _Process:
    """The posterior over logarithms of times, given some finished runs."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.works = Work.list_finished(frame)
        self.longest = max((work.law_seconds for work in self.works), default=0.0)
        if not self.works:
            return
        self._places = _read_places(self.works)
        told = np.log(frame["train_seconds"].to_numpy(dtype=np.float64)) - _compute_law(self.works)
        prior = _compute_covariance(self._places, self._places)
        noises = _NOISES if len(self.works) > 1 else (_ALONE,)
        fits = [_fit(prior, told, noise) for noise in noises]
        _, self._noise, root, self._weights = max(fits, key=lambda fit: fit[0])
        self._whiten = np.linalg.inv(root)  # asked many times

    def predict(self, works: Sequence[Work]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Means, of shape (works,), and covariance, of shape (works, works), of the logarithms of their seconds."""
        places = _read_places(works)
        across = _compute_covariance(self._places, places)
        known = self._whiten @ across
        noise = self._noise**2 * (np.eye(len(works)) + 1) / 2  # other load on the machine outlasts one training
        covariance = _compute_covariance(places, places) - known.T @ known + noise
        return _compute_law(works) + across.T @ self._weights, covariance


def _fit(
    prior: NDArray[np.float64], told: NDArray[np.float64], noise: float
) -> tuple[float, float, NDArray[Any], NDArray[Any]]:
    """Log likelihood but for a constant, the noise, the root of the covariance and the weights of what was told
    (Rasmussen & Williams 2006, algorithm 2.1)."""
    root = np.linalg.cholesky(prior + noise**2 * np.eye(len(told)))
    weights = np.linalg.solve(root.T, np.linalg.solve(root, told))
    return float(-told @ weights / 2 - np.log(np.diag(root)).sum()), noise, root, weights


def _compute_law(works: Sequence[Work]) -> NDArray[np.float64]:
    return np.log([work.law_seconds for work in works])


def _read_places(works: Sequence[Work]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where trainings stand to each other: numbers of shape (works, numbers), and names of shape (works, names)."""
    numbers = [[math.log(max(getattr(work, name), 1e-9)) / far for name, far in _FAR.items()] for work in works]
    return np.array(numbers), np.array([[str(getattr(work, name)) for name in _OTHER] for work in works])


def _compute_covariance(
    rows: tuple[NDArray[Any], NDArray[Any]], columns: tuple[NDArray[Any], NDArray[Any]]
) -> NDArray[np.float64]:
    squares = np.zeros((len(rows[0]), len(columns[0])))
    for a, b in zip(rows[0].T, columns[0].T, strict=True):
        squares += (a[:, np.newaxis] - b) ** 2
    for count, a, b in zip(_OTHER.values(), rows[1].T, columns[1].T, strict=True):
        squares += count * (a[:, np.newaxis] != b)
    return _MACHINE**2 + _KIND**2 * np.exp(-squares / 2)


def _list_starts(seconds: Iterable[float], slots: int) -> tuple[list[float], float]:
    """When each begins and when the last is done, if each begins as soon as a slot is free."""
    ends = [0.0] * max(slots, 1)
    starts = [heapq.heapreplace(ends, ends[0] + float(amount)) for amount in seconds]
    return starts, max(ends)


def read_rest(jobs: Iterable[Job], frame: pd.DataFrame) -> float:
    """Seconds that a job takes besides its epochs: loading, evaluating, exporting. The median of the finished jobs."""
    trained = dict(zip(frame["run_id"], frame["train_seconds"], strict=True))
    rests = [
        max(job.ended_at - job.started_at - trained[job.run_id], 0.0)
        for job in jobs
        if job.state == "finished" and job.attempt == 1 and job.started_at and job.ended_at and job.run_id in trained
    ]
    return median(rests) if rests else _REST_SECONDS
