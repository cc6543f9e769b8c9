"""Former names and values of URL parameters, which keep old links working."""

from core.reports.alias import VALUES as DISPLAY_VALUES
from core.spec import SETTINGS

NAMES = {
    "stress": "corruption",
    "knob": "setting",
    "knob_runs": "setting_runs",
    "looks": "map_images",
    "looks_for": "map_class",
    "looks_page": "map_page",
    "right": "cell",
    "right_page": "cell_page",
    "drawn_for": "drawn_class",
    "swept": "sweep_settings",
}

_CUSTOM = ["Custom selection", "runs of my choice"]  # values of `compare` when `runs` had the run IDs
_PADDINGS = {"own": "custom"}
_IMAGES = {"typed": "custom", "a scanned digit": "handwritten digit", "a picture of mine": "uploaded image"}

VALUES = {
    **DISPLAY_VALUES,
    "evidence": {"What it looks at": "maps", "Knobs": "hyperparameters", "Disagreements": "agreement"},
    "cell": {"both right": "both correct"},
    "map_images": {"right by one head": "only one correct"},
    "cost": {
        "FLOPs an image": "FLOPs per image",
        "Training an epoch (s)": "Training time per epoch (s)",
        "Training in all (s)": "Total training time (s)",
        "Highest memory in training (bytes)": "Peak training memory (bytes)",
    },
    "setting_runs": {"all on these images": "all"},
    "runs_order": {"by name": "name"},
    "lab_topic": {"Pictures": "Image files", "Output size": "Padding", "output-size": "Padding"},
    "lab_signal": _IMAGES,
    "lab_kernel1": _IMAGES,
    "lab_kernel2": _IMAGES,
    "lab_2d_image": _IMAGES,
    "lab_pool_image": _IMAGES,
    "lab_array_photo": _IMAGES,
    "lab_array_plane": {"grey": "gray"},
    "lab_channel_photo": _IMAGES,
    "lab_1d_padding": _PADDINGS,
    "lab_2d_padding": _PADDINGS,
}

_LAB_SECTIONS = {
    "lab_cost_": ("lab_channels_section", "Parameters"),
    "lab_dropout_": ("lab_regularization_section", "Dropout"),
    "lab_pool_seed": ("lab_pooling_section", "local-invariance"),
    "lab_pool_weights": ("lab_pooling_section", "strided-convolution"),
}
"""Sections that contain settings of earlier versions of a topic of the lab, by the start of the parameter."""


def replace_url_aliases(params: dict[str, list[str]]) -> dict[str, list[str]]:
    """Replace former names and values in URL parameters.

    >>> replace_url_aliases({"knob": ["blocks"], "show": ["right by one"]})
    {'setting': ['blocks'], 'show': ['only one correct']}
    >>> replace_url_aliases({"compare": ["Custom selection"], "runs": ["8c76e58900c2"]})
    {'compare': ['runs:8c76e58900c2']}
    """
    renamed = {NAMES.get(name, name): values for name, values in params.items()}
    current = {name: [VALUES.get(name, {}).get(value, value) for value in values] for name, values in renamed.items()}
    current = {name: [_rewrite(name, value) for value in values] for name, values in current.items()}
    for start, (name, section) in _LAB_SECTIONS.items():
        if name not in current and any(given.startswith(start) for given in current):
            current[name] = [section]
    runs = current.pop("runs", [""])
    if params.get("compare", _CUSTOM)[-1] in _CUSTOM and ("compare" in params or "runs" in params):
        current["compare"] = [f"runs:{runs[-1]}"]
    return current


def _rewrite(name: str, value: str) -> str:
    """Return the value of a setting as its slider, or its list of values in a sweep, writes it.

    >>> _rewrite("learning_rate", "1e-05"), _rewrite("values_keep", "best_val_loss"), _rewrite("epochs", "1e-05")
    ('0.00001', 'best by validation loss', '1e-05')
    """
    setting = SETTINGS.get(name.removeprefix("values_"))
    swept = name.startswith("values_")
    if setting is None or not (swept or (setting.choices and setting.kind is float)):
        return value
    found = setting.read(value)
    return setting.write(found) if found != value else value
