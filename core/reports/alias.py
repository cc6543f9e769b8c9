"""Aliases of renamed displays, settings and values, so that older drafts remain valid.

Published versions contain their charts and do not need aliases.
"""

from typing import Any

DISPLAYS = {"knob_curve": "hyperparameter_curve"}
SETTINGS = {"hyperparameter_curve": {"knob": "setting"}, "robustness": {"stress": "corruption"}}
VALUES = {  # by setting, in all displays
    "show": {"right by one": "only one correct", "wrong by one": "only one wrong"},
    "order": {
        "as stored": "dataset order",
        "surest first": "most confident first",
        "least sure first": "least confident first",
    },
}


def replace_block_aliases(display: str, settings: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """
    >>> replace_block_aliases("knob_curve", {"knob": "blocks"})
    ('hyperparameter_curve', {'setting': 'blocks'})
    """
    display = DISPLAYS.get(display, display)
    names = SETTINGS.get(display, {})
    renamed = {names.get(name, name): value for name, value in settings.items()}
    known = {name: VALUES.get(name, {}) for name in renamed}
    return display, {
        name: known[name].get(value, value) if isinstance(value, str) else value for name, value in renamed.items()
    }
