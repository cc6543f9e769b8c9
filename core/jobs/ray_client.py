"""A Ray cluster over the HTTP API of its head; Ray itself is imported nowhere."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from core.errors import ClusterError, JobError

_TIMEOUT_SECONDS = (2.0, 10.0)  # to connect, to answer
_MOST_NODES = 1000
_MOST_CPUS = 1024

Node = dict[str, float]
"""What a node has in all, by Ray's names: CPU, GPU, memory and others."""


@dataclass(frozen=True)
class Cluster:
    """`cpus` and `gpus` are what each training asks for; a share of a GPU is what several trainings divide.

    Raises:
        ClusterError: from every method, when the head does not answer, or not as Ray does.
    """

    address: str
    token: str = field(default="", repr=False)
    cpus: float = 1.0
    gpus: float = 0.0
    _session: requests.Session = field(default_factory=requests.Session, repr=False, compare=False)

    @classmethod
    def read(cls) -> "Cluster":
        """The one that HEADROOM_RAY_ADDRESS, RAY_AUTH_TOKEN, HEADROOM_RAY_CPUS and HEADROOM_RAY_GPUS name.

        Raises:
            JobError: when one of them is not as it should be.
        """
        address = os.environ.get("HEADROOM_RAY_ADDRESS", "").strip().rstrip("/")
        if not _is_address(address):
            raise JobError(
                "Expected HEADROOM_RAY_ADDRESS to be that of the head's dashboard, such as http://head:8265; "
                f"got {address!r:.80}."
            )
        token = os.environ.get("RAY_AUTH_TOKEN", "").strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise JobError("Expected RAY_AUTH_TOKEN to be a token; got one that no request can carry.")
        return cls(
            address,
            token,
            _read_number("HEADROOM_RAY_CPUS", 1.0, 0.01, _MOST_CPUS),
            _read_number("HEADROOM_RAY_GPUS", 0.0, 0.0, 1.0),
        )

    def read_version(self) -> str:
        answer = self._call("GET", "/api/version")
        return str(_look_up(answer, "ray_version", self.address))

    def list_nodes(self) -> list[Node]:
        """The nodes that are alive, the head among them."""
        answer = self._call("GET", f"/api/v0/nodes?limit={_MOST_NODES}")
        for name in ("data", "result", "result"):
            answer = _look_up(answer, name, self.address)
        try:
            return [dict(node["resources_total"]) for node in answer if node["state"] == "ALIVE"]
        except (KeyError, TypeError, ValueError):
            raise ClusterError(f"Expected Ray to list its nodes at {self.address}; got other words.") from None

    def count_slots(self) -> int:
        """How many trainings all nodes together have room for when nothing else runs on them."""
        return sum(self._fit(node) for node in self.list_nodes())

    def _fit(self, node: Node) -> int:
        """Ray counts in ten-thousandths, so that ten times 0.1 are one."""
        wanted = {"CPU": round(self.cpus * 10_000), "GPU": round(self.gpus * 10_000)}
        return min(round(node.get(name, 0.0) * 10_000) // amount for name, amount in wanted.items() if amount)

    def submit(self, name: str, entrypoint: str, environment: dict[str, str], metadata: dict[str, str]) -> None:
        """Runs a shell command on a node that has what a training asks for; one of that name is left as it is."""
        wanted = {
            "submission_id": name,
            "entrypoint": entrypoint,
            "entrypoint_num_cpus": self.cpus,
            "entrypoint_num_gpus": self.gpus,
            "runtime_env": {"env_vars": environment},
            "metadata": metadata,
        }
        # Ray answers with its own trace; the first time may have arrived though its answer did not.
        self._call("POST", "/api/jobs/", wanted, unless=lambda code, text: code == 500 and "already exists" in text)

    def read_job(self, name: str) -> dict[str, Any] | None:
        """What Ray knows of a submission; None when it knows none of that name."""
        found = self._call("GET", f"/api/jobs/{name}", unless=_is_absent)
        if found is not None:
            _look_up(found, "status", self.address)
        return found

    def stop(self, name: str) -> None:
        """Ends a submission, by force after three seconds; one that has ended is left as it is."""
        self._call("POST", f"/api/jobs/{name}/stop", unless=_is_absent)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        unless: Callable[[int, str], bool] = lambda code, text: False,
    ) -> Any:
        """The answer's JSON; None where `unless` takes its code and text for a good answer too."""
        try:
            answer = self._session.request(
                method, self.address + path, json=body, timeout=_TIMEOUT_SECONDS, auth=self._sign
            )
            if unless(answer.status_code, answer.text):
                return None
            if answer.status_code in (401, 403):
                got = "another one" if self.token else "none"
                raise ClusterError(
                    f"Expected RAY_AUTH_TOKEN to be the token of the cluster at {self.address}; got {got}."
                )
            if not answer.ok:
                words = _last_line(answer.text)
                raise ClusterError(f"Expected Ray to answer at {self.address}; got {answer.status_code}{words}.")
            return answer.json()
        except requests.JSONDecodeError:
            raise ClusterError(f"Expected Ray to answer at {self.address}; got something else.") from None
        except requests.RequestException as error:
            raise ClusterError(f"Expected Ray to answer at {self.address}; got {_explain(error)}.") from None

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Given as `auth`, since a header of the session gives way to a .netrc file."""
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.query
    except ValueError:  # a port that is none
        return False


def _read_number(name: str, default: float, low: float, high: float) -> float:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,6}(\.\d{1,4})?|\.\d{1,4}", text, re.ASCII) or not low <= float(text) <= high:
        raise JobError(f"Expected {name} to be a number between {low:g} and {high:g}; got {text!r:.60}.")
    return float(text)


def _is_absent(code: int, text: str) -> bool:
    """Ray's own words: any other server would say 404 too."""
    return code == 404 and "does not exist" in text


def _look_up(answer: Any, name: str, address: str) -> Any:
    if not isinstance(answer, dict) or name not in answer:
        raise ClusterError(f"Expected Ray to answer at {address}; got something else.")
    return answer[name]


def _last_line(text: str) -> str:
    """Of a trace, the line that says what was wrong."""
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip(" .\t")]
    return f": {lines[-1]:.120}" if lines and "<" not in lines[-1] else ""


def _explain(error: requests.RequestException) -> str:
    if isinstance(error, requests.ReadTimeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "a refused connection" if "refused" in str(error) else "no connection"
    return "a broken answer"
