"""`token`: a token by which a script is let in where people log in."""

from typing import Annotated

import typer

from core.cli.output import print_message


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for: small letters, digits and hyphens.")],
    role: Annotated[str, typer.Option(help="viewer, trainer or admin; to read, viewer is enough.")] = "viewer",
) -> None:
    """Draw a token for a script and print it, once; with it, on the error stream, the lines of secrets.toml that let it
    in. It is kept nowhere."""
    from core.access.role import Role
    from core.access.token import draw_token, write_line
    from core.errors import UnknownNameError

    roles = {known.label: known for known in Role}
    if role not in roles:
        raise UnknownNameError(f"Expected role to be one of {', '.join(map(repr, roles))}; got {role!r:.60}.")
    drawn = draw_token()
    line = write_line(name, roles[role], drawn)
    typer.echo(drawn)
    print_message("This token is shown only now. To let it in, put this into .streamlit/secrets.toml:")
    print_message(f"\n[headroom.tokens]\n{line}")
