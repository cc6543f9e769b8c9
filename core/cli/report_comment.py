"""`report comments`, `report comment` and `report resolve` for comments; `report history` and `report diff`."""

from dataclasses import asdict
from typing import Annotated

import typer

from core.cli.output import JsonFlag, print_json, print_message, print_table
from core.home import Home
from core.plural import format_plural

_Report = Annotated[str, typer.Argument(metavar="REPORT", help="ID of a saved report.")]
_Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Number of a comment.")]


def comments(report: _Report, as_json: JsonFlag = False) -> None:
    """List the comments on a report and their replies."""
    from core.reports.comment import describe_comment
    from core.reports.comment_store import CommentStore
    from core.reports.report_store import ReportStore

    ReportStore(Home.default()).read(report)
    found = CommentStore(Home.default()).read(report)
    if found.damaged:
        print_message(f"{format_plural(found.damaged, 'change')} of the comments cannot be read.")
    if as_json:
        print_json([asdict(comment) for comment in found.comments])
        return
    if not found.comments:
        print_message(f"No comments yet. Write one with: headroom report comment {report} TEXT")
    print_table(
        [
            {
                "Number": str(one.number),
                "Block": comment.block or "–",
                "Comment": one.text,
                "By": describe_comment(one),
            }
            for comment in found.comments
            for one in comment.thread
        ]
    )


def comment(
    report: _Report,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Text of the comment; @name mentions a user.")],
    block: Annotated[str, typer.Option(help="ID of the block. Default: the whole report.")] = "",
    reply_to: Annotated[int | None, typer.Option(min=1, help="Number of the comment to answer.")] = None,
) -> None:
    """Write a comment on a report and print its number."""
    from core.reports.comment_store import CommentStore

    typer.echo(CommentStore(Home.default()).post(report, text, "", block=block, of=reply_to).number)


def resolve(
    report: _Report, number: _Number, reopen: Annotated[bool, typer.Option("--reopen", help="Reopen it.")] = False
) -> None:
    """Mark a comment with its replies as resolved."""
    from core.reports.comment_store import CommentStore

    CommentStore(Home.default()).mark_resolved(report, number, "", resolved=not reopen)


def history(report: _Report, as_json: JsonFlag = False) -> None:
    """List the revisions of a draft: who saved them, when, and what they changed."""
    from core.reports.comment import name_author
    from core.reports.difference import ReportPart, compare_parts, split_report
    from core.reports.report_store import ReportStore

    reports = ReportStore(Home.default())
    reports.read(report)
    rows: list[dict[str, str]] = []
    before: list[ReportPart] | None = None
    for one in reports.revisions(report):
        parts = split_report(one.report)
        changes = [f"{part.title} {part.kind}" for part in compare_parts(before, parts)] if before else []
        rows.append(
            {
                "Revision": str(one.revision),
                "By": name_author(one.by),
                "Saved (UTC)": one.at[:16].replace("T", " "),
                "Changes": ", ".join(changes) or ("created" if before is None else "–"),
            }
        )
        before = parts
    if as_json:
        print_json(rows)
        return
    print_table(rows)


def diff(
    before: Annotated[str, typer.Argument(metavar="VERSION", help="A published version, such as r7k2m9qx-1.")],
    after: Annotated[str, typer.Argument(metavar="VERSION", help="A later version, or another one.")],
    as_json: JsonFlag = False,
) -> None:
    """Print the differences between two published versions, block by block."""
    from core.reports.difference import compare_parts, split_document
    from core.reports.report_store import ReportStore

    reports = ReportStore(Home.default())
    old, new = (split_document(reports.open(address).document) for address in (before, after))
    found = compare_parts(old, new)
    if as_json:
        print_json([asdict(part) for part in found])
        return
    for part in found:
        typer.echo(f"{part.title} ({part.kind})")
        for line in part.lines:
            typer.echo(f"  {line}")
    if not found:
        print_message("The versions do not differ.")
