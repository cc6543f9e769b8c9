"""Login settings and the claims of a login."""

NOW = 1_800_000_000.0
ROLES = {
    "viewer": ["@example.org", "@kiosk.org"],
    "trainer": ["tom@example.org", "@lab.example.org"],
    "admin": ["Ada@Example.org"],
}
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "a secret of thirty-two characters",
    "client_id": "headroom",
    "client_secret": "hidden",
    "server_metadata_url": "http://localhost:9400/.well-known/openid-configuration",
}
HEADROOM = {"roles": {"viewer": ["@example.org"], "trainer": ["tom@example.org"], "admin": ["ada@example.org"]}}


def claim(**changes: object) -> dict[str, object]:
    claims = {"is_logged_in": True, "email": "tom@example.org", "email_verified": True, "iat": NOW - 60, **changes}
    return {name: value for name, value in claims.items() if value is not None}
