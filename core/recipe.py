"""Recipe: a named spec with its heads, its publication and the results that the author printed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.spec import HEADS, SETTINGS, RunSpec


@dataclass(frozen=True)
class Publication:
    """The article or book chapter that a recipe reproduces.

    Attributes:
        author: empty if unknown.
        published_in: website or publisher.
        date: ISO date or year; empty if unknown.
        address: URL; empty for a book.
        remark: more about the edition, such as the date of an update.
    """

    title: str
    author: str
    published_in: str
    date: str = ""
    address: str = ""
    remark: str = ""


@dataclass(frozen=True)
class PublishedResult:
    """Result that the author printed: the value of a metric (a column of the run list) on the official dataset.

    Values that are computed from the layers are not published results (`core.architecture.recipe_model`).

    Attributes:
        value: the printed number, with all its digits.
        high: upper end of a printed range that starts at `value`; None for a single number.
        printed: wording of the author if the number is not exact, such as "about 89 percent".
        settings: hyperparameters of this result that differ from the recipe.
    """

    head: str
    metric: str
    value: float
    high: float | None = None
    printed: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def write(self, form: Callable[[float], str]) -> str:
        """Format the value, or the range with an en dash.

        >>> PublishedResult("gap", "test_accuracy", 0.97, 0.99).write("{:.0%}".format)
        '97–99%'
        """
        if self.high is None:
            return form(self.value)
        return f"{form(self.value).removesuffix('%')}–{form(self.high)}"


@dataclass(frozen=True)
class OpenQuestion:
    """A question that the author leaves open, the hyperparameters whose runs answer it, and the answer.

    Attributes:
        answer: what Headroom measured; empty if it has not been trained.
        command: the command whose runs the answer describes.
    """

    question: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""
    command: str = ""


@dataclass(frozen=True)
class Recipe:
    """A backbone and a dataset with the heads to compare.

    Attributes:
        settings: hyperparameters by head that differ from `spec`; they can include another backbone.
        input_shape, classes: image shape and number of classes of the parameter counts.
        publication: the source; None if Headroom defined the recipe.
        published: results that the author printed.
        statements: other statements with numbers that the author printed.
        conclusions: what the author concluded.
        corrections: where the publication is wrong or incomplete.
        more_epochs: epochs that the author trained in addition, starting from the trained model.
    """

    name: str
    title: str
    question: str
    spec: RunSpec
    heads: tuple[str, ...]
    published: tuple[PublishedResult, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    input_shape: tuple[int, ...] = (28, 28, 1)
    classes: int = 10
    publication: Publication | None = None
    statements: tuple[str, ...] = ()
    conclusions: tuple[str, ...] = ()
    open_questions: tuple[OpenQuestion, ...] = ()
    corrections: tuple[str, ...] = ()
    more_epochs: int = 0

    def spec_of(self, head: str, changes: Mapping[str, Any] | None = None) -> RunSpec:
        """Return the spec of a head.

        All changes are applied together, because a hyperparameter that only this head uses would be reset to its
        default by the head of `spec`.
        """
        return self.spec.replace(**{"head": head, **self.settings.get(head, {}), **(changes or {})})

    def find_initial(self, heads: Sequence[str]) -> RunSpec:
        """Return the initial values of a form: those of the recipe, or of the only head that uses a hyperparameter."""
        values = self.spec.model_dump()
        for head in heads:
            others = [HEADS[other] for other in heads if other != head]
            for name, value in self.settings.get(head, {}).items():
                if SETTINGS[name].group == "head" and not any(name in other.uses for other in others):
                    values[name] = value
        return RunSpec.model_construct(**values)

    def specs(self, heads: tuple[str, ...] | None = None, seeds: int = 1) -> list[RunSpec]:
        """Return the specs of all runs of this recipe: every head with the seeds 0 to seeds − 1."""
        return [self.spec_of(head, {"seed": seed}) for seed in range(seeds) for head in heads or self.heads]
