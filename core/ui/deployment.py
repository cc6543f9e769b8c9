"""Settings of a deployment, applied to Streamlit before the server answers requests."""

import sys

import streamlit as st
from streamlit import config

from core.access.action import is_read_only
from core.access.deployment import Deployment, is_local
from core.errors import AccessError
from core.ui.access import read_login

_SOURCE = "environment of Headroom"


def apply_deployment() -> None:
    """Apply the settings of the environment, also after each change of config.toml.

    Raises:
        SystemExit: when a setting is invalid, or other users could change everything.
    """
    try:
        st.secrets.load_if_toml_exists()  # its top-level values become environment variables
        deployment = Deployment.read()
        config.on_config_parsed(lambda: _set_options(deployment), force_connect=True)
        _set_options(deployment)
        _check_risk(deployment)
    except AccessError as error:
        sys.exit(f"The dashboard does not start. {error}")


def _set_options(deployment: Deployment) -> None:
    """Add the host names and the origin to those of config.toml."""
    if deployment.all_hosts and (hosts := st.get_option("server.allowedHosts")):  # empty: all hosts
        config.set_option("server.allowedHosts", [*dict.fromkeys((*hosts, *deployment.all_hosts))], _SOURCE)
    if deployment.url:
        origins = [*dict.fromkeys((*st.get_option("server.corsAllowedOrigins"), deployment.origin))]
        config.set_option("server.corsAllowedOrigins", origins, _SOURCE)
    if deployment.prefix:
        config.set_option("server.baseUrlPath", deployment.prefix, _SOURCE)


def _check_risk(deployment: Deployment) -> None:
    address, hosts = st.get_option("server.address") or "", st.get_option("server.allowedHosts")
    has_login = read_login() is not None
    if risk := deployment.find_risk(address, hosts, has_login=has_login, read_only=is_read_only()):
        raise AccessError(risk)


def is_open_to_all() -> bool:
    """Return whether everyone who reaches this server can change everything without a confirmation.

    Raises:
        AccessError: when the login settings or the settings of the environment are invalid; then no user has access.
    """
    return read_login() is None and not is_read_only() and not Deployment.read().open_access


def find_base_url() -> tuple[str, bool]:
    """Return the URL of this dashboard for links, and whether other machines may reach it."""
    if url := Deployment.read().url:
        return url, not is_local(Deployment.read().host)
    address, prefix = st.context.url or "", st.get_option("server.baseUrlPath").strip("/")
    parts = address.split("/", 3)
    root = "/".join(parts[:3]) if len(parts) > 2 else f"http://localhost:{st.get_option('server.port')}"
    host = root.partition("://")[2].rpartition("@")[2]
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return f"{root}/{prefix}" if prefix else root, not is_local(name)
