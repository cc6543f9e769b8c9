"""Parsing and canonical form of an augmentation: a list of transforms, each with its strength."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import SpecError

if TYPE_CHECKING:
    from core.augment.transform import Transform

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_DECIMALS = 4


@dataclass(frozen=True)
class TransformStep:
    """The name of a transform and the strength of its randomness."""

    name: str
    strength: float

    def __str__(self) -> str:
        return f"{self.name}={_write_number(self.strength)}"


def read_steps(text: str, transforms: "Mapping[str, Transform]") -> tuple[TransformStep, ...]:
    """Parse text such as "random_crop,flip_horizontal=0.5"; a transform without a number has its default strength.

    Strengths are rounded to four decimals. A strength without any effect is out of bounds and each transform may occur
    only once, so two different texts never describe the same augmentation.

    Raises:
        SpecError: for the first invalid step.
    """
    steps: list[TransformStep] = []
    for position, part in enumerate(text.split(",") if text else [], start=1):
        name, sign, number = part.partition("=")
        random = {known: entry.strength for known, entry in transforms.items() if entry.strength}
        if name not in random:
            names = ", ".join(map(repr, random))
            raise SpecError(f"Expected step {position} of augmentation to be one of {names}; got {part!r:.80}.")
        scale = random[name]
        fits = not sign or _NUMBER.fullmatch(number)
        strength = round(float(number), _DECIMALS) if sign and fits else scale.default
        if not fits or not scale.low <= strength <= scale.high:
            raise SpecError(f"Expected {name} in step {position} of augmentation {scale.bounds}; got {part!r:.80}.")
        if any(step.name == name for step in steps):
            raise SpecError(f"Expected each transform of augmentation only once; got {name} again in step {position}.")
        steps.append(TransformStep(name, strength))
    return tuple(steps)


def write_steps(steps: Iterable[TransformStep]) -> str:
    """Format the canonical text. It contains all strengths, so run IDs do not depend on default strengths."""
    return ",".join(map(str, steps))


def _write_number(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
