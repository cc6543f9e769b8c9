"""Former names and values of URL parameters, so that old links open the page that they were made for."""

NAMES = {
    "stress": "corruption",
    "knob": "setting",
    "knob_runs": "setting_runs",
}

VALUES = {
    "compare": {"runs of my choice": "Custom selection"},
    "evidence": {"What it looks at": "Activation maps", "Knobs": "Hyperparameters"},
    "looks": {"right by one head": "only one correct"},
    "show": {"right by one": "only one correct", "wrong by one": "only one wrong"},
    "order": {
        "as stored": "dataset order",
        "surest first": "most confident first",
        "least sure first": "least confident first",
    },
}


def replace_aliases(params: dict[str, list[str]]) -> dict[str, list[str]]:
    """
    >>> replace_aliases({"knob": ["blocks"], "show": ["right by one"]})
    {'setting': ['blocks'], 'show': ['only one correct']}
    """
    renamed = {NAMES.get(name, name): values for name, values in params.items()}
    return {name: [VALUES.get(name, {}).get(value, value) for value in values] for name, values in renamed.items()}
