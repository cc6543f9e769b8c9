"""Estimates of training time from finished runs, by Gaussian process regression on cost and configuration."""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.architecture.model import Model
from core.jobs.queue import Job
from core.spec import DATASETS
from core.store.machine import Machine, list_frame_machines, read_machine

# Constants of the prior mean. They matter only if no similar run has finished.
_START_SECONDS = 1.0
_STEP_SECONDS = 2e-3
_FLOP_SECONDS = 1.2e-10  # forward and backward pass, per operation of the forward pass
_AUGMENT_SECONDS = 5e-9  # per value of an image

# Standard deviations of the logarithm of a time around the prior mean.
_MACHINE = 1.0  # between machines
_CONFIGURATION = 0.5  # between configurations on one machine
_NOISES = (0.05, 0.1, 0.2, 0.4)  # between runs of one configuration: the most likely of these is used
_SINGLE_RUN_NOISE = 0.2  # a single run gives no estimate of the noise
# Length scales of the numeric features, on a natural logarithmic scale.
_LENGTH_SCALES = {"flops": 2.0, "batch_size": 1.5, "prior_seconds": 2.0}
# Squared distances that a different value of a categorical feature adds.
_CATEGORY_DISTANCES = {"backbone": 0.7, "head": 0.3, "frozen": 1.5, "augmented": 0.7}

_MAX_RUNS = 200
_MAX_EXTRAPOLATION = 10.0
_DEVIATIONS = 1.2816  # quantile of the standard normal distribution for a central 80% interval
_OVERHEAD_SECONDS = 6.0


@dataclass(frozen=True)
class Work:
    """Quantities that determine training time.

    `flops` counts a forward pass for one image, over the layers that are computed in every epoch. `values` is the
    number of values per image, `images` the number of training images per epoch.
    """

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
            spec.backbone, spec.head, spec.frozen and not spec.trained_stages, spec.augmentation,
        )  # fmt: skip

    @classmethod
    def list_finished(cls, frame: pd.DataFrame) -> list["Work"]:
        """Return one item per row of `RunStore.frame`."""
        sides = [
            math.prod(DATASETS[name].input_shape if pd.isna(side) else (side, side, DATASETS[name].input_shape[-1]))
            for name, side in zip(frame["dataset"], frame["side"], strict=True)
        ]
        frame = frame.assign(frozen=frame["frozen"] & (frame["trained_stages"] == 0))
        names = ("trained_epochs", "batch_size", "backbone", "head", "frozen", "augmentation")
        columns = (frame["flops"], frame["trainable"], sides, frame["fitted_images"], *(frame[name] for name in names))
        return [cls._of(*values) for values in zip(*columns, strict=True)]

    @classmethod
    def _of(
        cls, flops: float, trainable: int, values: int, images: int, epochs: int, batch_size: int, backbone: str,
        head: str, frozen: bool, augmentation: str,
    ) -> "Work":  # fmt: skip
        if frozen and not augmentation:  # backbone features are computed once for all epochs and runs
            return cls(2.0 * trainable, values, images, epochs, batch_size, backbone, head, True, False)
        return cls(float(flops), values, images, epochs, batch_size, backbone, head, False, bool(augmentation))

    @property
    def prior_seconds(self) -> float:
        image = self.flops * _FLOP_SECONDS + self.augmented * self.values * _AUGMENT_SECONDS
        steps = math.ceil(self.images / self.batch_size)
        return _START_SECONDS + self.epochs * (self.images * image + steps * _STEP_SECONDS)


@dataclass(frozen=True)
class TimeEstimate:
    """Estimated seconds with an 80% prediction interval from `low` to `high`.

    `runs` is the number of finished runs that the estimate is based on. `elsewhere` is True if all of them were trained
    on other machines.
    """

    seconds: float
    low: float
    high: float
    runs: int
    elsewhere: bool


class TimeEstimator:
    """Estimator of training times, fitted once to finished runs.

    The log ratio of a run's time to the prior mean is a Gaussian process (Rasmussen & Williams 2006, chapter 2): a
    constant for the machine plus deviations whose covariance grows with similarity in FLOPs, batch size, length,
    backbone and head. An estimate therefore follows the most similar runs, and its interval widens with their distance.

    Only runs of this home that were trained on the same machine are used. Runs from other machines are added if none
    exist, or if a job is more than ten times as long as any of them.

    Args:
        frame: finished runs as returned by `RunStore.frame`, newest first.
        overhead_seconds: time per job outside its epochs, as returned by `compute_overhead`.
        machine: the machine that trains; None for this one.
    """

    def __init__(
        self, frame: pd.DataFrame, overhead_seconds: float = _OVERHEAD_SECONDS, machine: Machine | None = None
    ) -> None:
        self.overhead_seconds = overhead_seconds
        frame = frame[(frame["elsewhere"] == "") & (frame["train_seconds"] > 0) & (frame["flops"] > 0)]
        machine = machine or read_machine()
        near = (frame["source"] == "home") & np.array([machine.fits(one) for one in list_frame_machines(frame)], bool)
        self._frame, self._near = frame, _Process(frame[near].head(_MAX_RUNS))

    @cached_property
    def _all(self) -> "_Process":
        return _Process(self._frame.head(_MAX_RUNS))

    def estimate(self, work: Work) -> TimeEstimate | None:
        """Estimate the epochs of one run with their validation; None without finished runs."""
        return self.estimate_all([work])[0]

    def estimate_all(self, works: Sequence[Work]) -> list[TimeEstimate | None]:
        """Estimate each run separately (see `estimate`)."""
        process, elsewhere = self._choose(works)
        if not process.works or not works:
            return [None] * len(works)
        means, covariance = process.predict(works)
        factors = np.exp(_DEVIATIONS * np.sqrt(np.diag(covariance) + elsewhere * _MACHINE**2))
        pairs = zip(np.exp(means).tolist(), factors.tolist(), strict=True)
        return [TimeEstimate(end, end / factor, end * factor, len(process.works), elsewhere) for end, factor in pairs]

    def list_starts(self, works: Sequence[Work], slots: int) -> list[float]:
        """Return the seconds until each job of a queue is expected to start; empty without finished runs."""
        process, _ = self._choose(works)
        if not process.works or not works:
            return []
        return _list_starts(np.exp(process.predict(works)[0]) + self.overhead_seconds, slots)[0]

    def estimate_queue(self, works: Sequence[Work], slots: int) -> TimeEstimate | None:
        """Estimate the time from the first start to the last end of a queue with `slots` jobs in parallel and with the
        overhead per job; None without finished runs."""
        process, elsewhere = self._choose(works)
        if not process.works or not works:
            return None
        means, covariance = process.predict(works)
        seconds = np.exp(means)
        # The relative error of a sum of times is the average of the relative errors, weighted by share.
        shares = seconds / seconds.sum()
        variance = float(shares @ covariance @ shares) + elsewhere * _MACHINE**2
        factor = math.exp(_DEVIATIONS * math.sqrt(variance))
        end = _list_starts(seconds + self.overhead_seconds, slots)[1]
        return TimeEstimate(end, end / factor, end * factor, len(process.works), elsewhere)

    def _choose(self, works: Sequence[Work]) -> "tuple[_Process, bool]":
        """Return the process to use, and whether it is fitted only to runs from other machines."""
        longest = max((work.prior_seconds for work in works), default=0.0)
        if longest <= _MAX_EXTRAPOLATION * self._near.longest:
            return self._near, False
        return self._all, not self._near.works


