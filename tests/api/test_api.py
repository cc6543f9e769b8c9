"""HTTP API of a real server: reading, refusals, health, metrics, and logins."""

import gzip
import json
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit.config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from typer.testing import CliRunner

from core.access.role import Role
from core.access.token import PREFIX, TokenTable, create_token, write_line
from core.api.parameter import RunName
from core.api.run import RunEndpoint
from core.bounds import HTTP_RUNS as MAX_RUNS
from core.cli.app import app
from core.errors import AccessError, LoginError
from core.exporters.model_package import read_package
from core.home import Home
from core.page_timing import BOUNDS_SECONDS, PageTimings
from core.reports.report_store import ReportStore
from core.store.run import Run
from core.store.run_store import RunStore
from core.ui.http_login import authenticate
from tests.support.api import ApiServer, read_metrics
from tests.support.dashboard import end_server, find_port, wait_until_up
from tests.support.login import AUTH
from tests.support.paths import ROOT

pytestmark = pytest.mark.xdist_group("browser")  # one server for all of them


# Runs and comparisons


def test_run_list_is_searched_and_paged(api_server: ApiServer) -> None:
    everything = api_server.get("/api/runs").data
    newest_first = [*RunStore(api_server.home, examples=api_server.home.path / "none").frame()["run_id"]]
    assert [line["run_id"] for line in everything["runs"]] == newest_first
    assert everything["total"] == 4
    second = api_server.get("/api/runs?limit=1&offset=1").data
    assert second["runs"] == everything["runs"][1:2]
    found = api_server.get("/api/runs?q=tag:paper%20head:gap").data
    assert [(line["name"], line["tags"]) for line in found["runs"]] == [("<b>first</b>", ["paper"])]
    assert api_server.get("/api/runs?q=acc%3E1").data == {"total": 0, "offset": 0, "limit": 100, "runs": []}


def test_run_in_full_says_nothing_of_where_it_lies(api_server: ApiServer) -> None:
    run = RunStore(api_server.home).open(api_server.run_ids[0])
    found = api_server.get(f"/api/runs/{run.run_id}")
    assert found.data["spec"] == run.spec.model_dump()
    assert found.data["metrics"] == run.record.metrics.model_dump()
    assert found.data["note"] == {
        "name": "<b>first</b>", "tags": ["paper"], "text": "why", "star": False, "archived": False,
    }  # fmt: skip
    assert str(api_server.home.path).encode() not in found.body
    assert found.headers["content-type"] == "application/json"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["cache-control"] == "no-store"


def test_model_is_downloaded_as_a_package(api_server: ApiServer, examples: list[Run], home: Home) -> None:
    run = next(run for run in examples if run.has("model.tflite"))
    found = RunEndpoint(home).download(RunName(run_id=run.run_id))
    assert found.content == read_package(run)
    assert run.run_id in found.headers["Content-Disposition"]
    missing = api_server.get(f"/api/runs/{api_server.run_ids[0]}/model")
    assert missing.status == 404
    assert missing.data["error"].startswith(f"Run {api_server.run_ids[0]} has no model files: ")


