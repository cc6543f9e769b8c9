"""The table of what a program may ask for, as routes that stand before those of the dashboard."""

import json

from starlette.routing import Route

from core.api.metrics import TEXT, MetricsEndpoint
from core.api.openapi import describe_api
from core.api.operation import Authenticate, Endpoint, Operation
from core.api.parameter import Elsewhere, Nothing, ReportName, RunName, RunNames, RunSearch
from core.api.report import HTML, ReportEndpoint
from core.api.response import JSON, ApiResponse, Figures, Health, RunDetails, RunList
from core.api.run import RunEndpoint
from core.home import Home


def list_operations(home: Home) -> list[Operation]:
    runs, reports = RunEndpoint(home), ReportEndpoint(home)
    metrics = MetricsEndpoint(home, runs.store, reports.report_store)
    return [
        Operation("/api/runs", "Finished runs, newest first.", RunSearch, runs.list, RunList),
        Operation("/api/runs/{run_id}", "One finished run in full.", RunName, runs.show, RunDetails),
        # they take seconds of computing, so one after the other
        Operation("/api/compare", "Every figure of a comparison.", RunNames, runs.compare, Figures, at_once=1),
        Operation("/reports/{address}", "A published report, as a page.", ReportName, reports.show, HTML),
        Operation("/metrics", "Figures of the dashboard for Prometheus.", Nothing, metrics.tell, TEXT),
        Operation("/healthz", "Whether the dashboard is well.", Nothing, metrics.check, Health, free=True),
    ]


def build_routes(home: Home, authenticate: Authenticate, base: str = "") -> list[Route]:
    """
    Args:
        authenticate: says who sends a request.
        base: stands before every path, as `server.baseUrlPath` does before those of pages.
    """
    base = f"/{base.strip('/')}" if base.strip("/") else ""
    operations = list_operations(home)
    described = ApiResponse(json.dumps(describe_api(operations, base)).encode(), JSON)
    last = [
        Operation("/api/openapi.json", "This description.", Nothing, lambda asked: described, JSON),
        Operation("/api/{rest:path}", "Nothing.", Elsewhere, lambda asked: described, JSON),
    ]
    return [Route(base + one.path, Endpoint(one, authenticate)) for one in (*operations, *last)]
