"""Scheduled changes with a fake clock: they take effect in their second in every document, also after a suspend."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.document import Document
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from feedsvc.web.app import create_app
from tests.helpers.http_client import SECONDS, Response, call
from tests.helpers.newsrooms import article, load_publication, write
from tests.leaks.newsroom import SITE, VISIBLE
from tests.web.conftest import FakeClock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
HOURS: Final = 6
OTHER_PATHS: Final = ("/nothing/", "/articles/old-one/", "/feed", "/articles/gone/", "/category/asia", "/articles/late3/")
MINUTE: Final = timedelta(minutes=1)


def hours_after_noon(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a folder: each hour after noon one article is published and the previous one expires; later two others change."""
    folder = write(tmp_path / "content", {**SITE, **VISIBLE})
    write(folder, article("gone", "2026-02-11", status="withdrawn", withdrawn="{date: 2026-02-12, notice: It was wrong.}"))
    write(
        folder,
        article("recalled", "2026-02-12", status="withdrawn", withdrawn=f"{{date: {hours_after_noon(HOURS + 1).isoformat()}}}"),
    )
    write(folder, article("mended", "2026-02-13", updated=hours_after_noon(HOURS + 2).isoformat(), tags="[harbour]"))
    for hour in range(1, HOURS + 1):
        write(
            folder,
            article(
                f"late{hour}",
                hours_after_noon(hour).isoformat(),
                expires=hours_after_noon(hour + 1).isoformat(),
                tags="[harbour]",
            ),
        )
    return folder


def create_live(root: Path, clock: Callable[[], datetime]) -> Live:
    return Live(ContentFolder(root), LastModifiedStore(None), clock)


def served_contents(live: Live, now: datetime) -> dict[str, object]:
    """Return the content of every path of the edition at the time."""
    edition = live.current(now)
    return {path: content_of(edition.resolve(path)) for path in edition.paths_with_redirects()}


def content_of(resource: object) -> object:
    return getattr(resource, "body", None) or getattr(resource, "target", None) or getattr(resource, "length", None)


def expected_contents(root: Path, now: datetime) -> dict[str, object]:
    """Return the content of every path of an edition newly built at the time."""
    edition = load_publication(root, now)
    return {path: content_of(edition.resolve(path)) for path in edition.paths_with_redirects()}


def test_scheduled_change_takes_effect_in_its_second_in_every_document(root: Path) -> None:
    clock = FakeClock(NOON)
    live = create_live(root, clock)
    for hour in range(1, HOURS + 3):
        expected_before, expected_after = (
            expected_contents(root, hours_after_noon(hour) - MICROSECOND),
            expected_contents(root, hours_after_noon(hour)),
        )
        assert expected_before != expected_after
        assert served_contents(live, hours_after_noon(hour) - MICROSECOND) == expected_before
        assert served_contents(live, hours_after_noon(hour)) == expected_after


def test_all_scheduled_changes_take_effect_after_a_suspend(root: Path) -> None:
    live = create_live(root, FakeClock(NOON))
    served_contents(live, NOON)
    assert served_contents(live, hours_after_noon(HOURS + 30)) == expected_contents(root, hours_after_noon(HOURS + 30))
    assert live.current(hours_after_noon(HOURS + 30)).next_change != hours_after_noon(HOURS + 1)


def test_clock_set_back_hides_articles_that_are_not_published_yet(root: Path) -> None:
    live = create_live(root, FakeClock(NOON))
    for hour in (3, 1, 5, 2, 0):
        assert served_contents(live, hours_after_noon(hour)) == expected_contents(root, hours_after_noon(hour))


def test_prepared_edition_equals_a_newly_built_one(root: Path) -> None:
    live = create_live(root, FakeClock(NOON))
    number = live.edition.number
    for hour in range(1, HOURS + 3):
        live.prepare_next_edition(hours_after_noon(hour) - timedelta(seconds=2))
        assert live.edition.number == number, "the prepared edition is served too early"
        assert served_contents(live, hours_after_noon(hour)) == expected_contents(root, hours_after_noon(hour))
        number += 1
        assert live.edition.number == number