def test_comparison_is_what_the_command_line_prints(api_server: ApiServer) -> None:
    found = api_server.get(f"/api/compare?runs={','.join(api_server.run_ids)}").data
    printed = CliRunner().invoke(app, ["compare", *api_server.run_ids, "--json"])
    assert found == json.loads(printed.stdout)


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/runs/0123456789ab", 404, "Run '0123456789ab' was not found; it may have been deleted."),
        ("/api/runs/..%5C", 400, None),  # Streamlit's own guard of paths
        ("/api/runs/Z", 404, "Expected run_id to be a run ID of 12 hex digits; got 'Z'."),
        ("/api/runs?limit=1e9", 400, "Expected limit to be an integer between 1 and 1,000; got '1e9'."),
        ("/api/runs?offset=-1", 400, "Expected offset to be an integer between 0 and 1,000,000; got '-1'."),
        ("/api/runs?q=%22", 400, "A quotation mark is not closed."),
        ("/api/runs?limit=1&limit=2", 400, "Parameter 'limit' is given twice. Parameters: q, limit, offset."),
        ("/api/runs?path=/etc", 400, "Parameter 'path' is unknown. Parameters: q, limit, offset."),
        ("/api/runs/0123456789ab/files/..", 400, None),
        ("/api/jobs/0123456789ab", 404, "Job 0123456789ab was not found."),
        ("/api/jobs?state=done", 400, "Expected state to be queued, running, finished, failed or cancelled; by default "
                                      "all; got 'done'."),
        ("/api/reports/rzzzzzzz/comments", 404, "Report rzzzzzzz was not found; it may have been deleted."),
        ("/api/compare", 400, f"Expected runs to be at most {MAX_RUNS} IDs of finished runs, "
                              "separated by commas; got nothing."),
        ("/api/compare?runs=0123456789ab", 404, "Run '0123456789ab' was not found; it may have been deleted."),
        ("/api/nothing?at=all", 404, "This path was not found. See /api/openapi.json for all paths."),
        ("/reports/rzzzzzzz", 404, "Report rzzzzzzz was not found; it may have been deleted."),
        ("/metrics?x=1", 400, "Parameter 'x' is unknown. Parameters: none."),
    ],
)  # fmt: skip
def test_refusal_is_one_sentence(api_server: ApiServer, path: str, status: int, sentence: str | None) -> None:
    reply = api_server.get(path)
    assert reply.status == status
    assert sentence is None or reply.data == {"error": sentence}


def test_nothing_is_written_here(api_server: ApiServer) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        reply = api_server.get("/api/compare", method)
        assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
        assert reply.data == {"error": f"Expected the method GET or HEAD; got '{method}'."}
    assert api_server.get("/api/runs", "PUT").headers["allow"] == "GET, HEAD, POST"
    assert api_server.get("/api/runs", "HEAD").status == 200


def test_page_of_elsewhere_cannot_lead_its_name_here(api_server: ApiServer) -> None:
    port = api_server.address.rpartition(":")[2]
    assert api_server.get("/api/runs", Host=f"localhost:{port}").status == 200
    for path in ("/api/runs", f"/reports/{api_server.report}", "/metrics"):
        reply = api_server.get(path, Host=f"evil.example:{port}")
        assert reply.status == 403
        assert reply.data["error"].startswith("Requests to the host ")


@pytest.mark.parametrize(("host", "status"), [("localhost", b"101"), ("127.0.0.1", b"101"), ("evil.example", b"403")])
def test_pages_too_are_closed_to_a_name_that_leads_here(api_server: ApiServer, host: str, status: bytes) -> None:
    port = int(api_server.address.rpartition(":")[2])
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: http://{host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: streamlit\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request.encode())
        assert connection.recv(64).split()[1] == status


def test_allowed_hosts_replace_that_rule(home: Home) -> None:
    kept = streamlit.config.get_option("server.allowedHosts")
    try:
        streamlit.config.set_option("server.allowedHosts", ["*.example.org"])
        assert authenticate({"host": "lab.example.org:8501"}, {}).role is Role.ADMIN
        for host in ("localhost", "example.com", "", "[", "lab.example.org@evil.example"):
            with pytest.raises(AccessError):
                authenticate({"host": host}, {})
    finally:
        streamlit.config.set_option("server.allowedHosts", kept)


def test_server_error_is_reported_without_details(api_server: ApiServer) -> None:
    record = api_server.home.runs / api_server.run_ids[0] / "record.json"
    kept = record.read_bytes()
    try:
        record.write_bytes(b"{")
        reply = api_server.get(f"/api/runs/{api_server.run_ids[0]}")
    finally:
        record.write_bytes(kept)
    assert reply.status == 500
    assert reply.data == {"error": "Internal error. See the dashboard log for details."}


# Reports


