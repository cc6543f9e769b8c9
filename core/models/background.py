"""Evaluations in the background of this process, one at a time, so that every session sees them."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from core.errors import HeadroomError, ModelFileError
from core.home import Home
from core.models.evaluation import start_evaluation
from core.models.model_info import read_model_info


@dataclass(frozen=True)
class EvaluationState:
    """An evaluation of an added model: in progress, or with the ID of its run or the message of an error."""

    run_id: str = ""
    error: str = ""

    @property
    def is_running(self) -> bool:
        return not (self.run_id or self.error)


_Key = tuple[Home, str, str, str]
_evaluations: dict[_Key, Future[str]] = {}
_turn, _guard = threading.Lock(), threading.Lock()


def begin_evaluation(home: Home, name: str, dataset: str, folder: str, classes: Sequence[str]) -> None:
    """Start an evaluation (see `start_evaluation`) after those that are in progress; one that is in progress stays.

    Raises:
        ModelFileError: when the model is missing.
    """
    key = _name_key(home, name, dataset, folder)
    with _guard:
        if key in _evaluations and not _evaluations[key].done():
            return
        future: Future[str] = Future()
        _evaluations[key] = future
    arguments = future, home, name, dataset, folder, tuple(classes)
    threading.Thread(target=_evaluate, args=arguments, name="evaluation", daemon=True).start()


def find_evaluation(home: Home, name: str, dataset: str, folder: str) -> EvaluationState | None:
    """Return the latest evaluation of a model on a dataset since this process started, or None.

    Raises:
        ModelFileError: when the model is missing.
    """
    future = _evaluations.get(_name_key(home, name, dataset, folder))
    if future is None:
        return None
    if not future.done():
        return EvaluationState()
    error = future.exception()
    return EvaluationState(error=str(error)) if error else EvaluationState(future.result())


def _name_key(home: Home, name: str, dataset: str, folder: str) -> _Key:
    return home, read_model_info(home, name).reference, dataset, folder


def _evaluate(future: Future[str], home: Home, name: str, dataset: str, folder: str, classes: Sequence[str]) -> None:
    try:
        with _turn:
            future.set_result(start_evaluation(home, name, dataset, folder, classes))
    except HeadroomError as error:
        future.set_exception(error)
    except Exception as error:  # otherwise the page would wait for it forever
        reason = getattr(error, "strerror", None) or type(error).__name__
        future.set_exception(ModelFileError(f"The evaluation of model {name} failed: {reason}."))
