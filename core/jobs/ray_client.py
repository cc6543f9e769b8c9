"""Client of the HTTP API of a Ray cluster's head node; does not import Ray."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from core.errors import ClusterError, JobError

_TIMEOUT_SECONDS = (2.0, 10.0)  # connect, read
_MAX_NODES = 1000
_MAX_CPUS = 1024

Node = dict[str, float]
"""Total resources of a node by Ray's names: CPU, GPU, memory and others."""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster. `cpus` and `gpus` are requested per job; jobs with a fraction of a GPU share one.

    Raises:
        ClusterError: from every method, when the head node cannot be reached or its response is not Ray's.
    """

    address: str
    token: str = field(default="", repr=False)
    cpus: float = 1.0
    gpus: float = 0.0
    _session: requests.Session = field(default_factory=requests.Session, repr=False, compare=False)

    @classmethod
    def read(cls) -> "Cluster":
        """Return the cluster given by HEADROOM_RAY_ADDRESS, RAY_AUTH_TOKEN, HEADROOM_RAY_CPUS and HEADROOM_RAY_GPUS.

        Raises:
            JobError: when one of these variables is invalid.
        """
        address = os.environ.get("HEADROOM_RAY_ADDRESS", "").strip().rstrip("/")
        if not _is_address(address):
            raise JobError(
                "Expected HEADROOM_RAY_ADDRESS to be the URL of the Ray dashboard, such as http://head:8265; "
                f"got {address!r:.80}."
            )
        token = os.environ.get("RAY_AUTH_TOKEN", "").strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise JobError("RAY_AUTH_TOKEN contains spaces or special characters. Set it to the cluster's token.")
        return cls(
            address,
            token,
            _read_number("HEADROOM_RAY_CPUS", 1.0, 0.01, _MAX_CPUS),
            _read_number("HEADROOM_RAY_GPUS", 0.0, 0.0, 1.0),
        )

    def read_version(self) -> str:
        response = self._call("GET", "/api/version")
        return str(_look_up(response, "ray_version", self.address))

    def list_nodes(self) -> list[Node]:
        """Return the live nodes, including the head node."""
        nodes = self._call("GET", f"/api/v0/nodes?limit={_MAX_NODES}")
        for name in ("data", "result", "result"):
            nodes = _look_up(nodes, name, self.address)
        try:
            return [dict(node["resources_total"]) for node in nodes if node["state"] == "ALIVE"]
        except (KeyError, TypeError, ValueError):
            raise _unexpected(self.address) from None

    def count_slots(self) -> int:
        """Return the number of jobs that fit on all nodes if no other jobs run there."""
        return sum(self._fit(node) for node in self.list_nodes())

    def _fit(self, node: Node) -> int:
        """Return the number of jobs that fit on a node. Ray counts in units of 1/10,000, so ten times 0.1 is one."""
        required = {"CPU": round(self.cpus * 10_000), "GPU": round(self.gpus * 10_000)}
        return min(round(node.get(name, 0.0) * 10_000) // amount for name, amount in required.items() if amount)

    def submit(self, name: str, entrypoint: str, environment: dict[str, str], metadata: dict[str, str]) -> None:
        """Run a shell command on a node with the required resources. Has no effect if a submission has this name."""
        body = {
            "submission_id": name,
            "entrypoint": entrypoint,
            "entrypoint_num_cpus": self.cpus,
            "entrypoint_num_gpus": self.gpus,
            "runtime_env": {"env_vars": environment},
            "metadata": metadata,
        }
        # After a lost response the submission may exist; Ray then responds with a stack trace.
        self._call("POST", "/api/jobs/", body, ignore=lambda code, text: code == 500 and "already exists" in text)

    def read_job(self, name: str) -> dict[str, Any] | None:
        """Return Ray's data about a submission; None if it does not exist."""
        found = self._call("GET", f"/api/jobs/{name}", ignore=_is_missing)
        if found is not None:
            _look_up(found, "status", self.address)
        return found

    def stop(self, name: str) -> None:
        """Stop a submission; Ray kills it after three seconds. Has no effect if it has ended."""
        self._call("POST", f"/api/jobs/{name}/stop", ignore=_is_missing)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        ignore: Callable[[int, str], bool] = lambda code, text: False,
    ) -> Any:
        """Return the JSON of the response; None if `ignore` returns True for its status code and text."""
        try:
            response = self._session.request(
                method, self.address + path, json=body, timeout=_TIMEOUT_SECONDS, auth=self._sign
            )
            if ignore(response.status_code, response.text):
                return None
            if response.status_code in (401, 403):
                problem = "rejected RAY_AUTH_TOKEN" if self.token else "requires a token"
                raise ClusterError(
                    f"The Ray cluster at {self.address} {problem}. Set RAY_AUTH_TOKEN to the cluster's token."
                )
            if not response.ok:
                detail = _last_line(response.text)
                raise ClusterError(f"Cannot use Ray at {self.address}: HTTP status {response.status_code}{detail}.")
            return response.json()
        except requests.JSONDecodeError:
            raise _unexpected(self.address) from None
        except requests.RequestException as error:
            raise ClusterError(f"Cannot reach Ray at {self.address}: {_explain(error)}.") from None

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the token. Passed as `auth`, because a .netrc file overrides the headers of a session."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:  # an invalid port
        return False


def _read_number(name: str, default: float, low: float, high: float) -> float:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,6}(\.\d{1,4})?|\.\d{1,4}", text, re.ASCII) or not low <= float(text) <= high:
        raise JobError(f"Expected {name} to be a number between {low:g} and {high:g}; got {text!r:.60}.")
    return float(text)


def _is_missing(code: int, text: str) -> bool:
    """Return whether Ray reports a missing submission. Checks Ray's message, since any server can respond with 404."""
    return code == 404 and "does not exist" in text


def _look_up(response: Any, name: str, address: str) -> Any:
    if not isinstance(response, dict) or name not in response:
        raise _unexpected(address)
    return response[name]


def _unexpected(address: str) -> ClusterError:
    return ClusterError(f"The response from {address} is not from the Ray API. Check HEADROOM_RAY_ADDRESS.")


def _last_line(text: str) -> str:
    """Return the last line of a stack trace, which contains the error message."""
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip(" .\t")]
    return f": {lines[-1]:.120}" if lines and "<" not in lines[-1] else ""


def _explain(error: requests.RequestException) -> str:
    if isinstance(error, requests.ReadTimeout):
        return "the request timed out"
    if isinstance(error, requests.ConnectionError):
        return "connection refused" if "refused" in str(error) else "no connection"
    return "invalid response"
