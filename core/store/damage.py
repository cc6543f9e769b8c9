"""Errors of damaged runs: what happened, and what to do."""

from typing import Any

from pydantic import ValidationError

from core.errors import RunDamagedError
from core.recipes import write_command
from core.spec import RunSpec

_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is unknown",
    "less_than_equal": "is larger than {le}",
    "greater_than_equal": "is smaller than {ge}",
    "string_too_long": "has more than {max_length} characters",
    "string_too_short": "is too short",
    "too_short": "has too few items",
    "too_long": "has more than {max_length} items",
}
"""Texts by the type of an error of pydantic."""


def damaged_run(problem: str, spec: RunSpec | None, *, listed: bool = True) -> RunDamagedError:
    """Return the error of a damaged run.

    Args:
        problem: what happened, as a sentence.
        spec: hyperparameters of the run, if they are known.
        listed: whether run lists contain the run, because its record is valid.
    """
    first = "Delete the run on the Runs page" if listed else "Move the run aside with headroom doctor --repair"
    if spec and spec.elsewhere:
        return RunDamagedError(problem, f"{first}, and import it again with: {write_command(spec)}")
    command = f": {write_command(spec)}" if spec else "."
    return RunDamagedError(problem, f"{first}, or train it again{command}")


def describe_invalid_field(error: ValidationError) -> str:
    """Describe the first invalid value of a file, without the words of pydantic.

    >>> from core.store.record import Metrics
    >>> try:
    ...     Metrics.model_validate_json('{"test_accuracy": 2}')
    ... except ValidationError as error:
    ...     describe_invalid_field(error)
    'test_loss is missing'
    """
    first = error.errors()[0]
    field = ascii(".".join(map(str, first["loc"])))[1:-1]
    if first["type"] in ("json_invalid", "json_type") or not field:
        return "it is not a valid JSON object"
    return f"{field:.80} {_describe_reason(first['type'], first.get('ctx', {}))}"


def _describe_reason(kind: str, limits: dict[str, Any]) -> str:
    if kind == "value_error":  # raised by a validator of Headroom
        return f"is invalid: {limits['error']}"
    if kind in _REASONS:
        return _REASONS[kind].format(**limits)
    return "has an invalid value"
