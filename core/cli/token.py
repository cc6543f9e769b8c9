"""`token`: create an access token for scripts."""

from typing import Annotated

import typer

from core.cli.output import print_message


def token(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the token: lowercase letters, digits and hyphens.")
    ],
    role: Annotated[
        str, typer.Option(help="Role of the token: viewer, commenter, trainer or admin. Reading needs only viewer.")
    ] = "viewer",
) -> None:
    """Create an access token for a script.

    Prints the token, which is not stored, and the lines to add to secrets.toml.
    """
    from core.access.role import Role
    from core.access.token import create_token, write_line
    from core.suggestion import reject_name

    roles = {known.label: known for known in Role}
    if role not in roles:
        raise reject_name("role", role, roles)
    secret = create_token()
    line = write_line(name, roles[role], secret)
    typer.echo(secret)
    print_message("This token is shown only once. To enable it, add these lines to .streamlit/secrets.toml:")
    print_message(f"\n[headroom.tokens]\n{line}")
