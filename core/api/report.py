"""Published reports as pages of their own, under a policy that lets them do nothing but show themselves."""

import gzip
from functools import cached_property

from core.api.cache import ResponseCache
from core.api.parameter import ReportName
from core.api.response import ApiResponse
from core.home import Home
from core.reports.report_store import ReportStore

HTML = "text/html; charset=utf-8"
_MOST_KEPT = 8
_LEVEL = 6


class ReportEndpoint:
    """Keeps the reports that were asked for last as they are sent. Safe to share between threads."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.report_store = ReportStore(home)
        self._cache = ResponseCache(_MOST_KEPT)

    def show(self, asked: ReportName) -> ApiResponse:
        path = self.report_store.locate(asked.address)
        state = path.stat()
        key = path, state.st_mtime_ns, state.st_size
        return self._cache.get(key, lambda: self._write(asked.address))

    def _write(self, address: str) -> ApiResponse:
        from core.reports.format import Edition
        from core.reports.formats.html import Html

        published = self.report_store.open(address)
        [content] = Html.write(Edition.of(published), self.home).values()
        headers = {
            "Content-Security-Policy": self._policy,
            "Cache-Control": "private, no-cache",  # kept by the reader, but asked for: it may be deleted
        }
        packed = gzip.compress(content, _LEVEL, mtime=0)
        return ApiResponse(content, HTML, headers, packed, f"{published.address}-{published.checksum}")

    @cached_property
    def _policy(self) -> str:
        """That of the file, and no other page may show it as a part of its own."""
        from core.reports.formats.html import load_scripts, write_policy

        return f"{write_policy(load_scripts(self.home))}; frame-ancestors 'none'"
