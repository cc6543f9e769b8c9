"""`report`: list, create, publish and export reports."""

from pathlib import Path
from typing import Annotated

import typer

from core.cli import report_comment
from core.cli.comparison import (
    HELP,
    METAVAR,
    BaselineOption,
    ComparisonArgument,
    MarginOption,
    load_comparison,
    read_margin_option,
)
from core.cli.output import JsonFlag, print_json, print_message, print_side_file_problems, print_table
from core.home import Home

app = typer.Typer(invoke_without_command=True, help="List, create, publish and export reports.")


@app.callback()
def reports(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List, create, publish and export reports."""
    if context.invoked_subcommand is not None:
        return
    from core.reports.report_store import ReportStore

    report_store = ReportStore(Home.default())
    entries = report_store.entries()
    rows = [
        {
            "id": entry.draft.id,
            "title": entry.draft.report.title,
            "owner": entry.draft.report.owner,
            "changed_at": entry.draft.at,
            "versions": list(entry.versions),
            "runs": list(entry.draft.report.runs),
        }
        for entry in entries
    ]
    for message in [*report_store.damaged().values(), *(entry.notice for entry in entries if entry.notice)]:
        print_message(message)
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_message("No reports yet. Create one with: headroom report create RUN_ID…")
    print_table(
        [
            {
                "Report": str(row["id"]),
                "Title": str(row["title"]),
                "Published versions": ", ".join(map(str, row["versions"])) or "–",
                "Changed (UTC)": str(row["changed_at"])[:16].replace("T", " "),
                "Owner": str(row["owner"]),
            }
            for row in rows
        ]
    )


@app.command()
def create(
    run_ids: ComparisonArgument,
    title: Annotated[str, typer.Option(help="Title of the report. Default: the title of the recipe.")] = "",
    margin: MarginOption = None,
    baseline: BaselineOption = "",
) -> None:
    """Create a report with the default charts, to be edited on the Reports page, and print its ID."""
    from core.reports.default_report import write_default
    from core.reports.report_store import ReportStore
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    comparison, _ = load_comparison(store, run_ids, baseline)
    report = write_default(comparison, margin=read_margin_option(margin))
    typer.echo(ReportStore(store.home).create(report.change(title=title or report.title), "").id)


@app.command()
def publish(report: Annotated[str, typer.Argument(metavar="REPORT", help="ID of a saved report.")]) -> None:
    """Publish a report as its next version, and print the version's address and checksum."""
    from core.reports.build import build_document
    from core.reports.report_store import ReportStore
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    print_side_file_problems(store.home)
    report_store = ReportStore(store.home)
    draft = report_store.read(report)
    found = report_store.publish(draft, build_document(draft.report, store), "")
    typer.echo(f"{found.address}  {found.checksum}")


@app.command()
def share(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A published version, such as r7k2m9qx-1.")],
    days: Annotated[int | None, typer.Option(help="Days until the link expires. Default: never.")] = None,
) -> None:
    """Create a view-only link to a published version, for readers without an account, and print it once."""
    from core.access.deployment import Deployment
    from core.reports.report_store import ReportStore
    from core.reports.view_link import create_view_link

    path, name = create_view_link(ReportStore(Home.default()), version, "", days)
    deployment = Deployment.read()
    typer.echo(deployment.write_link("http://localhost:8501", path))
    print_message(f"This link is shown only once. To revoke it, run: headroom report unshare {version} {name}")
    if not deployment.url:
        print_message(
            "The link has the default address of the dashboard. For links that others can open, set HEADROOM_URL to "
            "the public one."
        )


@app.command()
def links(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="ID of a saved report.")], as_json: JsonFlag = False
) -> None:
    """List the view-only links of a report, without their secrets."""
    from datetime import UTC, datetime

    from core.reports.address import split_address
    from core.reports.report_store import ReportStore
    from core.reports.view_link import list_view_links

    report_id, _ = split_address(report)
    found, now = list_view_links(ReportStore(Home.default()), report_id), datetime.now(UTC)
    if as_json:
        fields = {"version", "by", "at", "expires"}
        print_json([{"link": name, **link.model_dump(include=fields)} for name, link in found.items()])
        return
    if not found:
        print_message("No view-only links. Create one with: headroom report share VERSION")
    print_table(
        [
            {
                "Link": name,
                "Version": f"{report_id}-{link.version}",
                "Created (UTC)": link.at[:16].replace("T", " "),
                "By": link.by,
                "Expires (UTC)": (link.expires or "never")[:16].replace("T", " ")
                + (" (expired)" if link.is_expired(now) else ""),
            }
            for name, link in found.items()
        ]
    )


