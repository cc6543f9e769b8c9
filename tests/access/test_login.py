"""Roles by address, login settings, and logins that are not to be trusted."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.access.login import Login
from core.access.role import Role, User
from core.access.role_table import RoleTable
from core.errors import AccessError, LoginError
from tests.support.login import AUTH, NOW, ROLES, claim

TABLE = RoleTable.parse(ROLES)
LOGIN = Login.parse(AUTH, {"roles": ROLES})


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("ada@example.org", Role.ADMIN),
        ("ADA@EXAMPLE.ORG", Role.ADMIN),
        ("tom@example.org", Role.TRAINER),
        ("someone@example.org", Role.VIEWER),
        ("someone@lab.example.org", Role.TRAINER),
        ("someone@other.example.org", None),
        ("someone@evil-example.org", None),
        ("someone@example.org.evil.com", None),
        ("someone@example.org@evil.com", None),
        ("someone@evil.com@example.org", None),
        ("someone@example.org.", None),
        ("someone@example.org\n", None),
        ("any body@example.org", None),
        ("@example.org", None),
        ("example.org", None),
        ("", None),
        ("someone@ex\u0430mple.org", None),  # a Cyrillic letter that looks the same
        ("someone@example.or\u0261", None),
        ("Tom@Example.org\u200b", None),
        ("tom@\u212aiosk.org", None),  # the sign of kelvin, which is a k in small letters
    ],
)
def test_address_has_the_role_that_the_table_gives_it(address: str, role: Role | None) -> None:
    assert TABLE.find(address) == role


@given(st.text(max_size=40), st.sampled_from(["", "@example.org", "@lab.example.org"]))
@example("tom", "@EXAMPLE.org")
@example("tom", "@example.org.evil.com")
def test_no_address_but_a_listed_one_has_a_role(text: str, domain: str) -> None:
    role = TABLE.find(text + domain)
    if role is not None:
        name, _, found = (text + domain).rpartition("@")
        assert name.isascii()
        assert "@" not in name
        assert found.lower() in ("example.org", "kiosk.org", "lab.example.org")


@pytest.mark.parametrize(
    ("auth", "settings", "sentence"),
    [
        (AUTH, None, r"has a section \[auth\] but no section \[headroom.roles\]. Login needs both."),
        (None, {"roles": ROLES}, r"has a section \[headroom\] but no section \[auth\]. Login needs both."),
        (AUTH, {}, "to assign roles to users; got nothing."),
        (AUTH, {"roles": {}}, "to assign roles to users; got {}."),
        (AUTH, {"roles": []}, "to assign roles to users"),
        (AUTH, {"rolls": ROLES}, "Unknown setting 'rolls' in "),
        (AUTH, {"roles": {"owner": ["a@b.org"]}}, "to have the keys viewer, commenter, trainer, admin; got 'owner'."),
        (AUTH, {"roles": {"admin": "a@b.org"}}, "to be a list; got 'a@b.org'."),
        (AUTH, {"roles": {"admin": ["b.org"]}}, "Expected name@domain or @domain under admin .* got 'b.org'."),
        (AUTH, {"roles": {"admin": ["*"]}}, "got '\\*'."),
        (AUTH, {"roles": {"admin": ["@"]}}, "got '@'."),
        (AUTH, {"roles": {"admin": ["@b.org@c.org"]}}, "got '@b.org@c.org'."),
        (AUTH, {"roles": {"admin": [7]}}, "got 7."),
        (AUTH, {"roles": {"admin": ["a@b.org"], "viewer": ["A@b.org"]}}, "one role for a@b.org .* admin and viewer."),
        (AUTH, {"roles": ROLES, "login_hours": 0}, "between 0 and 720; got 0."),
        (AUTH, {"roles": ROLES, "login_hours": "12"}, "got '12'."),
        (AUTH, {"roles": ROLES, "login_hours": True}, "got True."),
        (AUTH, {"roles": ROLES, "unsaid_is_verified": "no"}, "true or false; got 'no'."),
        ({**AUTH, "cookie_secret": "short"}, {"roles": ROLES}, "is too short: use at least 32 characters."),
        ({**AUTH, "cookie_secret": ""}, {"roles": ROLES}, "has no cookie_secret. Add it."),
        ({**AUTH, "redirect_uri": "http://localhost:8501/"}, {"roles": ROLES}, "to end in /oauth2callback"),
        ({**AUTH, "client_secret": ""}, {"roles": ROLES}, "has no client_secret. Add it."),
        ({**AUTH, "our_own": {}}, {"roles": ROLES}, "without underscores; got 'our_own'."),
        ({**AUTH, "own": {}}, {"roles": ROLES}, r"\[auth.own\] in secrets.toml has no client_id. Add it."),
        ("yes", {"roles": ROLES}, r"no section \[auth\]"),
        (dict(list(AUTH.items())[:2]), {"roles": ROLES}, "has no login provider. Add client_id, "),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_relied_on_are_named(auth: object, settings: object, sentence: str) -> None:
    with pytest.raises(AccessError, match=sentence):
        Login.parse(auth, settings)


def test_login_has_the_providers_of_its_section_and_those_below_it() -> None:
    shared = {name: AUTH[name] for name in ("redirect_uri", "cookie_secret")}
    own = {name: AUTH[name] for name in ("client_id", "client_secret", "server_metadata_url")}
    parsed = Login.parse({**AUTH, "client_kwargs": {"prompt": "login"}, "okta": own}, {"roles": ROLES})
    assert parsed
    assert parsed.providers == ("default", "okta")
    alone = Login.parse({**shared, "okta": own}, {"roles": ROLES})
    assert alone
    assert alone.providers == ("okta",)
    assert Login.parse(None, None) is None


def test_user_is_identified_by_their_verified_address() -> None:
    assert LOGIN
    assert LOGIN.authenticate(claim(), NOW) == User("tom@example.org", Role.TRAINER)
    assert LOGIN.authenticate(claim(email="ADA@example.org", email_verified="true"), NOW).name == "ada@example.org"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"is_logged_in": None}, "^You are not logged in.$"),
        ({"is_logged_in": False}, "^You are not logged in.$"),
        ({"is_logged_in": "True"}, "^You are not logged in.$"),
        ({"iat": None}, "has no time of issue"),
        ({"iat": True}, "has no time of issue"),
        ({"iat": NOW - 12 * 3600 - 1}, "has expired after 12 hours. Log in again."),
        ({"iat": NOW + 3600}, "has expired after 12 hours"),
        ({"iat": float("nan")}, "has expired after 12 hours"),
        ({"email": None}, "has no email address"),
        ({"email": ""}, "has no email address"),
        ({"email": ["tom@example.org"]}, "has no email address"),
        ({"email_verified": None}, "is not verified"),
        ({"email_verified": False}, "is not verified"),
        ({"email_verified": "false"}, "is not verified"),
        ({"email_verified": 1}, "is not verified"),
        ({"email": "tom@elsewhere.org"}, "^'tom@elsewhere.org' has no role on this dashboard."),
    ],
)
def test_login_that_is_not_to_be_trusted_lets_nobody_in(changes: dict[str, object], sentence: str) -> None:
    assert LOGIN
    with pytest.raises(AccessError, match=sentence):
        LOGIN.authenticate(claim(**changes), NOW)


def test_provider_that_never_says_verified_can_be_trusted_by_name_but_not_against_its_word() -> None:
    trusting = Login.parse(AUTH, {"roles": ROLES, "unsaid_is_verified": True, "login_hours": 0.5})
    assert trusting
    assert trusting.authenticate(claim(email_verified=None), NOW).role is Role.TRAINER
    with pytest.raises(AccessError, match="is not verified"):
        trusting.authenticate(claim(email_verified=False), NOW)
    with pytest.raises(LoginError, match=r"has expired after 0\.5 hours"):
        trusting.authenticate(claim(iat=NOW - 1801), NOW)