def test_report_is_kept_and_sent_anew_only_when_it_is_another(api_server: ApiServer) -> None:
    first = api_server.get(f"/reports/{api_server.report}")
    published = ReportStore(api_server.home).open(api_server.report)
    assert first.headers["etag"] == f'W/"{published.address}-{published.checksum}"'
    assert first.headers["content-security-policy"].endswith("; frame-ancestors 'none'")
    assert "script-src 'sha256-" in first.headers["content-security-policy"]
    assert first.headers["referrer-policy"] == "no-referrer"
    assert published.document.headline.split("×")[0].encode() in first.body
    packed = api_server.get(f"/reports/{published.address}", Accept_Encoding="gzip")
    assert gzip.decompress(packed.body) == first.body
    cached = api_server.get(f"/reports/{published.address}", If_None_Match=first.headers["etag"])
    assert (cached.status, cached.body) == (304, b"")
    report_store = ReportStore(api_server.home)
    report_store.remove(api_server.report)
    try:
        gone = api_server.get(f"/reports/{published.address}", If_None_Match=first.headers["etag"])
        assert gone.status == 404
        assert "was deleted" in gone.data["error"]
    finally:
        report_store.restore(api_server.report)


# Health and metrics


def test_metrics_are_those_of_the_home(api_server: ApiServer) -> None:
    assert api_server.get("/metrics").headers["content-type"].startswith("text/plain; version=")
    samples = read_metrics(api_server)
    assert samples["headroom_runs", "home"] == 4
    assert samples["headroom_jobs", "queued"] == samples["headroom_jobs", "failed"] == 0
    assert samples["headroom_reports",] == samples["headroom_published_versions",] == 1
    assert samples["headroom_page_failures_total",] == 0
    assert 0 < samples["process_resident_memory_bytes",] < 350e6


def test_health_asks_for_no_login_and_sees_a_home_that_cannot_be_read(api_server: ApiServer) -> None:
    assert api_server.get("/healthz").data == {"status": "ok"}
    folder = api_server.home.runs
    aside = folder.with_name("aside")
    folder.rename(aside)
    try:
        folder.write_text("no folder")
        assert api_server.get("/healthz").status == 500
    finally:
        folder.unlink()
        aside.rename(folder)


def test_timing_counts_each_page_run_in_one_bucket() -> None:
    timings = PageTimings()
    for seconds in (0.0, 0.01, 0.011, 99.0):
        timings.add("Compare", seconds)
    with pytest.raises(KeyError), timings.timing("Runs"):
        raise KeyError
    assert timings.read()["Compare"].counts == (2, 1, *[0] * (len(BOUNDS_SECONDS) - 2), 1)
    assert timings.read()["Compare"].seconds == pytest.approx(99.021)
    assert sum(timings.read()["Runs"].counts) == 1


# Authentication


def test_invalid_token_table_denies_all_access() -> None:
    token = create_token()
    digest = write_line("x", Role.VIEWER, token).split('"')[3]
    assert token.startswith(PREFIX)
    assert token not in write_line("x", Role.VIEWER, token)
    table = TokenTable.parse({"nightly": {"role": "viewer", "sha256": digest}})
    assert table.authenticate(token).role is Role.VIEWER
    assert table.authenticate(token).name == "token nightly"
    for other in ("", digest, token[:-1], token + "x", "é" * 10_000):
        with pytest.raises(LoginError):
            table.authenticate(other)
    right = {"role": "viewer", "sha256": digest}
    for wrong in (
        [], {"Name": right}, {"a": token}, {"a": {"sha256": digest}}, {"a": {**right, "role": "owner"}},
        {"a": {**right, "role": ["viewer"]}}, {"a": {**right, "sha256": token}}, {"a": {**right, "until": 1}},
        {"a": right, "b": right}, {"a": {**right, "sha256": digest.upper()}},
    ):  # fmt: skip
        with pytest.raises(AccessError) as refused:
            TokenTable.parse(wrong)
        assert token not in str(refused.value)


def test_command_draws_a_token_and_the_line_that_lets_it_in() -> None:
    result = CliRunner().invoke(app, ["token", "nightly", "--role", "trainer"])
    line = result.stderr.splitlines()[-1]
    assert TokenTable.parse(tomllib.loads(line)).authenticate(result.stdout.strip()).role is Role.TRAINER
    assert CliRunner().invoke(app, ["token", "nightly", "--role", "owner"]).exit_code == 1


@pytest.fixture(scope="module")
def token() -> str:
    return create_token()