@app.command()
def unshare(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="ID of a saved report, or a version of it.")],
    link: Annotated[str, typer.Argument(metavar="LINK", help="Name of the link: headroom report links REPORT.")],
) -> None:
    """Revoke a view-only link."""
    from core.reports.address import split_address
    from core.reports.report_store import ReportStore
    from core.reports.view_link import revoke_view_link

    revoke_view_link(ReportStore(Home.default()), split_address(report)[0], link)
    typer.echo(f"Revoked link {link}.")


@app.command("export")
def export_(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar=f"REPORT | {METAVAR}", help=f"A report (r7k2m9qx) or a version of it (r7k2m9qx-1). Or {HELP}"
        ),
    ],
    path: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File to write.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="html, pdf, md, json, csv, ipynb or tables (a .zip). Default: from the extension of FILE."
        ),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Export the draft, also if the report has published versions.")
    ] = False,
    comments: Annotated[bool, typer.Option("--comments", help="Include the comments of a saved report.")] = False,
    models: Annotated[
        bool, typer.Option("--models", help="Include the models in an HTML file, which then predicts new images.")
    ] = False,
    margin: MarginOption = None,
    baseline: BaselineOption = "",
) -> None:
    """Export a report to a file: a published version, a draft, or the default report of the given runs."""
    from core.displays.number import format_bytes
    from core.errors import ReportError, UnknownComparisonError
    from core.plural import format_plural
    from core.reports.address import is_address
    from core.reports.export import (
        add_extras,
        drawing,
        export_report,
        find_format,
        include_comments,
        open_comparison_edition,
        open_edition,
        preparing,
    )
    from core.stderr import mute_stderr
    from core.store.run_store import RunStore

    store = RunStore(Home.default())
    print_side_file_problems(store.home)
    kind = find_format(path, form)
    if any(map(is_address, names)):
        if margin is not None or baseline:
            raise typer.BadParameter(
                "A saved report has its own margin and baseline. Give --margin and --baseline only with runs."
            )
    elif comments:
        raise typer.BadParameter("Only a saved report has comments. Give its ID, or leave out --comments.")
    with drawing(kind):
        with preparing(kind, store.home):
            if any(map(is_address, names)):
                edition = open_edition(names, store, draft=draft)
            else:
                try:
                    comparison, _ = load_comparison(store, names, baseline)
                except UnknownComparisonError as error:
                    text = f"{error} Or give a report; `headroom report` lists them."
                    raise UnknownComparisonError(text) from None
                edition = open_comparison_edition(comparison, store, read_margin_option(margin))
        if comments:
            edition = include_comments(edition, store.home, names[0])
        with mute_stderr():  # LiteRT's messages
            edition = add_extras(edition, kind, store, models=models)
        if models and (problem := edition.extras.problem):
            raise ReportError(f"The models cannot be included: {problem}")
        for sentence in edition.extras.models.left_out if edition.extras.models else []:
            print_message(sentence)
        files = export_report(edition, kind, path, store)
    size = format_bytes(sum(map(len, files.values())))
    images = f", with {format_plural(len(files) - 1, 'image')} in the same folder" if len(files) > 1 else ""
    typer.echo(f"{path}: {size}{images}.")


@app.command()
def verify(path: Annotated[Path, typer.Argument(metavar="FILE", help="An exported report.")]) -> None:
    """Check an exported report against the checksum in the file: HTML, PDF, JSON or a notebook."""
    from core.reports.seal import verify_file

    typer.echo(f"{path.name}: unchanged since it was written. SHA-256: {verify_file(path)}")


for _name in ("comments", "comment", "resolve", "history", "diff"):
    app.command()(getattr(report_comment, _name))
