"""Errors of damaged runs: what happened, and what to do."""

from pydantic import ValidationError

from core.errors import RunDamagedError
from core.recipes import write_command
from core.spec import RunSpec


def damaged_run(problem: str, spec: RunSpec | None, *, listed: bool = True) -> RunDamagedError:
    """Return the error of a damaged run.

    Args:
        problem: what happened, as a sentence.
        spec: hyperparameters of the run, if they are known.
        listed: whether run lists contain the run, because its record is valid.
    """
    first = "Delete the run on the Runs page" if listed else "Move the run aside with headroom doctor --repair"
    again = f": {write_command(spec)}" if spec else "."
    return RunDamagedError(problem, f"{first}, or train it again{again}")


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
    reason = {"missing": "is missing", "extra_forbidden": "is unknown"}.get(first["type"])
    return f"{field:.80} {reason or 'has an invalid value'}"