@pytest.fixture(scope="module")
def guarded(
    api_server: ApiServer, token: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ApiServer, Path]]:
    """Second server for the same home that requires a login, and its secrets."""
    folder = tmp_path_factory.mktemp("guarded")
    secrets = folder / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir()
    port = find_port()
    auth = {**AUTH, "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback"}
    lines = ["[auth]", *(f"{name} = {json.dumps(value)}" for name, value in auth.items())]
    lines += ["[headroom.roles]", 'viewer = ["@example.org"]', "[headroom.tokens]"]
    secrets.write_text("\n".join([*lines, write_line("nightly", Role.VIEWER, token)]))
    command = [sys.executable, "-m", "uvicorn", "asgi:app", "--app-dir", str(ROOT), "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until_up(f"{address}/healthz", process)
            yield ApiServer(address, api_server.home, api_server.run_ids, api_server.report), secrets
        finally:
            end_server(process)


def sign(address: str, secret: str = AUTH["cookie_secret"], **claims: object) -> str:
    """The cookie that Streamlit sets after a login."""
    claimed = {"origin": address, "is_logged_in": True, "email": "vera@example.org", "email_verified": True}
    value = json.dumps({**claimed, "iat": time.time() - 60, **claims})
    return f"_streamlit_user={create_signed_value(secret, '_streamlit_user', value).decode()}"


def test_unauthorized_requests_get_no_data(guarded: tuple[ApiServer, Path], token: str) -> None:
    api_server = guarded[0]
    existing = [
        f"/api/runs/{api_server.run_ids[0]}",
        f"/reports/{api_server.report}",
        "/api/runs",
        "/metrics",
        "/api/openapi.json",
    ]
    slow = [f"/api/compare?runs={','.join(api_server.run_ids)}"]
    absent = ["/api/runs/0123456789ab", "/reports/rzzzzzzz", "/api/compare?runs=1", "/api/nothing", "/api/runs?limit=0"]
    replies = [api_server.get(path) for path in (*existing, *slow, *absent)]
    assert {reply.status for reply in replies} == {401}
    assert len({reply.body for reply in replies}) == 1
    assert {reply.headers["www-authenticate"] for reply in replies} == {"Bearer"}
    for path in existing:
        assert api_server.get(path, Authorization=f"Bearer {token}").status == 200
        assert api_server.get(path, Authorization=f"Bearer {token}x").status == 401
    assert api_server.get("/healthz").status == 200


def test_cookie_of_a_login_counts_where_it_was_given_and_no_other(guarded: tuple[ApiServer, Path], token: str) -> None:
    api_server = guarded[0]
    right = sign(api_server.address)
    assert api_server.get("/api/runs", Cookie=right).status == 200
    assert api_server.get("/api/runs", Cookie=right, Authorization="Basic eDp5").status == 200  # of a proxy
    assert api_server.get("/api/runs", Cookie=right, Authorization="Bearer x").status == 401
    for wrong in (
        sign(api_server.address, "another secret of enough characters"),
        sign("http://elsewhere.example"),
        sign(api_server.address, iat=time.time() - 13 * 3600),
        sign(api_server.address, is_logged_in=False),
        right[:-2],
        "_streamlit_user=é",
    ):
        assert api_server.get("/api/runs", Cookie=wrong).status == 401
    for stranger in (
        sign(api_server.address, email="eve@elsewhere.org"),
        sign(api_server.address, email_verified=False),
    ):
        assert api_server.get("/api/runs", Cookie=stranger).status == 403


def test_only_trainers_can_send_runs_and_only_from_elsewhere(guarded: tuple[ApiServer, Path], token: str) -> None:
    server, _ = guarded
    reply = server.get("/api/runs", "POST", Content_Type="application/zip", Authorization=f"Bearer {token}")
    assert (reply.status, reply.data["error"]) == (
        403, "You need the trainer role to import runs from elsewhere. Ask an administrator.",
    )  # fmt: skip
    assert server.get("/api/runs", "POST", Content_Type="application/zip").status == 401


def test_token_that_is_struck_out_counts_no_more(guarded: tuple[ApiServer, Path], token: str) -> None:
    api_server, secrets = guarded
    secrets.write_text("\n".join(secrets.read_text().splitlines()[:-1]))
    until = time.monotonic() + 20
    while (status := api_server.get("/api/runs", Authorization=f"Bearer {token}").status) == 200:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert status == 401
