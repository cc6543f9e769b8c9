"""Progress of a job as text, from the click to the end."""

import ast
import json

from core.displays.advice_progress import describe_budget_left, describe_race_time
from core.displays.job_table import write_names
from core.displays.progress import describe_progress, describe_settings
from core.displays.sweep import describe_status
from core.jobs.estimate import TimeEstimate
from core.jobs.progress import Progress
from core.jobs.queue import Job
from core.jobs.sweep_status import SweepRunStatus, SweepStatus
from core.spec import RunSpec
from tests.support.paths import ROOT


def test_the_dataset_of_a_job_is_named_once() -> None:
    specs = [
        RunSpec(dataset="folder", folder=folder, side=side, data=folder * 8)
        for folder, side in (("aa", 32), ("bb", 48), ("bb", 64))
    ]
    jobs = [
        Job(f"{n:012x}", n, json.dumps(spec.canonical()), "finished", 0, 0, 0, "", "", False, 0.0, None, None)
        for n, spec in enumerate(specs)
    ]
    assert list(write_names(jobs).values()) == [
        f"GAP · Folder {spec.folder} · image side {spec.side} · seed 0" for spec in specs
    ]
    assert "folder" not in "".join(map(describe_settings, specs))


def test_last_second_has_no_time_left() -> None:
    for seconds in (0.0, 2e-6, 0.4):
        progress = Progress(phase="training", epoch=3, epochs=4, eta_seconds=seconds)
        assert describe_progress("running", progress)[1] == "epoch 4 of 4 · finishing"
        found = TimeEstimate(seconds, seconds, seconds, runs=3, elsewhere=False)
        assert describe_status(SweepStatus((SweepRunStatus(RunSpec(), "running"),), found)).endswith(" · finishing")
        assert describe_race_time(found) == "finishing, at the speed measured so far"
        assert describe_budget_left(seconds) == "the time budget is used up"


def test_every_phase_of_the_worker_has_a_text() -> None:
    """The phases in the order of training: the text changes with each, and the progress never goes back."""
    called = [
        call
        for name in ("job.py", "train.py")
        for call in ast.walk(ast.parse((ROOT / "core" / "training" / name).read_text()))
        if isinstance(call, ast.Call) and any(isinstance(part, ast.Attribute) and part.attr == "report"
                                              for part in (call.func, *call.args))
    ]  # fmt: skip
    reported = {part.value for call in called for part in call.args if isinstance(part, ast.Constant) and part.value}
    phases = [
        "", "waiting for an earlier attempt to end", "loading", "building", "computing backbone features", "compiling",
        "training", "evaluating", "exporting",
    ]  # fmt: skip
    assert reported == {*phases} - {""}
    found = [describe_progress("running", None)]
    for at, phase in enumerate(phases[1:], start=1):
        epoch = 25 if at > phases.index("training") else 0
        found.append(describe_progress("running", Progress(phase=phase, epochs=25, epoch=epoch)))
    texts = [text for _, text in found]
    assert len({*texts}) == len(phases)
    assert (texts[0], texts[2], texts[6]) == ("starting worker", "loading data", "epoch 1 of 25")
    assert all(text.startswith("finishing: ") for text in texts[7:])
    assert [share for share, _ in found] == [0.0] * 7 + [1.0] * 2
    assert describe_progress("running", Progress(phase="compiling", epochs=25, epoch=3))[0] == 3 / 25
