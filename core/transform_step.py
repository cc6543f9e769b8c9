"""The text of an augmentation: transforms in their order, each with its strength, and its one canonical form."""

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
    """A transform by its name, and how strong its randomness is."""

    name: str
    strength: float

    def __str__(self) -> str:
        return f"{self.name}={_write_number(self.strength)}"


def read_steps(text: str, transforms: "Mapping[str, Transform]") -> tuple[TransformStep, ...]:
    """«random_crop,flip_horizontal=0.5» as steps; a transform without a number has its default strength.

    Strengths are rounded to four decimals. A strength that would change nothing is out of bounds and a transform
    stands but once, so that no two texts ask for the same.

    Raises:
        SpecError: names the step that is off, with what was expected.
    """
    steps: list[TransformStep] = []
    for place, part in enumerate(text.split(",") if text else [], start=1):
        name, sign, number = part.partition("=")
        drawn = {known: entry.strength for known, entry in transforms.items() if entry.strength}
        if name not in drawn:
            names = ", ".join(map(repr, drawn))
            raise SpecError(f"Expected step {place} of augmentation to be one of {names}; got {part!r:.80}.")
        scale = drawn[name]
        fits = not sign or _NUMBER.fullmatch(number)
        strength = round(float(number), _DECIMALS) if sign and fits else scale.default
        if not fits or not scale.low <= strength <= scale.high:
            raise SpecError(f"Expected {name} in step {place} of augmentation {scale.bounds}; got {part!r:.80}.")
        if any(step.name == name for step in steps):
            raise SpecError(f"Expected each transform of augmentation once; got {name} again in step {place}.")
        steps.append(TransformStep(name, strength))
    return tuple(steps)


def write_steps(steps: Iterable[TransformStep]) -> str:
    """The canonical text: strengths are always written, so a changed default renames no run."""
    return ",".join(map(str, steps))


def _write_number(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
