"""The panel and its streams in this process, at moments that a test names."""

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
from feedsvc.web.app import application
from tests.audience.waiting import until
from tests.helpers.http_client import call
from tests.web.conftest import Clock
from tests.web.newsroom import SOON, write_article, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HERE = {"Host": "localhost"}


class Desk:
    """A preview without a server. `save` is what the watcher does after a save."""

    def __init__(self, content: Path, clock: Clock | None = None) -> None:
        self.content, self.clock, self.ledger = content, clock or Clock(), LastModifiedStore(None)
        self.live = Live(ContentFolder(content), self.ledger, self.clock, preview=True)
        self.streams = EventStreams(self.live, 2)
        self.app: WSGIApplication = PreviewMiddleware(application(self.live), self.live, self.streams)

    def save(self, name: str, text: str) -> None:
        (self.content / name).write_text(text, "utf-8")
        before = self.live.edition
        self.live.reload()
        self.streams.notify(before, self.live.edition)

    def page(self, path: str = "/") -> str:
        return call(self.app, path, HERE).body.decode()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(write_newsroom(tmp_path / "content", timed=True))
    yield one
    one.ledger.close()


def words(page: str) -> str:
    """What the panel says."""
    panel = page.partition("<aside")[2].partition(">")[2].partition("</aside>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", panel).split())


def test_time_alone_moves_articles_from_one_mark_to_another(desk: Desk) -> None:
    assert "Preview no problems 1 draft, 2 scheduled Drafts Not yet Sat, 14 Feb 2026" in words(desk.page())
    assert "scheduled: readers see it from Sun, 01 Mar 2026, 13:00 (GMT) on." in words(desk.page("/articles/later/"))
    desk.clock.now = SOON
    assert words(desk.page("/articles/later/")) == "Preview no problems"
    assert "This article expired: readers have not seen it since Sun, 01 Mar 2026, 13:00 (GMT)." in words(
        desk.page("/articles/brief/")
    )
    assert "Expired Open until one Sun, 01 Mar 2026, 13:00 (GMT)" in words(desk.page())
    assert '<p class="mark">Expired</p>' in desk.page("/articles/brief/")


def test_an_editors_article_in_another_language_is_marked_in_the_sites(desk: Desk) -> None:
    write_article(desk.content, "kal", "title: कल\npublished: 2026-02-20\nstatus: draft\nlanguage: hi")
    site = (desk.content / "site.yaml").read_text("utf-8")
    desk.save("site.yaml", f"{site}language: ja\n")
    assert '<p class="mark" lang="ja" dir="ltr">下書き</p>' in desk.page("/articles/kal/")


def test_errors_stand_before_warnings_and_standing_in_is_told_once_of_each_file(desk: Desk) -> None:
    write_article(desk.content, "anew", "title: Anew\npublished: 2026-02-20\nauthor: nobody")
    (desk.content / "articles/aaa.yaml").write_text("title: A\npublished: 2026-02-20\nbody: A\n")
    desk.save("articles/bay.yaml", "title: no\nwrong: 1\n")
    said = words(desk.page("/subscribe/"))
    assert re.match(r"Preview 4 errors 2 warnings articles/anew.yaml:4:9 error: author: no author .{5}nobody", said)
    assert said.count("last valid version") == 1
    assert said.index("articles/bay.yaml:1:1 error:") < said.index("last valid") < said.index("articles/bay.yaml:1:8 error:")
    assert said.index("articles/bay.yaml") < said.index("articles/aaa.yaml:1:1 warning: no id")


def test_a_panel_is_no_archive(desk: Desk) -> None:
    for number in range(103):
        write_article(desk.content, f"draft-{number}", f"title: Draft {number}\npublished: 2026-02-20\nstatus: draft")
        (desk.content / f"articles/broken-{number}.yaml").write_text("title: [")
    desk.live.reload()
    page = desk.page()
    assert page.count('<li class="preview-error">') == 100
    assert words(page).count("and 3 more") == 1
    assert words(page).count("and 4 more") == 1


def test_a_stream_ends_with_the_news(desk: Desk) -> None:
    stream = desk.streams.stream()
    first = next(stream)
    desk.save("articles/bay.yaml", "title: [")
    told = list(stream)
    assert len(told) == 1
    assert told[0] != first
    assert re.fullmatch(rb"retry: 300\ndata: 1-\w+\n\n", told[0])


def test_a_quiet_stream_ends_by_itself(desk: Desk) -> None:
    first, *rest = EventStreams(desk.live, 2, heartbeat_interval=0.0).stream()
    assert first.startswith(b"retry: 300\ndata: 1-")
    assert rest == [b":\n\n"] * 15


