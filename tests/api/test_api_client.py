"""HTTP API of a real server: imports, the generated client, and a fuzzer that reads its OpenAPI description."""

import hashlib
import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.api.client_code import write_client
from core.reports.report_store import ReportStore
from core.store.run_store import RunStore
from headroom.api import Api
from headroom.api_connection import ApiError
from tests.support.api import ApiServer, Reply, ask
from tests.support.dispatcher import without_dispatcher
from tests.support.elsewhere_runs import build_content
from tests.support.markers import LONG
from tests.support.paths import ROOT

pytestmark = pytest.mark.xdist_group("browser")  # one server for all of them
EXAMPLES = 300 if LONG else 5


# Import of runs that were trained elsewhere


def test_bundle_is_imported_once_and_refusals_are_one_sentence(api_server: ApiServer) -> None:
    bundle = build_content(api_server.home, "sent")

    def send(body: bytes, kind: str = "application/zip", path: str = "/api/runs") -> Reply:
        return ask(f"{api_server.address}{path}", "POST", body, Content_Type=kind)

    first, second = send(bundle), send(bundle)
    assert (first.status, second.status) == (200, 200)
    (run_id,) = first.data["imported"]
    assert second.data == {"imported": [], "existing": [run_id]}
    details = api_server.get(f"/api/runs/{run_id}").data
    assert (details["spec"]["elsewhere"], details["spec"]["epochs"]) == ("sent", None)
    assert details["elsewhere"]["library"] == "keras 3.15.1"
    assert run_id in [run["run_id"] for run in api_server.get("/api/runs?q=sent").data["runs"]]
    refusals = [
        (send(b"no archive"), 400, "'upload.zip' is not a valid bundle."),
        (send(bundle, "text/plain"), 400, "Expected the Content-Type application/zip; got 'text/plain'."),
        (send(bundle, path="/api/runs?x=1"), 400, "Parameter 'x' is unknown. Parameters: none."),
    ]
    for reply, status, sentence in refusals:
        assert (reply.status, reply.data) == (status, {"error": sentence})


# Reading and writing by the generated client


def test_client_is_generated_from_the_description() -> None:
    code = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "api.py", "-"], input=write_client(), text=True,
        capture_output=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    assert code == (ROOT / "headroom" / "api.py").read_text(encoding="utf-8"), "Run: make client"


