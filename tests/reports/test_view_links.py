"""View-only links: what is stored, what opens a version, and what does not."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import ReportError
from core.home import Home
from core.reports import view_link
from core.reports.build import build_document
from core.reports.report import Report, TextBlock
from core.reports.report_store import ReportStore
from core.reports.view_link import check_view_link, create_view_link, list_view_links, revoke_view_link
from core.store.run_store import RunStore
from tests.support.command import call
from tests.support.run_writer import RunWriter


@pytest.fixture
def reports(home: Home) -> ReportStore:
    return ReportStore(home)


@pytest.fixture
def report_id(home: Home, reports: ReportStore) -> str:
    """ID of a report with two published versions."""
    run = RunWriter(home)()
    draft = reports.create(Report(title="A", runs=(run.run_id,), blocks=(TextBlock(text="b"),)), "ada")
    document = build_document(draft.report, RunStore(home))
    for _ in range(2):
        reports.publish(draft, document, "ada")
    return draft.id


def make(reports: ReportStore, address: str, days: int | None = None) -> tuple[str, str]:
    """Create a link and return its secret and its name."""
    path, name = create_view_link(reports, address, "ada", days)
    start, found, secret = path.split("/")
    assert (start, found, len(secret)) == ("shared", address, 43)
    return secret, name


def test_only_the_secret_opens_only_its_version(
    reports: ReportStore, report_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = f"{report_id}-1", f"{report_id}-2"
    before = {path: path.read_bytes() for path in (reports.home.reports / report_id).iterdir()}
    secret, name = make(reports, first, 30)
    other, _ = make(reports, second)
    check_view_link(reports, first, secret)
    check_view_link(reports, second, other)
    compared: list[str] = []
    compare = view_link.hmac.compare_digest
    monkeypatch.setattr(view_link.hmac, "compare_digest", lambda a, b: compared.append(a) or compare(a, b))
    wrong = [(first, other), (second, secret), (first, secret[:-1]), (first, ""), (first, secret.swapcase()),
             (first, list_view_links(reports, report_id)[name].sha256), ("rzzzzzzz-1", secret),
             (f"{report_id}-3", secret)]  # fmt: skip
    messages = set()
    for address, text in wrong:
        with pytest.raises(ReportError) as error:
            check_view_link(reports, address, text)
        messages.add(str(error.value))
    assert messages == {view_link._INVALID}
    assert len(compared) == 2 * (len(wrong) - 1)  # each link of the report is compared, also after a match

    files = {path: path.read_bytes() for path in (reports.home.reports / report_id).iterdir()}
    assert files.items() >= before.items()  # versions and drafts are unchanged
    assert not any(text.encode() in content for content in files.values() for text in (secret, other))
    found = list_view_links(reports, report_id)
    assert {link.version for link in found.values()} == {1, 2}
    assert found[name].expires
    assert timedelta(days=29) < datetime.fromisoformat(found[name].expires) - datetime.now(UTC) <= timedelta(days=30)


def test_revoked_expired_deleted_and_damaged_links_open_nothing(reports: ReportStore, report_id: str) -> None:
    address, folder = f"{report_id}-1", reports.home.reports / report_id
    (revoked, name), (expired, late), (kept, _), (damaged, bad) = (make(reports, address, 1) for _ in range(4))
    revoke_view_link(reports, report_id, name)
    _change(folder / f"link-{late}.json", expires=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    (folder / f"link-{bad}.json").write_text("{")
    for secret, message in ((revoked, "not valid"), (expired, "has expired"), (damaged, "not valid")):
        with pytest.raises(ReportError, match=message):
            check_view_link(reports, address, secret)
    check_view_link(reports, address, kept)
    with pytest.raises(ReportError, match="has no view-only link"):
        revoke_view_link(reports, report_id, name)
    reports.remove(report_id, "ada")
    with pytest.raises(ReportError, match="not valid"):
        check_view_link(reports, address, kept)
    reports.restore(report_id)
    check_view_link(reports, address, kept)


def test_links_need_a_published_version_and_have_bounds(
    reports: ReportStore, report_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, message in ((report_id, "Expected the address of a version"), (f"{report_id}-3", "has no version 3")):
        with pytest.raises(ReportError, match=message):
            create_view_link(reports, address, "ada")
    for days in (0, -1, 3651):
        with pytest.raises(ReportError, match=f"Expected days between 1 and 3,650; got {days}."):
            create_view_link(reports, f"{report_id}-1", "ada", days)
    monkeypatch.setattr(view_link, "_MAX_LINKS", 1)
    make(reports, f"{report_id}-1")
    with pytest.raises(ReportError, match="has 1 view-only links"):
        make(reports, f"{report_id}-1")


def _change(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_commands_create_list_and_revoke(reports: ReportStore, report_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADROOM_URL", "https://a.org/lab")
    created = call("report", "share", f"{report_id}-2", "--days", "3")
    start, _, secret = created.stdout.strip().rpartition("/")
    assert start == f"https://a.org/lab/shared/{report_id}-2"
    check_view_link(reports, f"{report_id}-2", secret)
    [row] = json.loads(call("report", "links", report_id, "--json").stdout)
    assert (row["version"], {*row}) == (2, {"link", "version", "by", "at", "expires"})
    listed = call("report", "links", report_id)
    assert row["link"] in listed.stdout
    assert not any(text in listed.stdout for text in (secret, "sha256"))
    assert call("report", "unshare", report_id, row["link"]).exit_code == 0
    with pytest.raises(ReportError, match="not valid"):
        check_view_link(reports, f"{report_id}-2", secret)
