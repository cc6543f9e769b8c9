"""Transforms: pure functions of an image and an amount, and the distribution of the amount in training."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""uint8 of shape (height, width, channels) with 1 or 3 channels. Transforms do not modify their input."""

Draw = Callable[["np.random.Generator", float], tuple[float, ...]]


@dataclass(frozen=True)
class Scale:
    """Range of a number, bounds included; `form` is its format string, `step` the step of its slider."""

    low: float
    high: float
    default: float
    step: float
    unit: str = ""
    form: str = "{:g}"

    @property
    def bounds(self) -> str:
        """Text of the bounds for error messages: "between 0 and 1 pixels"."""
        return f"between {self.low:g} and {self.high:g}{f' {self.unit}' if self.unit else ''}"

    def write(self, value: float) -> str:
        return self.form.format(value)


@dataclass(frozen=True)
class Amount(Scale):
    """Range of the amount of a transform; `neutral` leaves an image unchanged, None if no amount does."""

    neutral: float | None = None

    @property
    def is_switch(self) -> bool:
        """Return whether the amount is either 0 or 1."""
        return (self.low, self.high, self.step) == (0, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Strength(Scale):
    """Range of the strength in training; `draw` draws an amount (and other random values) for a strength."""

    help: str
    draw: Draw


@dataclass(frozen=True)
class Transform:
    """Registry entry of a transform.

    Attributes:
        apply: pure function `apply(image, *amounts)`; a slider sets the first amount, the others have defaults.
        strength: None if the transform is not random and therefore not used in training.
    """

    name: str
    label: str
    order: int
    summary: str
    details: str
    apply: Callable[..., Image]
    amount: Amount
    strength: Strength | None

    def draw(self, image: Image, rng: "np.random.Generator", strength: float) -> Image:
        """Apply the transform with a random amount."""
        assert self.strength is not None
        return self.apply(image, *self.strength.draw(rng, strength))


def transform(
    *, label: str, order: int, amount: Amount, strength: Strength | None = None
) -> Callable[[Callable[..., Image]], Transform]:
    """Register a function as a transform.

    Its name becomes the name of the transform, the first paragraph of its docstring the summary, the rest the details.
    """

    def register(apply: Callable[..., Image]) -> Transform:
        summary, _, details = inspect.cleandoc(apply.__doc__ or "").partition("\n\n")
        return Transform(apply.__name__, label, order, " ".join(summary.split()), details, apply, amount, strength)

    return register


def draw_around(middle: float) -> Draw:
    """Return a function that draws an amount uniformly from `middle` ± strength."""

    def draw(rng: "np.random.Generator", strength: float) -> tuple[float]:
        return (rng.uniform(middle - strength, middle + strength),)

    return draw


def draw_bernoulli(rng: "np.random.Generator", strength: float) -> tuple[float]:
    """Return 1 with probability `strength`, otherwise 0."""
    return (float(rng.random() < strength),)


def to_planes(image: Image) -> NDArray[np.float32]:
    """Convert to float32 of shape (channels, height, width), a layout on which NumPy is much faster."""
    return image.transpose(2, 0, 1).astype(np.float32, order="C")


def to_image(planes: NDArray[np.float32]) -> Image:
    """Convert planes in the range 0–255 back to an image, rounded and clipped."""
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(1, 2, 0)
