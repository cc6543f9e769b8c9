"""What a transform is: a pure function from an image and an amount to an image, and how training draws the amount."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""uint8 of shape (height, width, channels), 1 or 3 channels; None of the transforms changes the image it is given."""

Draw = Callable[[np.random.Generator, float], tuple[float, ...]]


@dataclass(frozen=True)
class Scale:
    """What a number may be, bounds included. `form` writes it, `step` is that of its slider."""

    low: float
    high: float
    default: float
    step: float
    unit: str = ""
    form: str = "{:g}"

    @property
    def bounds(self) -> str:
        """The tail of a sentence that starts with «Expected rotation …»."""
        return f"between {self.low:g} and {self.high:g}{f' {self.unit}' if self.unit else ''}"

    def write(self, value: float) -> str:
        return self.form.format(value)


@dataclass(frozen=True)
class Amount(Scale):
    """How far an image is changed; `neutral` leaves it as it is, None where no amount does."""

    neutral: float | None = None

    @property
    def is_switch(self) -> bool:
        """Whether there is nothing between no and yes."""
        return (self.low, self.high, self.step) == (0, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Strength(Scale):
    """How far amounts spread in training. `draw` takes a strength to an amount, and what else is random."""

    help: str
    draw: Draw


@dataclass(frozen=True)
class Transform:
    """An entry of the registry.

    `apply(image, *amount)` is the pure function: its first number is the `amount` that a slider shows, further ones
    have defaults. `strength` is None for a transform that is not random and so has no place in training.
    """

    name: str
    label: str
    order: int
    summary: str
    details: str
    apply: Callable[..., Image]
    amount: Amount
    strength: Strength | None

    def draw(self, image: Image, rng: np.random.Generator, strength: float) -> Image:
        """The image changed by an amount that is drawn."""
        assert self.strength is not None
        return self.apply(image, *self.strength.draw(rng, strength))


def transform(
    *, label: str, order: int, amount: Amount, strength: Strength | None = None
) -> Callable[[Callable[..., Image]], Transform]:
    """Makes a registry entry of a function; its name is the transform's name, the first paragraph of its docstring the
    summary, the others the details."""

    def register(apply: Callable[..., Image]) -> Transform:
        summary, _, details = inspect.cleandoc(apply.__doc__ or "").partition("\n\n")
        return Transform(apply.__name__, label, order, " ".join(summary.split()), details, apply, amount, strength)

    return register


def draw_around(middle: float) -> Draw:
    """An amount drawn evenly from `middle` ∓ the strength."""

    def draw(rng: np.random.Generator, strength: float) -> tuple[float]:
        return (rng.uniform(middle - strength, middle + strength),)

    return draw


def draw_whether(rng: np.random.Generator, strength: float) -> tuple[float]:
    """1 with a probability, else 0."""
    return (float(rng.random() < strength),)


def to_planes(image: Image) -> NDArray[np.float32]:
    """float32 of shape (channels, height, width): NumPy is many times as fast on channels one after the other."""
    return image.transpose(2, 0, 1).astype(np.float32, order="C")


def to_image(planes: NDArray[np.float32]) -> Image:
    """Back from planes on the scale 0..255: rounded to whole grey levels, clipped where they are below or above."""
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(1, 2, 0)
