"""Delivery of a bundle: to a folder, or to the HTTP API of a dashboard."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

from headroom.values import LogError

FOLDER = "headroom-runs"
_SECONDS = 60


def check_target(to: object, token: str | None) -> str:
    """Return the folder or the address to which bundles are delivered."""
    text = os.fspath(to) if isinstance(to, os.PathLike) else to
    if not isinstance(text, str) or not text:
        raise LogError(f"Expected to as a folder or an address such as http://localhost:8501; got {to!r:.60}.")
    if token is not None and not isinstance(token, str):
        raise LogError(f"Expected token to be a text; got {type(token).__name__}.")
    return text


def deliver(run_id: str, name: str, content: bytes, to: str, token: str | None) -> str:
    """Send or write a bundle. Return a message: where it is, and what to do with it.

    If the server cannot be reached or refuses it, the bundle is written to a folder.
    """
    if not to.startswith(("http://", "https://")):
        return f"Headroom run {run_id}: {_save(run_id, name, content, Path(to))}"
    try:
        sent = _send(content, to, token or os.environ.get("HEADROOM_TOKEN", ""))
        return f"Headroom run {', '.join(sent)}: {to.rstrip('/')}/run?run={sent[0]}"
    except (OSError, ValueError, LookupError) as error:
        where = _save(run_id, name, content, Path(FOLDER))
        return f"Headroom run {run_id} was not sent to {to} ({_describe(error)}). {where}"


def _save(run_id: str, name: str, content: bytes, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60]
    path = folder / f"{stem or 'run'}-{run_id}.zip"
    partial = path.with_suffix(".part")
    partial.write_bytes(content)
    os.replace(partial, path)
    return f"saved as {path}. Import it with: headroom import {path}"


def _send(content: bytes, to: str, token: str) -> list[str]:
    headers = {"Content-Type": "application/zip", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(f"{to.rstrip('/')}/api/runs", content, headers, method="POST")
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:
        found = json.loads(response.read(1_000_000))
    return [str(run_id) for run_id in (*found["imported"], *found["existing"])]


def _describe(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        try:
            return str(json.loads(error.read(10_000))["error"]).rstrip(".")
        except (ValueError, LookupError, OSError):
            return f"HTTP status {error.code}"
    return str(getattr(error, "reason", "") or error).rstrip(".") or type(error).__name__