def test_streams_end_as_the_server_stops(desk: Desk) -> None:
    stream = desk.streams.stream()
    next(stream)
    desk.streams.stop()
    assert list(stream) == []
    assert len(list(desk.streams.stream())) == 1


def test_who_leaves_makes_room(desk: Desk) -> None:
    several = [desk.streams.stream() for _ in range(3)]
    assert [next(one)[:11] for one in several] == [b"retry: 300\n", b"retry: 300\n", b"retry: 2000"]
    several[0].close()
    assert next(desk.streams.stream()).startswith(b"retry: 300\n")


def test_the_state_is_another_in_another_run(desk: Desk) -> None:
    def state(one: Desk) -> list[str]:
        return re.findall(r'data-state="([^"]+)"', one.page())

    assert state(Desk(desk.content, desk.clock)) == state(desk)
    later = Clock()
    later.tick()
    assert state(Desk(desk.content, later)) != state(desk)


@pytest.mark.parametrize(
    "path", ["/", "/feed.rss", "/media/talk.mp3", "/nothing/", "/.preview/preview.js", "/.preview/events", "/.preview/nothing"]
)
def test_head_is_get_without_its_body(desk: Desk, path: str) -> None:
    desk.streams.stop()
    got, head = call(desk.app, path, HERE), call(desk.app, path, HERE, "HEAD")
    assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")
    assert got["Content-Length"] in ("", str(len(got.body)))


def test_a_page_that_is_open_hears_that_the_site_has_moved(desk: Desk) -> None:
    desk.streams.stop()
    before = call(desk.app, "/.preview/events", HERE).body
    site = (desk.content / "site.yaml").read_text("utf-8")
    desk.save("site.yaml", site.replace("base_url: https://news.example", "base_url: https://news.example/news"))
    assert call(desk.app, "/.preview/events", HERE).body not in (b"", before)
    assert 'data-events="/news/.preview/events"' in desk.page("/news/articles/unfinished/")
    assert "This article is a draft" in words(desk.page("/news/articles/unfinished/"))


def test_other_methods_are_passed_on(desk: Desk) -> None:
    assert call(desk.app, "/", HERE, "POST").status == 405
    assert call(desk.app, "/.preview/events", HERE, "POST").status == 404


@pytest.mark.parametrize("host", ["", "[::", "192.0.2.1", "news.example", "localhost.attacker.example:80", "127.0.0.1.example"])
def test_a_stranger_gets_nothing(desk: Desk, host: str) -> None:
    for path in ("/", "/.preview/events", "/status"):
        got = call(desk.app, path, {"Host": host})
        assert (got.status, b"--preview-anywhere" in got.body) == (403, True)


PASSED_ON = (
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


@pytest.mark.parametrize("headers", PASSED_ON, ids=lambda headers: ", ".join(f"{name}: {text}" for name, text in headers.items()))
def test_a_tunnel_to_the_preview_shows_no_draft(desk: Desk, headers: dict[str, str]) -> None:
    """A proxy or tunnel on the editor's machine that sends Host: localhost looks like the editor but for what it adds."""
    for path in ("/articles/unfinished/", "/", "/feed.rss", "/media/draft.pdf", "/.preview/events", "/.preview/preview.js"):
        for method in ("GET", "HEAD"):
            got = call(desk.app, path, {**HERE, **headers}, method)
            assert (got.status, got["Cache-Control"]) == (403, "no-store")
    said = call(desk.app, "/", {**HERE, **headers}).body.decode()
    [name] = headers
    assert name in said
    assert "--preview-anywhere" in said


@pytest.mark.parametrize("headers", PASSED_ON, ids=str)
def test_a_preview_for_anywhere_answers_through_a_tunnel(desk: Desk, headers: dict[str, str]) -> None:
    app = PreviewMiddleware(application(desk.live), desk.live, desk.streams, allows_any_host=True)
    assert call(app, "/articles/unfinished/", {"Host": "preview.example", **headers}).status == 200


def test_a_page_that_never_ends_has_the_panel_all_the_same(desk: Desk) -> None:
    template = desk.content / "theme/templates/message.html"
    template.parent.mkdir(parents=True)
    template.write_text("<p>Nobody closes this")
    desk.live.reload()
    until(lambda: desk.live.is_due)
    desk.live.reload()
    page = desk.page("/nothing/")
    assert page.startswith('<link rel="stylesheet" href="/.preview/preview.css">')
    assert page.endswith("</aside>\n")
    assert page.count("<aside") == page.count("<script") == 1
