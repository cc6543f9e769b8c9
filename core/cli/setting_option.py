"""The knobs of a run as options of a command: a knob that is new in the spec is an option by itself."""

import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from core.errors import SpecError
from core.setting import Setting
from core.spec import SETTINGS


def with_settings(*, leaving_out: tuple[str, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command an option for each knob in place of its `**knobs`; the value is None where it is not given.

    Bounds are checked by RunSpec, which knows the sentence for it.
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
    about = typer.Option(
        help=f"{setting.help}{bounds} Without it as in the recipe.",
        rich_help_panel="Knobs of the run",
        hidden=setting.name == "data",  # the fingerprint of what is here; nobody chooses it
    )
    annotation = Annotated[setting.kind | None, about]  # type: ignore[name-defined]
    return inspect.Parameter(setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def parse_changes(words: Iterable[str]) -> dict[str, Any]:
    """«blocks=3» to {"blocks": 3}. A value that is no number stays text, for RunSpec to say what it expected.

    Raises:
        SpecError: when a word is no assignment to a knob.
    """
    changes: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in SETTINGS:
            raise SpecError(f"Expected knob=value with one of {', '.join(SETTINGS)}; got {word!r:.80}.")
        changes[name] = SETTINGS[name].read(text)
    return changes
