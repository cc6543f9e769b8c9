"""Messages of usage errors: the problem, and the command that was probably meant."""

import re
from ast import literal_eval
from collections.abc import Mapping
from shlex import quote
from typing import Any

from typer.exceptions import TyperException

from core.suggestion import suggest

_COMMAND = re.compile(r"No such command (.*)\.", re.DOTALL)
_OPTION = re.compile(r"No such option: (\S+)")
_EXTRA = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.DOTALL)
_RUN_ID, _REPORT = re.compile(r"[0-9a-f]{6,12}"), re.compile(r"r[a-z2-9]{7}(-\d+)?")

_MAX_CHARS = 80
_MEANT = {
    "list": "headroom runs", "ls": "headroom runs", "status": "headroom jobs", "queue": "headroom jobs",
    "log": "headroom show RUN_ID", "logs": "headroom show RUN_ID", "info": "headroom show RUN_ID",
    "help": "headroom --help", "dashboard": "headroom serve", "start": "headroom serve", "open": "headroom serve",
    "ui": "headroom serve", "view": "headroom serve", "run": "headroom train --recipe RECIPE",
    "fit": "headroom train --recipe RECIPE", "stop": "headroom jobs cancel RUN_ID",
}  # fmt: skip
"""The commands for words that other tools use."""

_NAMED = {
    "report": "report export {} -o FILE.html", "jobs": "show {}", "runs": "show {}", "datasets": "datasets show {}",
    "models": "models list", "comparisons": "compare saved:{}", "bundle": "bundle export {} -o FILE",
    "export": "export model {} -o FOLDER",
}  # fmt: skip
"""Commands by group, for an ID or a name where a command was expected."""


def describe_usage_error(error: TyperException) -> str:
    """Return the message of a usage error; invalid option values are reported in the form that RunSpec uses."""
    from pydantic import ValidationError

    cause, option, context = error.__cause__, getattr(error, "param", None), getattr(error, "ctx", None)
    if isinstance(cause, ValidationError) and option is not None:
        return _describe_wrong_value(cause, option)
    if re.match("(Expected|Give) ", error.message):  # raised by Headroom: no "Invalid value:" prefix
        return _end(error.message)
    return _end(error.format_message()) if context is None else _describe(error, context)


def _describe(error: TyperException, context: Any) -> str:
    path = _list_path(context)
    see = f"See: {' '.join(['headroom', *path])} --help"
    if found := _COMMAND.match(error.message):
        word = str(literal_eval(found[1]))
        return f"No such command {word!r:.80}. {_suggest_command(word, path, context.command.commands) or see}"
    if found := _OPTION.match(error.message):
        options = [name[2:] for parameter in context.command.params for name in parameter.opts if name[:2] == "--"]
        hint = suggest(found[1].lstrip("-"), options, prefix=lambda name: "--")
        return f"No such option {found[1]!r:.80}. {hint.strip() or see}"
    if found := _EXTRA.match(error.message):
        parameters = {parameter.name for parameter in context.command.params}
        return f"Unexpected argument {found[1]!r:.80}. {_suggest_option(found[1], parameters) or see}"
    message = error.format_message()
    return f"{message} {see}" if message.startswith("Missing ") else _end(message)


def _end(message: str) -> str:
    return message if message.endswith((".", "?")) else f"{message}."


def _list_path(context: Any) -> list[str]:
    """Return the names of the group and the command, without the program."""
    return [*_list_path(context.parent), context.info_name] if context.parent is not None else []


def _suggest_command(word: str, path: list[str], siblings: Mapping[str, Any]) -> str:
    """Return the suggestion for a word that is not a command, or ""."""
    if path and word in ("list", "ls"):
        return f"To list all, run: headroom {path[0]}"
    if path and word in ("show", "open", "view") and path[0] in _NAMED:
        return f"Did you mean: headroom {_NAMED[path[0]].format('ID')}"
    meant = [_MEANT[word]] if word in _MEANT else _find_elsewhere(word, path)
    if not meant and (close := suggest(word, siblings).strip()):
        return close
    meant = meant or _find_owner(word, path)
    return f"Did you mean: {' or: '.join(meant)}" if meant else ""


def _find_elsewhere(word: str, path: list[str]) -> list[str]:
    """Return the commands of this name outside the group."""
    from core.cli.app import COMMANDS

    if word in COMMANDS:
        return [f"headroom {word}"]
    groups = {name: getattr(entry, "commands", {}) for name, entry in COMMANDS.items()}
    return [f"headroom {name} {word}" for name, commands in groups.items() if word in commands]


def _find_owner(word: str, path: list[str]) -> list[str]:
    """Return the command for an ID, a name or a recipe that was given instead of a command."""
    from core.recipes import RECIPES

    if _REPORT.fullmatch(word):
        return ["headroom " + _NAMED["report"].format(word)]
    if path:
        named = path[0] in _NAMED and word.isprintable() and len(word) <= _MAX_CHARS
        return ["headroom " + _NAMED[path[0]].format(quote(word))] if named else []
    if word in RECIPES:
        return [f"headroom train --recipe {word}"]
    return [f"headroom show {word}"] if _RUN_ID.fullmatch(word) else []


def _suggest_option(word: str, parameters: set[str]) -> str:
    """Return the suggestion for an argument that is the value of an option, or ""."""
    from core.recipes import RECIPES
    from core.spec import DATASETS

    for option, names in (("recipe", [*RECIPES]), ("dataset", [*DATASETS])):
        if option in parameters and word in names:
            return f"Did you mean: --{option} {word}"
    return ""


def _describe_wrong_value(cause: Any, option: Any) -> str:
    from core.spec import SETTINGS

    first = cause.errors()[0]
    kind = "a number" if first["type"].startswith("float") else "an integer"
    bounds = ""
    if option.name in SETTINGS:
        bounds = f" {SETTINGS[option.name].bounds}"
    elif getattr(option, "max", None) is not None:
        bounds = f" between {option.min} and {option.max}"
    got = f"{first['input']!r:.60}" if "parsing" in first["type"] else f"{first['input']!s:.60}"
    return f"Expected {option.name} to be {kind}{bounds}; got {got}."
