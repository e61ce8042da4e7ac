"""Last-Modified changes exactly when the bytes change, so a reader that sends only If-Modified-Since misses no change."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from feedsvc.publication.last_modified import LastModifiedStore
from tests.helpers.http_client import Response, call
from tests.web.conftest import FakeClock, SiteFixture
from tests.web.newsroom import NOON, write_article

PATH = "/feed.rss"
_FISH = "title: {title}\npublished: 2026-02-12\ncategory: business\nauthor: mina-park"


def fetch(site: SiteFixture, path: str = PATH) -> Response:
    """Return the response of a newly started server that stops afterwards."""
    store = LastModifiedStore(site.last_modified_file)
    try:
        return call(site.start_app(store), path)
    finally:
        store.close()


def edit(site: SiteFixture, title: str = "Fish, at last") -> None:
    write_article(site.content, "fish", _FISH.format(title=title))


def withdraw(site: SiteFixture) -> None:
    write_article(site.content, "fish", _FISH.format(title="Fish") + "\nstatus: withdrawn\nwithdrawn: {date: 2026-02-12}")


def delete(site: SiteFixture) -> None:
    (site.content / "articles" / "fish.yaml").unlink()


def last_modified(response: Response) -> datetime:
    return parsedate_to_datetime(response["Last-Modified"])


@pytest.mark.parametrize("change", [edit, withdraw, delete])
def test_last_modified_changes_with_the_bytes_over_a_restart(site: SiteFixture, change: Callable[[SiteFixture], None]) -> None:
    paths = (PATH, "/feed.atom", "/feed.json", "/", "/category/business/feed.rss")
    app, unaffected = site.start_app(), "/author/tuan-le/feed.rss"
    before = {path: call(app, path) for path in (*paths, unaffected)}
    change(site)
    site.clock.advance(60)
    app = site.start_app()
    for path in paths:
        after = call(app, path, {"If-Modified-Since": before[path]["Last-Modified"]})
        assert after.status == 200
        assert after.body != before[path].body
        assert last_modified(after) == site.clock.now
        assert call(app, path, {"If-Modified-Since": after["Last-Modified"]}).status == 304
    assert call(app, unaffected)["Last-Modified"] == before[unaffected]["Last-Modified"]


def test_last_modified_is_unchanged_over_a_restart_without_changes(site: SiteFixture) -> None:
    before = fetch(site)
    site.clock.advance(600)
    (site.content / "site.yaml").touch()
    assert fetch(site)["Last-Modified"] == before["Last-Modified"]


def test_last_modified_in_the_future_is_not_sent_after_two_saves_in_one_second(site: SiteFixture) -> None:
    responses = []
    for title in ("One", "Two", "Three"):
        edit(site, title)
        responses.append(fetch(site))
        site.clock.advance(0.1)
    # A date later than the response is not sent until then (RFC 9110 section 8.8.2.1).
    assert [response["Last-Modified"] for response in responses[1:]] == ["", ""]
    assert call(site.start_app(), PATH, {"If-Modified-Since": responses[0]["Last-Modified"]}).status == 200
    site.clock.advance(2)
    latest = fetch(site)
    assert last_modified(latest) == NOON + timedelta(seconds=2)
    assert call(site.start_app(), PATH, {"If-Modified-Since": latest["Last-Modified"]}).status == 304


def test_last_modified_increases_when_an_earlier_version_returns(site: SiteFixture) -> None:
    edit(site, "A")
    first = fetch(site)
    site.clock.advance(10)
    edit(site, "B")
    second = fetch(site)
    site.clock.advance(10)
    edit(site, "A")
    third = fetch(site)
    assert third.body == first.body
    assert third["ETag"] == first["ETag"]
    assert last_modified(first) < last_modified(second) < last_modified(third)
    assert call(site.start_app(), PATH, {"If-Modified-Since": second["Last-Modified"]}).status == 200


def test_last_modified_increases_after_the_clock_is_set_back(site: SiteFixture) -> None:
    before = fetch(site)
    edit(site)
    site.clock.advance(-3600)
    assert call(site.start_app(), PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 200
    site.clock.advance(3601)
    after = fetch(site)
    assert last_modified(after) == NOON + timedelta(seconds=1)


def test_running_server_omits_last_modified_while_the_clock_is_set_back(site: SiteFixture) -> None:
    app = site.start_app()
    before = call(app, PATH)
    site.clock.advance(-5)
    during = call(app, PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (during.status, during["Last-Modified"]) == (200, "")
    site.clock.advance(5)
    assert call(app, PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 304


@pytest.mark.parametrize("damage", ["deleted", "damaged", "emptied"])
def test_lost_date_store_gives_a_new_last_modified(site: SiteFixture, damage: str) -> None:
    before = fetch(site)
    edit(site)
    for file in site.state.iterdir():
        if damage == "deleted":
            file.unlink()
        else:
            file.write_bytes(b"no database at all " * 500 if damage == "damaged" else b"")
    site.clock.advance(60)
    after = call(site.start_app(), PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (after.status, last_modified(after)) == (200, site.clock.now)
    site.clock.advance(60)
    assert last_modified(fetch(site)) == last_modified(after)


@pytest.mark.parametrize(
    "statements",
    [
        ["PRAGMA query_only = ON"],
        ["DROP TABLE document_date", "PRAGMA max_page_count = 1"],  # the disk is full: no page is left for a new table
    ],
)
def test_unwritable_date_store_leaves_etag_without_last_modified(site: SiteFixture, statements: list[str]) -> None:
    before, unchanged = fetch(site), fetch(site, "/author/tuan-le/feed.rss")
    edit(site)
    store = LastModifiedStore(site.last_modified_file)
    for statement in statements:
        store._database.connection.execute(statement)
    app = site.start_app(store)
    after = call(app, PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (after.status, after["Last-Modified"]) == (200, "")
    assert call(app, PATH, {"If-None-Match": after["ETag"]}).status == 304
    assert call(app, PATH, {"If-Modified-Since": "Sun, 01 Mar 2026 12:00:00 GMT"}).status == 200
    if len(statements) == 1:
        assert call(app, "/author/tuan-le/feed.rss")["Last-Modified"] == unchanged["Last-Modified"]


def test_locked_date_store_does_not_block_responses(site: SiteFixture) -> None:
    before = fetch(site)
    other_store = LastModifiedStore(site.last_modified_file)
    other_store._database.connection.execute("BEGIN IMMEDIATE")
    assert fetch(site)["Last-Modified"] == before["Last-Modified"]
    other_store.close()


def test_different_versions_never_share_a_date_across_threads_and_servers(tmp_path: Path) -> None:
    stores = [LastModifiedStore(tmp_path / "state" / "modified.sqlite") for _ in range(3)]
    jobs = [(stores[number % 3], f"text {number % 7}") for number in range(210)]
    with ThreadPoolExecutor(8) as threads:
        dates_and_texts = list(threads.map(lambda job: (job[0].last_modified(PATH, job[1], NOON), job[1]), jobs))
    texts_by_date: dict[datetime | None, set[str]] = {}
    for date, text in dates_and_texts:
        texts_by_date.setdefault(date, set()).add(text)
    assert None not in texts_by_date
    assert all(len(texts) == 1 for texts in texts_by_date.values())
    assert min(date for date, _ in dates_and_texts if date) == NOON
    for store in stores:
        store.close()


def test_last_modified_of_media_changes_with_the_bytes(site: SiteFixture) -> None:
    before = fetch(site, "/media/talk.mp3")
    talk = site.content / "media" / "talk.mp3"
    site.clock.advance(10)
    talk.write_bytes(talk.read_bytes())
    assert fetch(site, "/media/talk.mp3")["Last-Modified"] == before["Last-Modified"]
    app = site.start_app()
    assert call(app, "/media/talk.mp3")["ETag"] == before["ETag"]
    talk.write_bytes(b"another talk")
    after = call(app, "/media/talk.mp3", {"If-Modified-Since": before["Last-Modified"], "If-None-Match": ""})
    assert (after.status, after.body, last_modified(after)) == (200, b"another talk", site.clock.now)
    assert after["ETag"] != before["ETag"]


def test_last_modified_recovers_after_a_clock_years_in_the_future(site: SiteFixture) -> None:
    site.clock.advance(800 * 86_400)
    fetch(site)
    site.clock.advance(-800 * 86_400)
    assert last_modified(fetch(site)) == site.clock.now


class TickingClock(FakeClock):
    """A clock that is a second later each time it is read."""

    def __call__(self) -> datetime:
        self.advance()
        return self.now


def test_first_response_has_a_date_although_a_second_ends_while_it_is_rendered(site: SiteFixture) -> None:
    app = replace(site, clock=TickingClock()).start_app()
    response, later = call(app, PATH), call(app, PATH)
    assert response["Last-Modified"] == later["Last-Modified"] != ""
