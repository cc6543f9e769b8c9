"""Routes of the HTTP API, which take precedence over the routes of the dashboard."""

import json

from starlette.routing import Route

from core.actions.comment import add_comment, resolve_comment
from core.actions.job import cancel_jobs, train_runs
from core.actions.run import add_runs
from core.api.body import CommentBody, EmptyBody, ResolutionBody, TrainingBody
from core.api.job import JobEndpoint
from core.api.metrics import TEXT, MetricsEndpoint
from core.api.openapi import describe_api
from core.api.operation import Authenticate, Endpoint, Operation, WriteOperation
from core.api.parameter import (
    CommentName,
    JobSearch,
    NoParameters,
    PredictionSearch,
    ReportName,
    ReportOnly,
    ReportPage,
    ReportSearch,
    RunFileName,
    RunName,
    RunNames,
    RunSearch,
    SharedReportName,
    UnknownPath,
)
from core.api.report import HTML, ReportEndpoint, hide_link_secrets
from core.api.response import (
    BINARY,
    CSV,
    JSON,
    ZIP,
    ApiResponse,
    ComparisonResult,
    Health,
    ImportedRuns,
    RunDetails,
    RunList,
)
from core.api.response_job import Curves, JobList, JobModel, PredictionList, RecipeList, RunFiles, SubmittedJobs
from core.api.response_report import CommentList, CommentModel, ReportDocument, ReportList
from core.api.run import RunEndpoint
from core.home import Home

_MAX_BUNDLE_BYTES = 100_000_000


def list_operations(home: Home) -> list[Operation]:
    runs, reports = RunEndpoint(home), ReportEndpoint(home)
    return [
        *_list_run_operations(runs),
        *_list_job_operations(JobEndpoint(home, runs.store)),
        *_list_report_operations(reports),
        *_list_health_operations(MetricsEndpoint(home, runs.store, reports.report_store)),
    ]


def _list_run_operations(runs: RunEndpoint) -> list[Operation]:
    send = WriteOperation(
        "import_runs", "Import the bundle of runs from elsewhere.", add_runs, runs.add, ImportedRuns, ZIP,
        max_bytes=_MAX_BUNDLE_BYTES,
    )  # fmt: skip
    run = "/api/runs/{run_id}"
    return [
        Operation(
            "/api/runs", "list_runs", "Finished runs, newest first.", RunSearch, runs.list, RunList, writing=send
        ),
        Operation(run, "read_run", "Details of one finished run.", RunName, runs.show, RunDetails),
        Operation(f"{run}/curves", "read_curves", "Learning curves of a run.", RunName, runs.list_curves, Curves),
        Operation(
            f"{run}/predictions", "list_predictions", "Predictions of a run, image by image.", PredictionSearch,
            runs.list_predictions, PredictionList,
        ),
        Operation(
            f"{run}/model", "download_model", "The model of a run as a ZIP file: model files, model card, labels.json.",
            RunName, runs.download, ZIP, max_parallel=1,
        ),
        Operation(f"{run}/files", "list_files", "The files of a run.", RunName, runs.list_files, RunFiles),
        Operation(
            f"{run}/files/{{name}}", "download_file", "A file of a run, or a part of it.", RunFileName,
            runs.send_file, BINARY,
        ),
        # takes seconds of CPU time, so one request at a time
        Operation(
            "/api/compare", "compare_runs", "All results of a comparison.", RunNames, runs.compare, ComparisonResult,
            max_parallel=1,
        ),
    ]  # fmt: skip


def _list_job_operations(jobs: JobEndpoint) -> list[Operation]:
    submit = WriteOperation(
        "submit_training", "Train the heads of a recipe; cached runs are not trained again.", train_runs, jobs.train,
        SubmittedJobs, TrainingBody,
    )  # fmt: skip
    cancel = WriteOperation(
        "cancel_job", "Cancel a queued or running job.", cancel_jobs, jobs.stop, JobModel, EmptyBody, RunName
    )
    job = "/api/jobs/{run_id}"
    return [
        Operation("/api/recipes", "list_recipes", "All recipes.", NoParameters, jobs.list_recipes, RecipeList),
        Operation("/api/jobs", "list_jobs", "Jobs, newest first.", JobSearch, jobs.list, JobList, writing=submit),
        Operation(job, "read_job", "State and progress of a job.", RunName, jobs.show, JobModel),
        Operation(f"{job}/cancel", "", "Cancel a job.", RunName, None, JobModel, writing=cancel),
    ]


def _list_report_operations(reports: ReportEndpoint) -> list[Operation]:
    comment = WriteOperation(
        "add_comment", "Comment on a report, or reply to a comment.", add_comment, reports.add_comment, CommentModel,
        CommentBody, ReportOnly,
    )  # fmt: skip
    resolve = WriteOperation(
        "resolve_comment", "Mark a comment as resolved, or as open again.", resolve_comment, reports.resolve_comment,
        CommentModel, ResolutionBody, CommentName,
    )  # fmt: skip
    version, comments = "/api/reports/{address}", "/api/reports/{report_id}/comments"
    return [
        Operation(
            "/api/reports", "list_reports", "Reports, the most recently changed first.", ReportSearch, reports.list,
            ReportList,
        ),
        Operation(
            version, "read_report", "A published report: all texts and values.", ReportName, reports.read_json,
            ReportDocument,
        ),
        Operation(f"{version}/csv", "read_report_csv", "A published report as CSV.", ReportName, reports.read_csv, CSV),
        Operation(
            comments, "list_comments", "Comments on a report.", ReportOnly, reports.list_comments, CommentList,
            writing=comment,
        ),
        Operation(
            f"{comments}/{{number}}/resolve", "", "Resolve a comment.", CommentName, None, CommentModel, writing=resolve
        ),
        Operation(
            "/reports/{address}", "read_report_page", "A published report as an HTML page.", ReportPage, reports.show,
            HTML,
        ),
        Operation(
            "/shared/{address}/{secret}", "read_shared_report",
            "A published version as an HTML page, for everyone with a view-only link to it.",
            SharedReportName, reports.show_shared, HTML, public=True, max_parallel=2,
        ),
    ]  # fmt: skip


def _list_health_operations(metrics: MetricsEndpoint) -> list[Operation]:
    return [
        Operation(
            "/metrics", "read_metrics", "Metrics of the dashboard for Prometheus.", NoParameters, metrics.write_metrics,
            TEXT,
        ),
        Operation("/healthz", "check_health", "Health check.", NoParameters, metrics.check, Health, public=True),
    ]  # fmt: skip


def build_routes(home: Home, authenticate: Authenticate, base: str = "") -> list[Route]:
    """
    Args:
        authenticate: authenticates a request.
        base: prefix of every path, as `server.baseUrlPath` for pages.
    """
    base = f"/{base.strip('/')}" if base.strip("/") else ""
    hide_link_secrets()
    operations = list_operations(home)
    described = ApiResponse(json.dumps(describe_api(operations, base)).encode(), JSON)
    last = [
        Operation("/api/openapi.json", "", "OpenAPI description.", NoParameters, lambda parameters: described, JSON),
        Operation("/api/{rest:path}", "", "Not found.", UnknownPath, lambda parameters: described, JSON),
    ]
    return [Route(base + one.path, Endpoint(one, authenticate, base)) for one in (*operations, *last)]
