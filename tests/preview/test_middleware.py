"""The preview middleware in this process with a fake clock: panel, event streams and access."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.preview.events import EventStreams
from feedsvc.preview.middleware import PreviewMiddleware
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.audience.waiting import wait_until
from tests.helpers.http_client import call
from tests.web.conftest import FakeClock
from tests.web.newsroom import NEXT_CHANGE, write_article, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOCAL_HOST = {"Host": "localhost"}


class LocalPreview:
    """A preview without a server. `save` writes a file and then does the same as the watcher thread."""

    def __init__(self, content: Path, clock: FakeClock | None = None) -> None:
        self.content, self.clock, self.store = content, clock or FakeClock(), LastModifiedStore(None)
        self.live = Live(ContentFolder(content), self.store, self.clock, preview=True)
        self.streams = EventStreams(self.live, 2)
        self.app: WSGIApplication = PreviewMiddleware(create_app(self.live), self.live, self.streams)

    def save(self, name: str, text: str) -> None:
        (self.content / name).write_text(text, "utf-8")
        edition_before = self.live.edition
        self.live.reload()
        self.streams.notify(edition_before, self.live.edition)

    def page(self, path: str = "/") -> str:
        return call(self.app, path, LOCAL_HOST).body.decode()


@pytest.fixture
def local_preview(tmp_path: Path) -> Iterator[LocalPreview]:
    local_preview = LocalPreview(write_newsroom(tmp_path / "content", with_scheduled=True))
    yield local_preview
    local_preview.store.close()


def panel_text(page: str) -> str:
    """Return the text of the panel."""
    panel = page.partition("<aside")[2].partition(">")[2].partition("</aside>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", panel).split())


def test_labels_follow_the_clock(local_preview: LocalPreview) -> None:
    assert "Preview no problems 1 draft, 2 scheduled Drafts Not yet Sat, 14 Feb 2026" in panel_text(local_preview.page())
    assert "scheduled: readers see it from Sun, 01 Mar 2026, 13:00 (GMT) on." in panel_text(
        local_preview.page("/articles/later/")
    )
    local_preview.clock.now = NEXT_CHANGE
    assert panel_text(local_preview.page("/articles/later/")) == "Preview no problems"
    assert "This article expired: readers have not seen it since Sun, 01 Mar 2026, 13:00 (GMT)." in panel_text(
        local_preview.page("/articles/brief/")
    )
    assert "Expired Open until one Sun, 01 Mar 2026, 13:00 (GMT)" in panel_text(local_preview.page())
    assert '<p class="mark">Expired</p>' in local_preview.page("/articles/brief/")


def test_draft_label_is_in_the_language_of_the_site(local_preview: LocalPreview) -> None:
    write_article(local_preview.content, "kal", "title: कल\npublished: 2026-02-20\nstatus: draft\nlanguage: hi")
    site = (local_preview.content / "site.yaml").read_text("utf-8")
    local_preview.save("site.yaml", f"{site}language: ja\n")
    assert '<p class="mark" lang="ja" dir="ltr">下書き</p>' in local_preview.page("/articles/kal/")


def test_panel_lists_errors_first_and_the_last_valid_version_once_per_file(local_preview: LocalPreview) -> None:
    write_article(local_preview.content, "anew", "title: Anew\npublished: 2026-02-20\nauthor: nobody")
    (local_preview.content / "articles/aaa.yaml").write_text("title: A\npublished: 2026-02-20\nbody: A\n")
    local_preview.save("articles/bay.yaml", "title: no\nwrong: 1\n")
    text = panel_text(local_preview.page("/subscribe/"))
    assert re.match(r"Preview 4 errors 1 warning articles/anew.yaml:4:9 error: author: no author .{5}nobody", text)
    assert text.count("last valid version") == 1
    assert text.index("articles/bay.yaml:1:1 error:") < text.index("last valid") < text.index("articles/bay.yaml:1:8 error:")
    assert text.index("articles/bay.yaml") < text.index("articles/aaa.yaml:1:1 warning: no id")


def test_panel_lists_a_limited_number_of_problems_and_drafts(local_preview: LocalPreview) -> None:
    for number in range(103):
        write_article(local_preview.content, f"draft-{number}", f"title: Draft {number}\npublished: 2026-02-20\nstatus: draft")
        (local_preview.content / f"articles/broken-{number}.yaml").write_text("title: [")
    local_preview.live.reload()
    page = local_preview.page()
    assert page.count('<li class="preview-error">') == 100
    assert panel_text(page).count("and 3 more") == 1
    assert panel_text(page).count("and 4 more") == 1


def test_event_stream_without_changes_ends_after_its_heartbeats(local_preview: LocalPreview) -> None:
    first, *rest = EventStreams(local_preview.live, 2, heartbeat_interval=0.0).stream()
    assert first.startswith(b"retry: 300\ndata: 1-")
    assert rest == [b":\n\n"] * 15


def test_closed_event_stream_frees_a_place(local_preview: LocalPreview) -> None:
    streams = [local_preview.streams.stream() for _ in range(3)]
    assert [next(stream)[:11] for stream in streams] == [b"retry: 300\n", b"retry: 300\n", b"retry: 2000"]
    streams[0].close()
    assert next(local_preview.streams.stream()).startswith(b"retry: 300\n")


def test_state_differs_between_runs_at_different_times(local_preview: LocalPreview) -> None:
    def state_of(local_preview: LocalPreview) -> list[str]:
        return re.findall(r'data-state="([^"]+)"', local_preview.page())

    assert state_of(LocalPreview(local_preview.content, local_preview.clock)) == state_of(local_preview)
    later_clock = FakeClock()
    later_clock.advance()
    assert state_of(LocalPreview(local_preview.content, later_clock)) != state_of(local_preview)


def test_open_page_gets_an_event_after_a_change_of_base_url(local_preview: LocalPreview) -> None:
    local_preview.streams.stop()
    event_before = call(local_preview.app, "/.preview/events", LOCAL_HOST).body
    site = (local_preview.content / "site.yaml").read_text("utf-8")
    local_preview.save("site.yaml", site.replace("base_url: https://news.example", "base_url: https://news.example/news"))
    assert call(local_preview.app, "/.preview/events", LOCAL_HOST).body not in (b"", event_before)
    assert 'data-events="/news/.preview/events"' in local_preview.page("/news/articles/unfinished/")
    assert "This article is a draft" in panel_text(local_preview.page("/news/articles/unfinished/"))


def test_other_methods_reach_the_application(local_preview: LocalPreview) -> None:
    assert call(local_preview.app, "/", LOCAL_HOST, "POST").status == 405
    assert call(local_preview.app, "/.preview/events", LOCAL_HOST, "POST").status == 404


FORWARDED_HEADERS = (
    {"Forwarded": "for=192.0.2.1;host=localhost"},
    {"Via": "1.1 tunnel"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": ""},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Server": "proxy"},
    {"X-Real-IP": "127.0.0.1"},
    {"CF-Connecting-IP": "192.0.2.1"},
)


@pytest.mark.parametrize(
    "headers", FORWARDED_HEADERS, ids=lambda headers: ", ".join(f"{name}: {text}" for name, text in headers.items())
)
def test_forwarded_request_gets_403(local_preview: LocalPreview, headers: dict[str, str]) -> None:
    """A proxy or tunnel on the editor's machine may send Host: localhost; only the headers that it adds reveal it."""
    for path in ("/articles/unfinished/", "/", "/feed.rss", "/media/draft.pdf", "/.preview/events", "/.preview/preview.js"):
        for method in ("GET", "HEAD"):
            response = call(local_preview.app, path, {**LOCAL_HOST, **headers}, method)
            assert (response.status, response["Cache-Control"]) == (403, "no-store")
    body = call(local_preview.app, "/", {**LOCAL_HOST, **headers}).body.decode()
    [name] = headers
    assert name in body
    assert "--preview-anywhere" in body


@pytest.mark.parametrize("headers", FORWARDED_HEADERS, ids=str)
def test_preview_anywhere_allows_forwarded_requests(local_preview: LocalPreview, headers: dict[str, str]) -> None:
    app = PreviewMiddleware(create_app(local_preview.live), local_preview.live, local_preview.streams, allows_any_host=True)
    assert call(app, "/articles/unfinished/", {"Host": "preview.example", **headers}).status == 200


def test_page_without_closing_tags_has_the_panel(local_preview: LocalPreview) -> None:
    template = local_preview.content / "theme/templates/message.html"
    template.parent.mkdir(parents=True)
    template.write_text("<p>Nobody closes this")
    local_preview.live.reload()
    wait_until(lambda: local_preview.live.is_due)
    local_preview.live.reload()
    page = local_preview.page("/nothing/")
    assert page.startswith('<link rel="stylesheet" href="/.preview/preview.css">')
    assert page.endswith("</aside>\n")
    assert page.count("<aside") == page.count("<script") == 1
