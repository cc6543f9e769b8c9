"""Download of an archive of images from an https address, before it is added like a local file."""

import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any
from urllib.parse import urlsplit

from core.datasets.atomic_folder import check_space
from core.datasets.dataset_key import key_of_name
from core.datasets.download import Progress
from core.datasets.fetch import check_free, fetching
from core.datasets.trees.file_tree import MAX_UNPACKED_BYTES
from core.datasets.trees.source_tree import is_source
from core.errors import DatasetError, HomeError
from core.home import Home

MAX_DOWNLOAD_BYTES = MAX_UNPACKED_BYTES

_TIMEOUT = 30.0
_CHUNK = 1 << 20
_ABANDONED_SECONDS = 3600.0
_SUFFIX = ".archive"


def is_url(text: str) -> bool:
    """Return whether a text is an address and not a path.

    >>> [is_url(text) for text in ("https://example.org/a.zip", "FTP://x", "a/b.zip", "C:/images")]
    [True, True, False, False]
    """
    return "://" in text


def describe_origin(url: str) -> str:
    """Return the address without its query, which can contain a secret.

    >>> describe_origin("https://example.org/a.zip?token=secret#top")
    'https://example.org/a.zip'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


@contextmanager
def download_archive(
    home: Home, name: str, url: str, *, public_only: bool, progress: Progress | None = None
) -> Iterator[Path]:  # fmt: skip
    """Download an archive for a new dataset to a temporary file, which is deleted after the block.

    Only https is used, also after a redirect, and certificates are verified (`SSL_CERT_FILE` adds own ones).

    Args:
        name: Name of the new dataset.
        public_only: Refuse servers in private networks. A proxy, if the environment names one, decides itself.
        progress: Callback that receives the bytes downloaded so far.

    Raises:
        DatasetError: when the name is taken, the address is invalid, or the download fails.
        HomeError: when the file cannot be written.
    """
    key = key_of_name(name)
    check_free(home, key)
    check_url(url)
    with fetching(home, key, progress, last="starting") as report:
        file = _open_file(home.datasets / ".fetch", key)
        try:
            _download(url, file, public_only, report)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    try:
        yield Path(file.name)
    finally:
        Path(file.name).unlink(missing_ok=True)


def _open_file(folder: Path, key: str) -> IO[bytes]:
    try:
        for old in folder.glob(f"{key}.*{_SUFFIX}"):
            if time.time() - old.stat().st_mtime > _ABANDONED_SECONDS:
                old.unlink(missing_ok=True)
        return NamedTemporaryFile(dir=folder, prefix=f"{key}.", suffix=_SUFFIX, delete=False)
    except OSError as error:
        raise HomeError(f"Cannot write {folder}: {error.strerror}.") from error


def check_url(url: str) -> None:
    """
    Raises:
        DatasetError: when it is not a valid https address.
    """
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and url.isascii() and url.isprintable() and " " not in url
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or parts.scheme != "https":
        raise DatasetError(f"Expected an address such as https://example.org/images.zip; got {url!r:.100}.")
    if parts.username is not None:
        raise DatasetError("Addresses with a user name or a password are not supported. Download the file yourself.")


def _download(url: str, file: IO[bytes], public_only: bool, report: Progress) -> None:
    what = describe_origin(url)
    try:
        with file, _open(url, public_only) as response:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            _check_length(total or 0)
            check_space(Path(file.name).parent, total or 0, "the archive", "Free disk space and try again.")
            done = 0
            report(done, total)
            while chunk := response.read(_CHUNK):
                done += len(chunk)
                _check_length(done)
                _write(file, chunk)
                report(done, total)
    except urllib.error.HTTPError as error:
        error.close()
        status = f"{error.code} {http.client.responses.get(error.code, '')}".rstrip()
        raise DatasetError(f"Cannot download {what}: the server answered {status}.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DatasetError(f"Cannot download {what}: {_describe(error)}. Try again later.") from error
    if total is not None and done < total:
        raise DatasetError(f"Cannot download {what}: the connection ended early. Try again.")
    if not is_source(Path(file.name)):
        raise DatasetError(f"{what} is not a ZIP or tar archive. Use the address of the file itself.")


def _check_length(size: int) -> None:
    if size > MAX_DOWNLOAD_BYTES:
        raise DatasetError(f"A download may have at most {MAX_DOWNLOAD_BYTES / 1e9:g} GB; this one has more.")


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise HomeError(f"Cannot write {file.name}: {error.strerror}.") from error


def _describe(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of the server is not valid ({cause.verify_message})"
    if isinstance(cause, TimeoutError):
        return f"no answer for {_TIMEOUT:g} seconds"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause).rstrip(".") or type(cause).__name__


def _open(url: str, public_only: bool) -> Any:
    opener = urllib.request.build_opener(_SecureRedirect, _SecureHandler(public_only))
    request = urllib.request.Request(url, headers={"User-Agent": "Headroom", "Accept-Encoding": "identity"})
    return opener.open(request, timeout=_TIMEOUT)


class _SecureRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            if urlsplit(newurl).scheme != "https":
                there = describe_origin(newurl)
                raise DatasetError(f"{describe_origin(req.full_url)} leads to {there:.100}, which is not https.")
            check_url(newurl)
        except DatasetError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _SecureHandler(urllib.request.HTTPSHandler):
    def __init__(self, public_only: bool) -> None:
        super().__init__()
        self._tls = ssl.create_default_context()
        self._public_only = public_only

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        kind = _PublicConnection if self._public_only else http.client.HTTPSConnection
        return self.do_open(kind, req, context=self._tls)


class _PublicConnection(http.client.HTTPSConnection):
    """A connection that refuses private addresses before it connects; the name is resolved only once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._create_connection = self._connect_to_public

    def _connect_to_public(self, address: tuple[str, int], *options: Any) -> socket.socket:
        if getattr(self, "_tunnel_host", None):  # the address of a proxy
            return socket.create_connection(address, *options)
        found = [str(info[4][0]) for info in socket.getaddrinfo(*address, type=socket.SOCK_STREAM)]
        if not all(ip_address(host.partition("%")[0]).is_global for host in found):
            raise DatasetError(f"{self.host} is in a private network. Use a public address, or upload the archive.")
        return socket.create_connection((found[0], address[1]), *options)
