"""The Jobs API of a Ray head node: a real HTTP server on a real port, with real processes behind it.

It answers with Ray's messages and traces, and can fail as a cluster does: stop answering, and report a running process
as dead.
"""

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "a-token"
EXISTS = (
    'Traceback (most recent call last):\n  File "job_manager.py", line 553, in submit_job\n'
    "ValueError: Job with submission_id {} already exists. Please use a different submission_id.\n"
)


@dataclass
class Submission:
    request: dict[str, Any]
    process: subprocess.Popen[bytes]
    output: Path
    state: str = ""

    def describe(self) -> dict[str, Any]:
        code = self.process.poll()
        state = self.state or ("RUNNING" if code is None else "FAILED" if code else "SUCCEEDED")
        lost = self.state == "FAILED"
        message = f"Job entrypoint command failed with exit code {code}, last available logs (truncated):\n"
        message += self.output.read_text() + "Running entrypoint for job x: y\n"
        return {
            "type": "SUBMISSION",
            "submission_id": self.request["submission_id"],
            "status": state,
            "message": "The actor died because its node has died." if lost else message,
            "error_type": "JOB_SUPERVISOR_ACTOR_DIED" if lost else None,
            "driver_exit_code": None if lost else code,
        }

    def kill(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@dataclass
class RayHead:
    """Head node; `nodes` is the response of /api/v0/nodes, `calls` counts requests, `submissions` are the received
    ones.
    """

    folder: Path
    nodes: list[dict[str, float]] = field(default_factory=lambda: [{"CPU": 2.0}])
    calls: int = 0
    submissions: dict[str, Submission] = field(default_factory=dict)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def come(self) -> None:
        """Listen; from the second call on at the same port as before."""
        head = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                head._answer(self, {})

            def do_POST(self) -> None:
                head._answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}"))

            def log_message(self, *words: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def go(self) -> None:
        """Refuse connections from now on. Running processes continue, as they do when a head node is down."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def end(self) -> None:
        self.go()
        for submission in self.submissions.values():
            submission.kill(signal.SIGKILL)
            submission.process.wait()

    def lose(self, name: str) -> subprocess.Popen[bytes]:
        """Report that the submission's node died, and keep its process running."""
        self.submissions[name].state = "FAILED"
        return self.submissions[name].process

    def _answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        self.calls += 1
        code, answer = 401, "Unauthorized: Missing authentication token"
        if handler.headers["Authorization"] == f"Bearer {TOKEN}":
            code, answer = self._find(handler.command, handler.path, body)
        elif handler.headers["Authorization"]:
            code, answer = 403, "Forbidden: Invalid authentication token"
        content = answer.encode()
        with suppress(OSError):
            handler.send_response(code)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

    def _find(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, str]:
        words = path.partition("?")[0].strip("/").split("/")[1:]
        if words == ["version"]:
            return 200, json.dumps({"version": "4", "ray_version": "2.60.0"})
        if words == ["v0", "nodes"]:
            nodes = [{"state": "ALIVE", "resources_total": node} for node in self.nodes]
            nodes.append({"state": "DEAD", "resources_total": {"CPU": 64.0}})
            return 200, json.dumps({"result": True, "data": {"result": {"total": len(nodes), "result": nodes}}})
        if words == ["jobs"] and method == "POST":
            return self._submit(body)
        submission = self.submissions.get(words[1]) if len(words) > 1 else None
        if submission is None:
            return 404, f"Job {words[-1]} does not exist"
        if words[2:] == ["stop"]:
            if submission.process.poll() is None:
                submission.state = "STOPPED"
                submission.kill(signal.SIGTERM)
            return 200, json.dumps({"stopped": True})
        return 200, json.dumps(submission.describe())

    def _submit(self, body: dict[str, Any]) -> tuple[int, str]:
        name = body["submission_id"]
        if name in self.submissions:
            return 500, EXISTS.format(name)
        output = self.folder / f"{name}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                body["entrypoint"], shell=True, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={**os.environ, **body["runtime_env"]["env_vars"]},
            )  # fmt: skip
        self.submissions[name] = Submission(body, process, output)
        return 200, json.dumps({"job_id": name, "submission_id": name})