@pytest.mark.parametrize(
    "time",
    [hours_after_noon(1), hours_after_noon(2), NOON + MINUTE],
    ids=["at the scheduled time", "after a suspend", "before the scheduled time"],
)
def test_edition_prepared_before_a_save_is_discarded(root: Path, time: datetime) -> None:
    clock = FakeClock(hours_after_noon(1) - timedelta(seconds=2))
    live = create_live(root, clock)
    live.prepare_next_edition(clock())
    write(root, article("saved", "2026-02-28", tags="[harbour]"))
    (root / "articles/late1.yaml").unlink()
    live.reload()
    assert served_contents(live, time) == expected_contents(root, time)


def test_edition_prepared_for_a_later_time_is_discarded_after_the_clock_is_set_back(root: Path) -> None:
    live = create_live(root, FakeClock(NOON))
    live.prepare_next_edition(hours_after_noon(2) - timedelta(seconds=2))
    live.prepare_next_edition(hours_after_noon(1) - timedelta(seconds=2))
    for time in (NOON + MINUTE, hours_after_noon(1) - MICROSECOND, hours_after_noon(1), NOON, hours_after_noon(2)):
        assert served_contents(live, time) == expected_contents(root, time)


def test_listeners_get_editions_in_order_of_time(root: Path) -> None:
    # Each reading of this clock advances it by minutes, so that some scans last beyond a scheduled change.
    clock, is_over = FakeClock(NOON), threading.Event()
    edition_times: list[datetime] = []

    def advancing_clock() -> datetime:
        clock.advance(17 * 60)
        watcher.request_full_scan()
        if clock.now > hours_after_noon(HOURS + 3):
            is_over.set()
        return clock.now

    live = create_live(root, clock)
    watcher = Watcher(root, live, [lambda _, now: edition_times.append(now.publication.catalog.now)])
    live.clock = advancing_clock
    watcher.start()
    assert is_over.wait(SECONDS)
    watcher.stop()
    assert len(edition_times) > HOURS
    assert edition_times == sorted(edition_times)


def test_change_scheduled_during_a_scan_is_kept(root: Path) -> None:
    clock = FakeClock(hours_after_noon(1) - MICROSECOND)
    live = create_live(root, clock)
    scan_times = iter([hours_after_noon(1) - MICROSECOND])

    def clock_during_scan() -> datetime:
        start = next(scan_times, None)
        if start:
            live.current(hours_after_noon(1))  # a request right after the start of the scan
        return start or hours_after_noon(1)

    live.clock = clock_during_scan
    write(root, article("saved", "2026-02-28", tags="[harbour]"))
    live.reload()
    assert {"saved", "late1"} <= live.edition.publication.catalog.visible.keys()


def responses_to_variants(app: WSGIApplication, paths: list[str]) -> Iterator[tuple[str, Response]]:
    for path in paths:
        first = call(app, path)
        yield path, first
        yield f"{path} conditionally", call(app, path, {"IF_NONE_MATCH": first["etag"] or "*"})
        yield f"{path} in part", call(app, path, {"RANGE": "bytes=0-3"})
        yield f"{path} in no part", call(app, path, {"RANGE": "bytes=99999999-"})
        yield f"{path} compressed", call(app, path, {"ACCEPT_ENCODING": "gzip"})
        yield f"{path} in a browser", call(app, path, {"SEC_FETCH_DEST": "document"})
        yield f"{path} by HEAD", call(app, path, method="HEAD")


def parse_cache_control(response: Response) -> Mapping[str, int]:
    directives = [directive.strip().partition("=") for directive in response["cache-control"].split(",")]
    return {name: int(value) for name, _, value in directives if value}


