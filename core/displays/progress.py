"""Progress and hyperparameters of a job as text."""

from core.analysis.seed_mean import SeedMean
from core.displays.number import format_accuracy, format_count, format_loss, format_seconds
from core.jobs.progress import PUBLISHING, STARTING, Progress
from core.jobs.queue import State
from core.recipes import recipe_of
from core.spec import SETTINGS, RunSpec
from core.store.setting_text import describe_setting

_BEFORE = {
    "": "starting worker",
    "loading": "loading data",
    "building": "building the model",
    "compiling": "compiling, then epoch {epoch} of {epochs}",
    "computing backbone features": "computing backbone features",
    "waiting for an earlier attempt to end": "waiting for an earlier attempt to end",
}
"""Phases before the first training step in progress.json, and the text for each."""
_TRAINING = "training"
FINISHING = "finishing"
_LAST_SECONDS = 1.0  # a shorter estimate is not shown


def describe_progress(state: State, progress: Progress | None) -> tuple[float, str]:
    """Return the progress of a job as a fraction and as text."""
    if state == "queued" and progress and progress.phase == STARTING:
        return 0.0, STARTING
    if state != "running":
        return (1.0 if state == "finished" else 0.0), state
    if progress and progress.silent_seconds:
        seconds = round(progress.silent_seconds)
        text = f"{seconds} s" if seconds < 60 else format_seconds(seconds)
        return min((progress.epoch or 0) / (progress.epochs or 1), 1.0), f"no sign of life for {text}"
    progress = progress or Progress()
    if progress.phase == PUBLISHING:
        return 1.0, f"{FINISHING}: {PUBLISHING}"
    epoch, epochs = progress.epoch or 0, progress.epochs or 1
    if progress.phase in _BEFORE or not progress.epochs:
        text = _BEFORE.get(progress.phase, progress.phase).format(epoch=min(epoch + 1, epochs), epochs=epochs)
        if progress.phase != _TRAINING and progress.step is not None and progress.steps:
            text += f", {min(progress.step / progress.steps, 1):.0%}"
        return min(epoch / epochs, 1.0), text
    if progress.phase != _TRAINING:
        return 1.0, f"{FINISHING}: {progress.phase}"
    share = (epoch + (progress.step or 0) / (progress.steps or 1)) / epochs
    parts = [f"epoch {min(epoch + 1, epochs)} of {epochs}"]
    if progress.loss is not None:
        parts.append(f"loss {format_loss(SeedMean(progress.loss, None, 1))}")
    if progress.accuracy is not None:
        parts.append(f"accuracy {format_accuracy(SeedMean(progress.accuracy, None, 1))}")
    if progress.images_per_second:
        parts.append(f"{format_count(progress.images_per_second)} images/s")
    if progress.eta_seconds is not None:
        parts.append(describe_time_left(progress.eta_seconds))
    return min(max(share, 0.0), 1.0), " · ".join(parts)


def describe_time_left(seconds: float) -> str:
    """Return "1 min 15 s left", or "finishing" for less than a second."""
    return FINISHING if seconds < _LAST_SECONDS else f"{format_seconds(seconds)} left"


def describe_settings(spec: RunSpec) -> str:
    """Return the epochs and all hyperparameters that differ from the recipe, apart from head and seed."""
    recipe = recipe_of(spec)
    rest = (recipe.spec if recipe else RunSpec()).replace(dataset=spec.dataset, backbone=spec.backbone, head=spec.head)
    separate = {"head", "seed", "data", "dataset", "folder", "backbone", "epochs"}
    changed = [name for name in SETTINGS if name not in separate and getattr(spec, name) != getattr(rest, name)]
    return " · ".join(describe_setting(name, getattr(spec, name)) for name in ["epochs", *changed])


def describe_age(seconds: float) -> str:
    """Format an age in one unit: "just now", "5 min ago", "3 days ago"."""
    if seconds < 60:
        return "just now"
    minutes, hours, days = (int(seconds // unit) for unit in (60, 3_600, 86_400))
    if minutes < 60:
        return f"{minutes} min ago"
    return f"{hours} h ago" if hours < 48 else f"{days} days ago"
