"""Command-line options for the hyperparameters of a run, generated from the spec."""

import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from core.errors import SpecError
from core.models.model_info import choose_model
from core.setting import Setting
from core.spec import SETTINGS
from core.suggestion import suggest


def with_settings(*, leaving_out: tuple[str, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace the `**settings` of a command by one option per hyperparameter; options that are not given are None.

    RunSpec checks the bounds, so that all interfaces report the same error message.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [p for p in inspect.signature(command).parameters.values() if p.kind is not p.VAR_KEYWORD]
        options = [_option(setting) for name, setting in SETTINGS.items() if name not in leaving_out]
        command.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
        return command

    return decorate


def _option(setting: Setting) -> inspect.Parameter:
    bounds = f" {setting.bounds[0].upper()}{setting.bounds[1:]}." if setting.low is not None else ""
    if setting.kind is str and (setting.choices or setting.form != "text"):
        bounds = f" Expected {setting.bounds}."
    if setting.labels:
        bounds = f" One of: {', '.join(map(_write_choice, setting.choices, setting.labels.values()))}."
    option = typer.Option(
        help=f"{setting.help}{bounds} Default: the recipe's value.",
        rich_help_panel="Hyperparameters",
        hidden=setting.name == "data",  # the fingerprint of the available dataset, not a choice
    )
    annotation = Annotated[setting.kind | None, option]  # type: ignore[name-defined]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _write_choice(value: str, label: str) -> str:
    """Return a value with its label if that says more: "last", "best_val_loss (best by validation loss)"."""
    return value if value == label else label if label.startswith(f"{value} (") else f"{value} ({label})"


def parse_changes(words: Iterable[str]) -> dict[str, Any]:
    """Parse assignments such as "blocks=3" to {"blocks": 3}. Values that are not numbers stay text; RunSpec rejects
    them.

    Raises:
        SpecError: when a text is not NAME=VALUE with the name of a hyperparameter.
    """
    changes: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in SETTINGS:
            hint = suggest(name, SETTINGS) if name not in SETTINGS else ""
            raise SpecError(
                f"Expected NAME=VALUE with NAME one of {', '.join(SETTINGS)}; got {word!r:.80}. {hint}".strip()
            )
        changes[name] = SETTINGS[name].read(text)
    return choose_model(changes)
