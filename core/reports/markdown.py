"""Report sections in Markdown. All texts are escaped except text blocks."""

from core.displays.direction import keep_order
from core.displays.markdown import escape_signs
from core.reports.author_text import write_markdown
from core.reports.document import Document, Table, write_cell
from core.reports.format import Edition
from core.reports.seal import describe_dashboard


def write_opening(edition: Edition) -> list[str]:
    """Return title, headline, facts, origin and caveats, one paragraph per item."""
    document = edition.document
    paragraphs = [
        f"# {write_text(document.title)}",
        *([write_markdown(document.summary)] if document.summary else []),
        f"**{write_text(document.headline)}**",
        write_text(" · ".join(document.facts)),
        write_text(edition.describe()),
    ]
    if len(document.cautions) == 1:
        paragraphs.append(f"> **Caveat:** {write_text(document.cautions[0])}")
    elif document.cautions:
        paragraphs.append("\n> ".join(["> **Caveats**\n>", *(f"- {write_text(one)}" for one in document.cautions)]))
    return paragraphs


def write_reproduction(document: Document) -> list[str]:
    return [
        "## Reproduce these results",
        "```bash\n" + "\n".join(document.reproduction.commands) + "\n```",
        write_markdown_table(document.environment_table),
    ]


def write_closing(edition: Edition) -> list[str]:
    """Return the checksum of a published version, and where the file was made."""
    checksum = [f"SHA-256 of this report: `{edition.checksum}`"] if edition.checksum else []
    return [*checksum, f"Made with {write_text(describe_dashboard())}."]


def write_markdown_table(table: Table) -> str:
    lines = [table.columns, *(map(write_cell, row) for row in table.rows)]
    header, *rows = ["| " + " | ".join(map(write_text, line)) + " |" for line in lines]
    return "\n".join([header, "| " + " | ".join(["---"] * len(table.columns)) + " |", *rows])


def write_text(text: str) -> str:
    """Escape a text: no Markdown, HTML, table cell borders or @mentions."""
    return escape_signs(keep_order(text)).replace("|", "\\|").replace("@", "&#64;")
