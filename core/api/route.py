"""Routes of the HTTP API, which take precedence over the routes of the dashboard."""

import json

from starlette.routing import Route

from core.api.metrics import TEXT, MetricsEndpoint
from core.api.openapi import describe_api
from core.api.operation import Authenticate, Endpoint, Operation, Upload
from core.api.parameter import NoParameters, ReportName, RunName, RunNames, RunSearch, SharedReportName, UnknownPath
from core.api.report import HTML, ReportEndpoint, hide_link_secrets
from core.api.response import JSON, ZIP, ApiResponse, ComparisonResult, Health, ImportedRuns, RunDetails, RunList
from core.api.run import RunEndpoint
from core.home import Home


def list_operations(home: Home) -> list[Operation]:
    runs, reports = RunEndpoint(home), ReportEndpoint(home)
    metrics = MetricsEndpoint(home, runs.store, reports.report_store)
    return [
        Operation(
            "/api/runs",
            "Finished runs, newest first.",
            RunSearch,
            runs.list,
            RunList,
            upload=Upload("Import the bundle of runs from elsewhere.", runs.check_add, runs.add, ImportedRuns),
        ),
        Operation("/api/runs/{run_id}", "Details of one finished run.", RunName, runs.show, RunDetails),
        Operation(
            "/api/runs/{run_id}/model",
            "The model of a run as a ZIP file: model files, model card and labels.json.",
            RunName,
            runs.download,
            ZIP,
            max_parallel=1,
        ),
        # takes seconds of CPU time, so one request at a time
        Operation(
            "/api/compare", "All results of a comparison.", RunNames, runs.compare, ComparisonResult, max_parallel=1
        ),
        Operation("/reports/{address}", "A published report as an HTML page.", ReportName, reports.show, HTML),
        Operation(
            "/shared/{address}/{secret}",
            "A published version as an HTML page, for everyone with a view-only link to it.",
            SharedReportName,
            reports.show_shared,
            HTML,
            public=True,
            max_parallel=2,
        ),
        Operation("/metrics", "Metrics of the dashboard for Prometheus.", NoParameters, metrics.write_metrics, TEXT),
        Operation("/healthz", "Health check.", NoParameters, metrics.check, Health, public=True),
    ]


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
        Operation("/api/openapi.json", "OpenAPI description.", NoParameters, lambda parameters: described, JSON),
        Operation("/api/{rest:path}", "Not found.", UnknownPath, lambda parameters: described, JSON),
    ]
    return [Route(base + one.path, Endpoint(one, authenticate, base)) for one in (*operations, *last)]
