"""Settings of a deployment: values, links, and starts that are refused."""

import pytest

from core.access.deployment import Deployment, is_local
from core.errors import AccessError


def test_settings_are_read_and_combined() -> None:
    found = Deployment.read(
        {
            "HEADROOM_ADDRESS": " 0.0.0.0 ", "HEADROOM_HOSTS": "A.example.org, *.hf.space,a.example.org",
            "HEADROOM_URL": "https://example.org:8443/lab/headroom/", "HEADROOM_OPEN_ACCESS": "1",
        }
    )  # fmt: skip
    assert (found.address, found.hosts, found.open_access) == ("0.0.0.0", ("a.example.org", "*.hf.space"), True)
    assert (found.origin, found.prefix, found.host) == ("https://example.org:8443", "lab/headroom", "example.org")
    assert found.all_hosts == ("a.example.org", "*.hf.space", "example.org")
    assert Deployment.read({}) == Deployment()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("HEADROOM_ADDRESS", ["http://0.0.0.0", "0.0.0.0 x", "a/b", "-"]),
        ("HEADROOM_HOSTS", ["https://a.org", "a.org:80", "a.org/x", "user@a.org", "*a.org", "*.", "a_b"]),
        (
            "HEADROOM_URL",
            ["a.org", "ftp://a.org", "https://", "https://a.org?x=1", "https://a.org#x", "https://u:p@a.org",
             "https://*.a.org", "https://a.org/a b", "https://a.org//x", "https://a.org:0", "https://a.org:port",
             "https://[", "javascript:alert(1)"],
        ),
        ("HEADROOM_OPEN_ACCESS", ["yes", "2", "true"]),
    ],
)  # fmt: skip
def test_invalid_value_is_refused_with_its_name(name: str, values: list[str]) -> None:
    for value in values:
        with pytest.raises(AccessError, match=f"Expected {name} to be "):
            Deployment.read({name: value})


def test_links_contain_the_public_url_or_the_opened_one() -> None:
    public = Deployment(url="https://example.org/headroom")
    assert public.write_link("http://localhost:8501", "shared/r7k2m9qx-1/x") == (
        "https://example.org/headroom/shared/r7k2m9qx-1/x"
    )
    link = Deployment().write_link("http://localhost:8501/", "compare", compare="runs:a,b", baseline="é&x=1")
    assert link == "http://localhost:8501/compare?compare=runs:a,b&baseline=%C3%A9%26x%3D1"


def test_start_is_refused_only_if_others_could_change_everything() -> None:
    local = ("localhost", "127.0.0.1", "::1")
    reached = [
        (Deployment(), "0.0.0.0", local), (Deployment(), "", local), (Deployment(), "::", local),
        (Deployment(), "10.0.0.5", local), (Deployment(), "localhost", (*local, "a.org")),
        (Deployment(), "localhost", "*"),
        (Deployment(hosts=("*.hf.space",)), "localhost", local), (Deployment(url="https://a.org"), "localhost", local),
    ]  # fmt: skip
    for deployment, address, hosts in reached:
        risk = deployment.find_risk(address, hosts, has_login=False, read_only=False)
        assert risk, (deployment, address, hosts)
        assert "HEADROOM_READ_ONLY=1" in risk
        assert not deployment.find_risk(address, hosts, has_login=True, read_only=False)
        assert not deployment.find_risk(address, hosts, has_login=False, read_only=True)
        confirmed = Deployment(deployment.address, deployment.hosts, deployment.url, open_access=True)
        assert not confirmed.find_risk(address, hosts, has_login=False, read_only=False)
    for address in ("localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "LOCALHOST."):
        assert is_local(address)
        assert not Deployment().find_risk(address, local, has_login=False, read_only=False)
    assert not any(map(is_local, ("localhost.evil.org", "127.0.0.1.evil.org", "", "example.org")))
