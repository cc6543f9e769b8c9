"""Reports in the HTTP API: published versions as HTML pages with a restrictive content security policy, as JSON and as
CSV; the list of reports; and their comments."""

import gzip
import logging
import re
from dataclasses import replace
from functools import cached_property

from core.access.role import User
from core.actions.comment import add_comment, resolve_comment
from core.api.body import CommentBody, ResolutionBody
from core.api.cache import ResponseCache
from core.api.parameter import CommentName, ReportName, ReportOnly, ReportPage, ReportSearch, SharedReportName
from core.api.response import CSV, JSON, ApiResponse
from core.api.response_report import CommentList, CommentModel, ReplyModel, ReportList, ReportSummary
from core.home import Home
from core.reports.comment import Comment, add_comments
from core.reports.comment_store import CommentStore
from core.reports.report_store import ReportStore
from core.reports.view_link import check_view_link

HTML = "text/html; charset=utf-8"
_CACHE_SIZE = 8
_GZIP_LEVEL = 6
_SECRET = re.compile(r"(/shared/[^/\s]*/)[^\s?]+")


class ReportEndpoint:
    """Published reports, with a cache of the rendered pages. Thread-safe."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.report_store, self.comments = ReportStore(home), CommentStore(home)
        self._cache = ResponseCache(_CACHE_SIZE)

    def list(self, parameters: ReportSearch) -> ReportList:
        words = parameters.q.lower().split()
        found = [
            entry
            for entry in self.report_store.entries()
            if all(word in f"{entry.draft.report.title} {entry.draft.report.owner}".lower() for word in words)
        ]
        reports = [
            ReportSummary(
                id=entry.draft.id, title=entry.draft.report.title, owner=entry.draft.report.owner,
                changed_at=entry.draft.at, versions=entry.versions, runs=entry.draft.report.runs,
                open_comments=len(self.comments.read(entry.draft.id).open),
            )
            for entry in found[parameters.offset : parameters.offset + parameters.limit]
        ]  # fmt: skip
        return ReportList(total=len(found), offset=parameters.offset, limit=parameters.limit, reports=tuple(reports))

    def read_json(self, parameters: ReportName) -> ApiResponse:
        return self._export(parameters, "json")

    def read_csv(self, parameters: ReportName) -> ApiResponse:
        return self._export(parameters, "csv")

    def _export(self, parameters: ReportName, name: str) -> ApiResponse:
        from core.reports.format import FORMATS, Edition

        edition = Edition.of(self.report_store.open(parameters.address))
        [(file, content)] = FORMATS[name].write(edition, self.home).items()
        headers = {"Content-Disposition": f'attachment; filename="{file}"'} if name == "csv" else {}
        media = CSV if name == "csv" else JSON
        return ApiResponse(content, media, headers, tag=f"{edition.address}-{edition.checksum}-{name}")

    def list_comments(self, parameters: ReportOnly) -> CommentList:
        self.report_store.read(parameters.report_id)
        return CommentList(comments=tuple(map(_describe, self.comments.read(parameters.report_id).comments)))

    def add_comment(self, user: User, parameters: ReportOnly, body: CommentBody) -> CommentModel:
        """Add a comment, or a reply; return the comment with its replies."""
        added = add_comment(
            user, self.home, parameters.report_id, body.text, block=body.block, version=body.version, of=body.reply_to
        )
        return self._show_comment(parameters.report_id, body.reply_to or added.number)

    def resolve_comment(self, user: User, parameters: CommentName, body: ResolutionBody) -> CommentModel:
        """Mark a comment as resolved or as open again."""
        resolve_comment(user, self.home, parameters.report_id, parameters.number, body.resolved)
        return self._show_comment(parameters.report_id, parameters.number)

    def _show_comment(self, report_id: str, number: int) -> CommentModel:
        return _describe(self.comments.read(report_id).find(number))

    def show(self, parameters: ReportPage) -> ApiResponse:
        path = self.report_store.locate(parameters.address)
        state = path.stat()
        shown = self.comments.read(path.parent.name).comments if parameters.comments == "1" else ()
        key = path, state.st_mtime_ns, state.st_size, shown
        return self._cache.get(key, lambda: self._write(parameters.address, shown))

    def show_shared(self, parameters: SharedReportName) -> ApiResponse:
        """Show a version to everyone who has the secret of a view-only link to it."""
        check_view_link(self.report_store, parameters.address, parameters.secret)
        found = self.show(ReportPage(address=parameters.address))
        return replace(found, headers={**found.headers, "X-Robots-Tag": "noindex, nofollow"})

    def _write(self, address: str, comments: tuple[Comment, ...]) -> ApiResponse:
        from core.reports.format import Edition
        from core.reports.formats.html import Html

        published = self.report_store.open(address)
        edition = Edition.of(published)
        edition = replace(edition, document=add_comments(edition.document, comments))
        [content] = Html.write(edition, self.home).values()
        headers = {
            "Content-Security-Policy": self._policy,
            "Cache-Control": "private, no-cache",  # browsers revalidate: the report may be deleted
        }
        gzipped = gzip.compress(content, _GZIP_LEVEL, mtime=0)
        tag = f"{published.address}-{published.checksum}{f'-{hash(comments):x}' if comments else ''}"
        return ApiResponse(content, HTML, headers, gzipped, tag)

    @cached_property
    def _policy(self) -> str:
        """Return the policy of the HTML file, extended to forbid embedding in other pages."""
        from core.reports.formats.html import load_scripts, write_policy

        return f"{write_policy(load_scripts(self.home))}; frame-ancestors 'none'"


class _SecretFilter(logging.Filter):
    """Filter that replaces the secrets of view-only links in the access log of uvicorn."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            hidden = (_SECRET.sub(r"\1…", one) if isinstance(one, str) else one for one in record.args)
            record.args = tuple(hidden)
        return True


def hide_link_secrets() -> None:
    """Keep the secrets of view-only links out of the access log of the server."""
    logging.getLogger("uvicorn.access").addFilter(_SecretFilter())


def _describe(comment: Comment) -> CommentModel:
    replies = [
        ReplyModel(number=one.number, text=one.text, by=one.by, at=one.at, edited=one.edited) for one in comment.replies
    ]
    same = set(CommentModel.model_fields) - {"replies"}
    return CommentModel(replies=tuple(replies), **{name: getattr(comment, name) for name in same})
