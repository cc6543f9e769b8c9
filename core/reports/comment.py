"""Comments on a report and on its blocks, read from the changes that users made, and their text in Markdown."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.bounds import CommentNumber, Prose, UtcTime, check_printable
from core.displays.markdown import escape_signs
from core.reports.document import Document, Figure, Passage
from core.reports.report import BLOCK_ID

MAX_COMMENT_CHARS, MAX_CHANGES = 4_000, 5_000  # the latter also of `core.bounds.CommentNumber`

_NAME = r"@[\w+-]+(?:\.[\w+-]+)*(?:@[\w-]+(?:\.[\w-]+)+)?"
_MENTION = re.compile(rf"(?<![\w@.+-]){_NAME}")
_TOKEN = re.compile(rf"(https?://[^\s<>]*[^\s<>.,;:!?'\")\]]|{_MENTION.pattern})")


def _check_lines(text: str) -> str:
    for line in text.split("\n"):
        check_printable(line.replace("\t", " "))
    return text


CommentText = Annotated[str, Field(max_length=MAX_COMMENT_CHARS), AfterValidator(_check_lines)]
BlockId = Annotated[str, Field(pattern=rf"^({BLOCK_ID.strip('^$')})?$")]


class CommentChange(BaseModel):
    """One change of the comments of a report: a new comment, or with `of` a reply, an edit, a resolution or a deletion.

    `block` is the block that a new comment is about, "" for the whole report; `version` is the published version that
    its author read, 0 for the draft.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: CommentNumber
    kind: Literal["add", "edit", "resolve", "reopen", "delete"]
    of: CommentNumber | None = None
    block: BlockId = ""
    version: Annotated[int, Field(ge=0, le=999_999)] = 0
    text: CommentText = ""
    by: Prose
    at: UtcTime


@dataclass(frozen=True)
class Comment:
    """Comment with its replies. A deleted one has no text and no author, and is listed only if it has replies."""

    number: int
    block: str
    version: int
    text: str
    by: str
    at: str
    edited: bool = False
    deleted: bool = False
    resolved_by: str = ""
    resolved_at: str = ""
    replies: tuple["Comment", ...] = ()

    @property
    def resolved(self) -> bool:
        return bool(self.resolved_at)

    @property
    def thread(self) -> tuple["Comment", ...]:
        """The comment itself, unless it was deleted, and its replies."""
        return (*(() if self.deleted else (self,)), *self.replies)

    def mentions(self, name: str) -> bool:
        """Return whether the comment or a reply mentions a user by name or by the part of an address before the @."""
        names = {name.lower(), name.lower().partition("@")[0]} - {""}
        return any(names & {found.lower() for found in list_mentions(one.text)} for one in self.thread)


def list_mentions(text: str) -> list[str]:
    """Return the names after an @.

    >>> list_mentions("@ada, see @bob@example.org. Not x@y.org")
    ['ada', 'bob@example.org']
    """
    return [found.removeprefix("@") for found in _MENTION.findall(text)]


def collect_comments(changes: Iterable[CommentChange]) -> list[Comment]:
    """Return the comments after all changes, in the order in which they were added. A change of a comment that does not
    exist has no effect."""
    found: dict[int, Comment] = {}
    above: dict[int, int] = {}
    for change in sorted(changes, key=lambda change: change.number):
        if change.kind == "add":
            if change.of is not None and change.of in found and change.of not in above:
                above[change.number] = change.of
            elif change.of is not None:
                continue
            found[change.number] = Comment(
                change.number, change.block, change.version, change.text, change.by, change.at
            )
        elif change.of in found:
            found[change.of] = _apply(found[change.of], change)
    replies: dict[int, list[Comment]] = {}
    for number, top in above.items():
        if not found[number].deleted:
            replies.setdefault(top, []).append(found[number])
    comments = [
        replace(found[number], replies=tuple(replies.get(number, ()))) for number in found if number not in above
    ]
    return [comment for comment in comments if comment.thread]


def _apply(comment: Comment, change: CommentChange) -> Comment:
    if change.kind == "edit":
        return replace(comment, text=change.text, edited=True)
    if change.kind == "delete":
        return replace(comment, text="", by="", deleted=True)
    resolved = change.kind == "resolve"
    return replace(comment, resolved_by=change.by if resolved else "", resolved_at=change.at if resolved else "")


def write_comment(text: str) -> str:
    r"""Return the text of a comment as Markdown: mentions are bold, addresses are links, nothing else is formatted.

    >>> print(write_comment("@ada: *no*\nsee https://a.example/x."))
    **@ada**: \*no\*\
    see <https://a.example/x>.
    """
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join("\\\n".join(map(_write_line, paragraph.split("\n"))) for paragraph in paragraphs)


def _write_line(line: str) -> str:
    written = []
    for index, part in enumerate(_TOKEN.split(line)):
        if index % 2:
            written.append(f"**@{escape_signs(part[1:])}**" if part.startswith("@") else f"<{part}>")
        else:
            before, after = (" " if edge.isspace() else "" for edge in (part[:1], part[-1:]))
            written.append(f"{before}{escape_signs(part)}{after}" if part.strip() else before)
    return "".join(written).strip()


def describe_comment(comment: Comment) -> str:
    """Return author, time and state, such as "ada, 27 Nov 2026 14:03 UTC, on version 2, edited"."""
    parts = [name_author(comment.by), f"{comment.at[:10]} {comment.at[11:16]} UTC"]
    parts += [f"on version {comment.version}"] if comment.version else []
    parts += ["edited"] if comment.edited else []
    parts += [f"resolved by {name_author(comment.resolved_by)}"] if comment.resolved else []
    return ", ".join(parts)


def name_author(by: str) -> str:
    """Return the name of an author; a dashboard without login has one user without a name."""
    return by or "local user"


def add_comments(document: Document, comments: Iterable[Comment]) -> Document:
    """Return a document with the comments as text after their sections, for files that are to contain them. Those on
    the whole report, or on a block that the document does not have, are at the end."""
    ids = {section.id for section in document.sections}
    by_block: dict[str, list[Comment]] = {}
    for comment in comments:
        by_block.setdefault(comment.block if comment.block in ids else "", []).append(comment)
    sections: list[Passage | Figure] = []
    for section in document.sections:
        sections.append(section)
        if found := by_block.get(section.id):
            sections.append(_write_passage(section.id, found))
    if found := by_block.get(""):
        sections.append(_write_passage("report", found, "## Comments\n\n"))
    changed = document.model_copy(update={"sections": tuple(sections)})
    changed.__dict__.pop("checksum", None)  # cached for the former sections
    return changed


def _write_passage(block: str, comments: Iterable[Comment], heading: str = "") -> Passage:
    quotes = (
        f"**{escape_signs(describe_comment(one))}:**\n\n{write_comment(one.text)}"
        for comment in comments
        for one in comment.thread
    )
    lines = "\n\n".join(quotes).split("\n")
    return Passage(id=f"comments-{block}", text=heading + "\n".join(f"> {line}".rstrip() for line in lines))
