"""The parts of a report as Markdown in which no text of people is markup, but what an author marked up."""

from core.displays.markdown import escape_markdown
from core.reports.document import Document, Table, write_cell
from core.reports.format import Edition


def write_opening(edition: Edition) -> list[str]:
    """Title, headline, facts, where it comes from, and what to keep in mind: a paragraph each."""
    document = edition.document
    paragraphs = [
        f"# {write_text(document.title)}",
        f"**{write_text(document.headline)}**",
        write_text(" · ".join(document.facts)),
        write_text(edition.describe()),
    ]
    if document.cautions:
        paragraphs.append(f"> **Keep in mind.** {write_text(' '.join(document.cautions))}")
    return paragraphs


def write_reproduction(document: Document) -> list[str]:
    return [
        "## How to get these figures again",
        "```bash\n" + "\n".join(document.reproduction.commands) + "\n```",
        write_markdown_table(document.environment_table),
    ]


def write_checksum(edition: Edition) -> list[str]:
    """Of a draft nothing, for it has none."""
    return [f"SHA-256 of what it says: `{edition.checksum}`"] if edition.checksum else []


def write_markdown_table(table: Table) -> str:
    lines = [table.columns, *(map(write_cell, row) for row in table.rows)]
    header, *rows = ["| " + " | ".join(map(write_text, line)) + " |" for line in lines]
    return "\n".join([header, "| " + " | ".join(["---"] * len(table.columns)) + " |", *rows])


def write_text(text: str) -> str:
    """As it is read: no Markdown, no HTML, no end of a table's cell, nobody called by name."""
    return escape_markdown(text).replace("|", "\\|").replace("@", "&#64;")