class _Process:
    """Posterior over log times given finished runs."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.works = Work.list_finished(frame)
        self.longest = max((work.prior_seconds for work in self.works), default=0.0)
        if not self.works:
            return
        self._features = _read_features(self.works)
        targets = np.log(frame["train_seconds"].to_numpy(dtype=np.float64)) - _compute_prior_mean(self.works)
        prior = _compute_covariance(self._features, self._features)
        noises = _NOISES if len(self.works) > 1 else (_SINGLE_RUN_NOISE,)
        fits = [_fit(prior, targets, noise) for noise in noises]
        _, self._noise, root, self._weights = max(fits, key=lambda fit: fit[0])
        self._whiten = np.linalg.inv(root)  # used by many predictions

    def predict(self, works: Sequence[Work]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means, shape (works,), and the covariance, shape (works, works), of the log times."""
        features = _read_features(works)
        across = _compute_covariance(self._features, features)
        explained = self._whiten @ across
        noise = self._noise**2 * (np.eye(len(works)) + 1) / 2  # half of it shared: other load on the machine
        covariance = _compute_covariance(features, features) - explained.T @ explained + noise
        return _compute_prior_mean(works) + across.T @ self._weights, covariance


def _fit(
    prior: NDArray[np.float64], targets: NDArray[np.float64], noise: float
) -> tuple[float, float, NDArray[Any], NDArray[Any]]:
    """Return the log likelihood up to a constant, the noise, the Cholesky factor of the covariance, and the weights of
    the targets (Rasmussen & Williams 2006, algorithm 2.1)."""
    root = np.linalg.cholesky(prior + noise**2 * np.eye(len(targets)))
    weights = np.linalg.solve(root.T, np.linalg.solve(root, targets))
    return float(-targets @ weights / 2 - np.log(np.diag(root)).sum()), noise, root, weights


def _compute_prior_mean(works: Sequence[Work]) -> NDArray[np.float64]:
    return np.log([work.prior_seconds for work in works])


def _read_features(works: Sequence[Work]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the scaled numeric features, shape (works, numbers), and the categories, shape (works, names)."""
    numbers = [
        [math.log(max(getattr(work, name), 1e-9)) / scale for name, scale in _LENGTH_SCALES.items()] for work in works
    ]
    return np.array(numbers), np.array([[str(getattr(work, name)) for name in _CATEGORY_DISTANCES] for work in works])


def _compute_covariance(
    rows: tuple[NDArray[Any], NDArray[Any]], columns: tuple[NDArray[Any], NDArray[Any]]
) -> NDArray[np.float64]:
    squares = np.zeros((len(rows[0]), len(columns[0])))
    for a, b in zip(rows[0].T, columns[0].T, strict=True):
        squares += (a[:, np.newaxis] - b) ** 2
    for distance, a, b in zip(_CATEGORY_DISTANCES.values(), rows[1].T, columns[1].T, strict=True):
        squares += distance * (a[:, np.newaxis] != b)
    return _MACHINE**2 + _CONFIGURATION**2 * np.exp(-squares / 2)


def _list_starts(seconds: Iterable[float], slots: int) -> tuple[list[float], float]:
    """Return the start times and the last end time if each job starts as soon as a slot is free."""
    ends = [0.0] * max(slots, 1)
    starts = [heapq.heapreplace(ends, ends[0] + float(amount)) for amount in seconds]
    return starts, max(ends)


def compute_overhead(jobs: Iterable[Job], frame: pd.DataFrame) -> float:
    """Return the median seconds that finished jobs spent outside their epochs: loading, evaluating, exporting."""
    trained = dict(zip(frame["run_id"], frame["train_seconds"], strict=True))
    overheads = [
        max(job.ended_at - job.started_at - trained[job.run_id], 0.0)
        for job in jobs
        if job.state == "finished" and job.attempt == 1 and job.started_at and job.ended_at and job.run_id in trained
    ]
    return float(np.median(overheads)) if overheads else _OVERHEAD_SECONDS