def test_client_reads_runs_with_curves_predictions_and_files_in_parts(api_server: ApiServer) -> None:
    api, run = Api(api_server.address), RunStore(api_server.home).open(api_server.run_ids[0])
    assert {one["run_id"] for one in api.pages(api.list_runs, "runs", limit=1)} >= {*api_server.run_ids}
    curves = api.read_curves(run.run_id)["points"]
    assert [point["val_accuracy"] for point in curves] == run.history["val_accuracy"].tolist()
    first = api.list_predictions(run.run_id, limit=2)
    assert [len(one["probabilities"]) for one in first["predictions"]] == [len(first["classes"])] * 2
    everything = [*api.pages(partial(api.list_predictions, run.run_id), "predictions", limit=7)]
    assert [one["image"] for one in everything] == [*range(first["total"])]
    assert [one["true_class"] for one in everything] == run.predictions.test_labels.tolist()
    assert [one["probabilities"] for one in everything] == run.predictions.test_probs.tolist()
    files = {one["name"]: one for one in api.list_files(run.run_id)["files"]}
    content = (run.path / "predictions.npz").read_bytes()
    assert files["predictions.npz"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert "log.txt" not in files
    assert api.download_file(run.run_id, "predictions.npz") == content
    assert api.download_file(run.run_id, "predictions.npz", range="bytes=10-19") == content[10:20]
    path = f"/api/runs/{run.run_id}/files/predictions.npz"
    part = api_server.get(path, Range="bytes=5-", Accept_Encoding="gzip")
    assert (part.status, part.body) == (206, content[5:])
    assert part.headers["content-range"] == f"bytes 5-{len(content) - 1}/{len(content)}"
    assert api_server.get(path, Range="bytes=99999999-").status == 416
    assert api_server.get(path, "HEAD").headers["accept-ranges"] == "bytes"
    assert api_server.get(path.replace("predictions.npz", "log.txt")).status == 404


def test_client_reads_reports_and_comments_on_them(api_server: ApiServer) -> None:
    api = Api(api_server.address)
    (report,) = api.list_reports(q="ADA")["reports"]
    assert (report["id"], report["versions"], report["open_comments"]) == (api_server.report, [1], 0)
    assert api.list_reports(q="nobody")["total"] == 0
    version = api.read_report(api_server.report)
    published = ReportStore(api_server.home).open(api_server.report)
    assert (version["address"], version["checksum"]) == (published.address, published.checksum)
    assert [section["id"] for section in version["sections"]] == [one.id for one in published.document.sections]
    assert api.read_report_csv(published.address).lstrip("\ufeff").startswith("view,title,row,")
    before = api.read_report_page(published.address)
    comment = api.add_comment(report["id"], text="Why <b>?", block=version["sections"][0]["id"], version=1)
    answered = api.add_comment(report["id"], text="Because.", reply_to=comment["number"])
    assert [reply["text"] for reply in answered["replies"]] == ["Because."]
    assert api.read_report_page(published.address) == before
    assert "Why &lt;b&gt;?" in api.read_report_page(published.address, comments="1")
    assert api.resolve_comment(report["id"], comment["number"])["resolved"]
    assert api.list_comments(report["id"])["comments"][0]["resolved"]
    with pytest.raises(ApiError, match=r"^Comment 99 was not found; it may have been deleted\.$") as refused:
        api.resolve_comment(report["id"], 99)
    assert refused.value.status == 404


def test_client_submits_watches_and_cancels_training(api_server: ApiServer) -> None:
    api = Api(api_server.address)
    assert "digits-heads" in [recipe["name"] for recipe in api.list_recipes()["recipes"]]
    with without_dispatcher(api_server.home):
        settings = {"epochs": 7, "train_images": 200, "seed": 3}
        jobs = api.submit_training(recipe="digits-heads", heads=["gap", "dense"], seeds=2, settings=settings)["jobs"]
        assert [job["state"] for job in jobs] == ["queued"] * 4
        first = api.read_job(jobs[0]["run_id"])
        assert (first["spec"]["head"], first["spec"]["seed"], first["spec"]["epochs"]) == ("gap", 3, 7)
        assert [job["run_id"] for job in api.list_jobs(state="queued")["jobs"]] == [
            job["run_id"] for job in reversed(jobs)
        ]
        assert [api.cancel_job(job["run_id"])["state"] for job in jobs] == ["cancelled"] * 4
    assert [job["state"] for job in api.watch(jobs[0]["run_id"])] == ["cancelled"]
    assert [job["state"] for job in api.watch(api_server.run_ids[0])] == ["finished"]
    for body, sentence in (
        ({"recipe": "none"}, r"^There is no recipe 'none'|^Unknown recipe"),
        ({"recipe": "digits-heads", "settings": {"epochs": 0}}, "^Expected epochs between 1 and 1000; got 0"),
        ({"recipe": "digits-heads", "seeds": 0}, r"^The body of this request is invalid: seeds "),
        ({"recipe": "digits-heads", "settings": {"seed": "x"}}, "^Expected seed to be an integer; got 'x'"),
    ):
        with pytest.raises(ApiError, match=sentence) as refused:
            api.submit_training(**body)
        assert refused.value.status == 400
    job = api_server.get(f"/api/jobs/{jobs[0]['run_id']}/cancel", "POST", Content_Type="text/plain")
    assert (job.status, job.data["error"]) == (400, "Expected the Content-Type application/json; got 'text/plain'.")


# The description, and what a fuzzer makes of it


def fuzz(address: str, operation: Any, mode: Any, checks: list[Any], known: dict[str, list[str]]) -> int:
    """Send many requests of one operation; half of the valid ones get `known` IDs, or nearly all would be unknown."""
    count = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode), index=st.integers(0, 5))
    def check(case: Any, index: int) -> None:
        nonlocal count
        count += 1
        for name, texts in known.items():
            for part in (case.path_parameters, case.query, case.body):
                if isinstance(part, dict) and name in part and index < len(texts):
                    part[name] = texts[index]
        case.call_and_validate(base_url=address, checks=checks, timeout=60)  # a busy machine is not a fault

    check()
    return count


def test_every_answer_is_as_the_description_says(api_server: ApiServer) -> None:
    import schemathesis  # takes seconds, in each process that collects the tests
    from schemathesis.specs.openapi import checks as openapi

    @schemathesis.serializer("application/zip")
    def _serialize(_context: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode()

    checks = [
        schemathesis.checks.not_a_server_error, openapi.status_code_conformance, openapi.content_type_conformance,
        openapi.response_schema_conformance, openapi.response_headers_conformance, openapi.negative_data_rejection,
        openapi.unsupported_method, openapi.allow_header_conformance,
    ]  # fmt: skip
    known = {
        "run_id": api_server.run_ids[:3],
        "runs": [api_server.run_ids[0], ",".join(api_server.run_ids)],
        "address": [api_server.report, f"{api_server.report}-1", f"{api_server.report}-2"],
        "report_id": [api_server.report] * 3,
        "name": ["predictions.npz", "record.json", "model.keras"],
        "recipe": ["digits-heads"] * 3,
    }
    description = api_server.get("/api/openapi.json").data
    operations = [found.ok() for found in schemathesis.openapi.from_dict(description).get_all_operations()]
    calls = 0
    with without_dispatcher(api_server.home):
        for operation in operations:
            calls += fuzz(api_server.address, operation, schemathesis.GenerationMode.POSITIVE, checks, known)
            if description["paths"][operation.path][operation.method]["parameters"]:
                calls += fuzz(api_server.address, operation, schemathesis.GenerationMode.NEGATIVE, checks, {})
    assert calls >= (10_000 if LONG else 100)
    assert {operation.path for operation in operations} == {*description["paths"]}
    names = {one["operationId"] for methods in description["paths"].values() for one in methods.values()}
    assert names <= {*dir(Api)}
    assert len(names) == len(operations) >= 23