def test_no_response_is_fresh_beyond_the_next_change(root: Path) -> None:
    clock = FakeClock(NOON)
    live = create_live(root, clock)
    app, random_source = create_app(live), random.Random(4)
    statuses = set()
    for _ in range(12):
        seconds_left = timedelta(seconds=random_source.choice([0.000001, 0.5, 1, 1.5, 2, 7, 100, 299, 301, 599, 900.5, 3000]))
        clock.now = hours_after_noon(random_source.randrange(1, HOURS + 3)) - seconds_left
        edition = live.current(clock.now)
        for path, response in responses_to_variants(app, [*map(quote, edition.paths_with_redirects()), *OTHER_PATHS]):
            directives = parse_cache_control(response)
            max_stale = max((seconds for name, seconds in directives.items() if name.startswith("stale-")), default=0)
            assert "max-age" in directives, path
            assert edition.next_change is not None
            # A cache counts from the second in the Date header.
            assert timedelta(seconds=directives["max-age"] + max_stale) <= max(edition.next_change - clock.now, timedelta(0)), (
                path
            )
            statuses.add(response.status)
    assert statuses == {200, 206, 301, 304, 404, 410, 416}


def test_last_modified_increases_over_a_scan_during_a_scheduled_change(root: Path) -> None:
    """A page that returned to an earlier version once had its earlier date, though another version was served in between."""
    live = create_live(root, clock := FakeClock(NOON))
    clock.now = hours_after_noon(1) - MICROSECOND
    scan_times = iter([hours_after_noon(1) - MICROSECOND])

    def clock_during_scan() -> datetime:
        start = next(scan_times, None)
        if start:  # during the scan, the scheduled time passes and a client requests the page
            clock.now = hours_after_noon(1)
            between.append(live.current(hours_after_noon(1)).resolve("/tag/harbour/"))
        return start or clock.now + MINUTE

    between: list[object] = []
    early = live.current(hours_after_noon(1) - MICROSECOND).resolve("/tag/harbour/")
    live.clock = clock_during_scan
    (root / "articles/late1.yaml").unlink()
    live.reload()
    after = live.current(hours_after_noon(1) + MINUTE).resolve("/tag/harbour/")
    assert content_of(early) == content_of(after) != content_of(between[0])
    dates = [document.last_modified for document in (early, between[0], after)]
    assert dates == sorted(set(dates))


def subscribe_page(edition: Publication) -> Document:
    document = edition.resolve("/subscribe/")
    assert isinstance(document, Document)
    return document


def reload(clock: FakeClock, *lives: Live) -> None:
    clock.advance(2)
    for live in lives:
        live.reload()


def test_page_that_returns_to_an_earlier_version_has_a_later_date(root: Path) -> None:
    """The page once had its first date if the next edition existed before the version in between was rendered."""
    live = create_live(root, clock := FakeClock(NOON))
    first = subscribe_page(live.current(NOON))
    write(root, article("extra", "2026-01-20", tags="[alone]"))
    reload(clock, live)
    edition = live.edition.publication
    (root / "articles/extra.yaml").unlink()
    reload(clock, live)
    between = subscribe_page(edition)
    clock.advance(2)
    last = subscribe_page(live.current(clock.now))
    assert first.body == last.body != between.body
    dates = [document.last_modified for document in (first, between, last)]
    assert dates == sorted({date for date in dates if date})


def test_servers_send_one_date_for_a_page_rendered_in_between_by_only_one(root: Path, tmp_path: Path) -> None:
    """A server that had not rendered the version in between once kept the first date for ever."""
    clock, file = FakeClock(NOON), tmp_path / "modified.sqlite"
    with closing(LastModifiedStore(file)) as first_store, closing(LastModifiedStore(file)) as second_store:
        servers = [Live(ContentFolder(root), store, clock) for store in (first_store, second_store)]
        for live in servers:
            subscribe_page(live.current(NOON))
        write(root, article("extra", "2026-01-20", tags="[alone]"))
        reload(clock, *servers)
        subscribe_page(servers[0].current(clock.now))
        (root / "articles/extra.yaml").unlink()
        reload(clock, *servers)
        assert len({subscribe_page(live.current(clock.now)).last_modified for live in servers}) == 1
