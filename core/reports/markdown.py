"""Report sections in Markdown. All texts are escaped except text blocks."""

from core.displays.markdown import escape_signs
from core.reports.author_text import write_markdown
from core.reports.document import Document, Table, write_cell
from core.reports.format import Edition


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
    if document.cautions:
        paragraphs.append(f"> **Caveats:** {write_text(' '.join(document.cautions))}")
    return paragraphs


def write_reproduction(document: Document) -> list[str]:
    return [
        "## Reproduce these results",
        "```bash\n" + "\n".join(document.reproduction.commands) + "\n```",
        write_markdown_table(document.environment_table),
    ]


def write_checksum(edition: Edition) -> list[str]:
    """Return the line with the checksum; empty for a draft."""
    return [f"SHA-256 of this report: `{edition.checksum}`"] if edition.checksum else []


def write_markdown_table(table: Table) -> str:
    lines = [table.columns, *(map(write_cell, row) for row in table.rows)]
    header, *rows = ["| " + " | ".join(map(write_text, line)) + " |" for line in lines]
    return "\n".join([header, "| " + " | ".join(["---"] * len(table.columns)) + " |", *rows])


def write_text(text: str) -> str:
    """Escape a text: no Markdown, HTML, table cell borders or @mentions."""
    return escape_signs(text).replace("|", "\\|").replace("@", "&#64;")
