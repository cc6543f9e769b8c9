"""Layer records with several inputs: sums, products and concatenations of feature maps."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from core.architecture.layers import Rescaling, Shape
from core.errors import SpecError


@dataclass(frozen=True)
class Merge:
    """Base class of element-wise merges; a side of 1 is repeated, as in squeeze-and-excitation."""

    name: str = ""
    inputs: ClassVar[tuple[int, int | None]] = (2, None)
    """Least and largest number of inputs."""

    def keras_type(self, shape: Shape, *others: Shape) -> str:
        return type(self).__name__

    def output_shape(self, shape: Shape, *others: Shape) -> Shape:
        shapes = (shape, *others)
        sides = [{side for side in axis if side != 1} for axis in zip(*shapes, strict=False)]
        if any(len(each) != len(shape) for each in others) or any(len(axis) > 1 for axis in sides):
            raise SpecError(f"Expected inputs of one shape before {type(self).__name__}; got {_list(shapes)}.")
        return tuple(axis.pop() if axis else 1 for axis in sides)

    def params(self, shape: Shape, *others: Shape) -> tuple[int, int]:
        return (0, 0)

    def flops(self, shape: Shape, *others: Shape) -> int:
        return len(others) * prod(self.output_shape(shape, *others))


class Add(Merge):
    """Sum of the inputs, as in residual connections."""


class Multiply(Merge):
    """Product of the inputs, as in squeeze-and-excitation."""


class Maximum(Merge):
    """Largest value of the inputs."""


class Minimum(Merge):
    """Smallest value of the inputs."""


class Average(Merge):
    """Mean of the inputs."""


class Subtract(Merge):
    """Difference of two inputs."""

    inputs: ClassVar[tuple[int, int | None]] = (2, 2)


@dataclass(frozen=True)
class CustomScaleLayer(Merge):
    """x + scale · y in InceptionResNetV2. Keras does not export its class."""

    scale: float = 1.0
    inputs: ClassVar[tuple[int, int | None]] = (2, 2)


@dataclass(frozen=True)
class Concatenate(Merge):
    """The inputs in order along `axis`, which excludes the batch axis; by default the last one."""

    axis: int = -1
    inputs: ClassVar[tuple[int, int | None]] = (1, None)

    def output_shape(self, shape: Shape, *others: Shape) -> Shape:
        shapes, rank = (shape, *others), len(shape)
        axis = self.axis % rank if -rank <= self.axis < rank else rank
        rests = {each[:axis] + each[axis + 1 :] for each in shapes}
        if axis == rank or len(rests) > 1 or any(len(each) != rank for each in others):
            raise SpecError(f"Expected inputs that differ along one axis before Concatenate; got {_list(shapes)}.")
        return (*shape[:axis], sum(each[axis] for each in shapes), *shape[axis + 1 :])

    def flops(self, shape: Shape, *others: Shape) -> int:
        return 0


@dataclass(frozen=True)
class Arithmetic(Merge):
    """Operation of Keras of class `kind` on two maps, or on a map and a `number`, such as x · y or 3 − x.

    Attributes:
        number: the other operand of a single input; None if the config has no number in its place.
        is_first: the number is the first operand.
    """

    kind: str = "Add"
    number: float | None = None
    is_first: bool = False
    inputs: ClassVar[tuple[int, int | None]] = (1, 2)

    def keras_type(self, shape: Shape, *others: Shape) -> str:
        return self.kind

    def flops(self, shape: Shape, *others: Shape) -> int:
        return prod(self.output_shape(shape, *others))

    def as_merge(self) -> Merge | None:
        """Return the layer that computes the same from two inputs; None if Keras has none."""
        kinds: dict[str, type[Merge]] = {kind.__name__: kind for kind in (Add, Subtract, Multiply, Maximum, Minimum)}
        return kinds[self.kind](self.name) if self.kind in kinds else None

    def as_rescaling(self) -> Rescaling | None:
        """Return x · scale + offset for an operation on one input and a number; None for another one."""
        number, kind = self.number, self.kind
        if number is None:
            return None
        if kind == "Subtract":
            return Rescaling(-1.0, number, self.name) if self.is_first else Rescaling(1.0, -number, self.name)
        if kind in ("Divide", "TrueDivide") and number and not self.is_first:
            return Rescaling(1 / number, 0.0, self.name)
        return {"Add": Rescaling(1.0, number, self.name), "Multiply": Rescaling(number, 0.0, self.name)}.get(kind)


def _list(shapes: tuple[Shape, ...]) -> str:
    more = f" and {len(shapes) - 4} more" if len(shapes) > 4 else ""
    return ", ".join(map(str, shapes[:4])) + more
