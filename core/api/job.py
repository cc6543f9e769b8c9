"""Jobs in the HTTP API: recipes, submission, progress and cancellation."""

from core.access.role import User
from core.actions.job import cancel_jobs, train_runs
from core.api.body import MAX_SUBMITTED, EmptyBody, TrainingBody
from core.api.parameter import JobSearch, NoParameters, RunName
from core.api.response_job import (
    JobList,
    JobModel,
    JobProgress,
    RecipeList,
    RecipeModel,
    SubmittedJob,
    SubmittedJobs,
)
from core.errors import HeadroomError, JobError, RunNotFoundError
from core.home import Home, hide_paths
from core.jobs.health import read_live_progress
from core.jobs.queue import Job, JobQueue
from core.store.elsewhere import list_known_settings
from core.store.run_store import RunStore


class JobEndpoint:
    """Jobs of one home. Thread-safe."""

    def __init__(self, home: Home, store: RunStore) -> None:
        self.home, self.store, self.queue = home, store, JobQueue(home)

    def list_recipes(self, parameters: NoParameters) -> RecipeList:
        from core.recipes import RECIPES

        return RecipeList(
            recipes=tuple(
                RecipeModel(
                    name=recipe.name, title=recipe.title, question=recipe.question, dataset=recipe.spec.dataset,
                    backbone=recipe.spec.backbone, heads=recipe.heads,
                )
                for recipe in RECIPES.values()
            )
        )  # fmt: skip

    def list(self, parameters: JobSearch) -> JobList:
        jobs = [job for job in self.queue.jobs() if parameters.state in ("", job.state)]
        page = jobs[parameters.offset : parameters.offset + parameters.limit]
        found = tuple(map(self._describe, page))
        return JobList(total=len(jobs), offset=parameters.offset, limit=parameters.limit, jobs=found)

    def show(self, parameters: RunName) -> JobModel:
        """Return the state and the progress of a job; a cached run that was never queued is finished."""
        job = self.queue.job(parameters.run_id)
        if job is not None:
            return self._describe(job)
        if self.store.path(parameters.run_id) is None:
            raise RunNotFoundError(f"Job {parameters.run_id} was not found.")
        return JobModel(
            run_id=parameters.run_id, state="finished", submitted_by="", reason="", attempt=0, queued_at=None,
            spec=list_known_settings(self.store.open(parameters.run_id).spec), started_at=None, ended_at=None,
            progress=None,
        )  # fmt: skip

    def train(self, user: User, parameters: NoParameters, body: TrainingBody) -> SubmittedJobs:
        """Queue the runs that are not cached."""
        from core.recipes import RECIPES

        recipe = RECIPES[body.recipe]
        heads = tuple(dict.fromkeys(body.heads or recipe.heads))
        if len(heads) * body.seeds > MAX_SUBMITTED:
            count = len(heads) * body.seeds
            raise JobError(f"A request may submit at most {MAX_SUBMITTED} runs; this one has {count:,}.")
        first = body.settings.get("seed", recipe.spec.seed)
        if not isinstance(first, int):
            raise JobError(f"Expected seed to be an integer; got {first!r:.60}.")
        specs = [
            recipe.spec_of(head, {**body.settings, "seed": seed})
            for seed in range(first, first + body.seeds)
            for head in heads
        ]
        found = train_runs(user, self.home, specs)
        return SubmittedJobs(jobs=tuple(SubmittedJob(run_id=one.run_id, state=one.status) for one in found))

    def stop(self, user: User, parameters: RunName, body: EmptyBody) -> JobModel:
        """Cancel a queued or running job; its checkpoint is kept."""
        self.show(parameters)
        cancel_jobs(user, self.home, [parameters.run_id])
        return self.show(parameters)

    def _describe(self, job: Job) -> JobModel:
        progress = read_live_progress(self.home, job) if job.state == "running" else None
        try:
            spec = list_known_settings(job.spec)
        except HeadroomError:
            spec = None
        return JobModel(
            run_id=job.run_id, state=job.state, spec=spec, submitted_by=job.submitted_by,
            reason=hide_paths(job.reason), attempt=job.attempt, queued_at=job.queued_at, started_at=job.started_at,
            ended_at=job.ended_at,
            progress=None if progress is None else JobProgress.model_validate(
                {name: getattr(progress, name) for name in JobProgress.model_fields}
            ),
        )  # fmt: skip
