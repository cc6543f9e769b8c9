"""Published reports as HTML pages with a restrictive content security policy."""

import gzip
import logging
import re
from dataclasses import replace
from functools import cached_property

from core.api.cache import ResponseCache
from core.api.parameter import ReportName, SharedReportName
from core.api.response import ApiResponse
from core.home import Home
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
        self.report_store = ReportStore(home)
        self._cache = ResponseCache(_CACHE_SIZE)

    def show(self, parameters: ReportName) -> ApiResponse:
        path = self.report_store.locate(parameters.address)
        state = path.stat()
        key = path, state.st_mtime_ns, state.st_size
        return self._cache.get(key, lambda: self._write(parameters.address))

    def show_shared(self, parameters: SharedReportName) -> ApiResponse:
        """Show a version to everyone who has the secret of a view-only link to it."""
        check_view_link(self.report_store, parameters.address, parameters.secret)
        found = self.show(ReportName(address=parameters.address))
        return replace(found, headers={**found.headers, "X-Robots-Tag": "noindex, nofollow"})

    def _write(self, address: str) -> ApiResponse:
        from core.reports.format import Edition
        from core.reports.formats.html import Html

        published = self.report_store.open(address)
        [content] = Html.write(Edition.of(published), self.home).values()
        headers = {
            "Content-Security-Policy": self._policy,
            "Cache-Control": "private, no-cache",  # browsers revalidate: the report may be deleted
        }
        gzipped = gzip.compress(content, _GZIP_LEVEL, mtime=0)
        return ApiResponse(content, HTML, headers, gzipped, f"{published.address}-{published.checksum}")

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
