"""Former names and values of URL parameters, so that old links open the page that they were made for."""

NAMES = {
    "stress": "corruption",
    "knob": "setting",
    "knob_runs": "setting_runs",
}

VALUES: dict[str, dict[str, str]] = {}
