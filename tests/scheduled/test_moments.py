"""What time alone changes, with the clock passed in: in its second, everywhere at once, and after sleep."""

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
from feedsvc.web.app import application
from tests.helpers.http_client import SECONDS, Response, call
from tests.helpers.newsrooms import article, load_publication, write
from tests.leaks.newsroom import SITE, VISIBLE
from tests.web.conftest import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
TICK: Final = timedelta(microseconds=1)
HOURS: Final = 6
ODD: Final = ("/nothing/", "/articles/old-one/", "/feed", "/articles/gone/", "/category/asia", "/articles/late3/")
MINUTE: Final = timedelta(minutes=1)


def due(hour: int) -> datetime:
    return NOON + timedelta(hours=hour)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Each full hour after noon one article comes and the one before goes; one is withdrawn, one corrected, later still."""
    folder = write(tmp_path / "content", {**SITE, **VISIBLE})
    write(folder, article("gone", "2026-02-11", status="withdrawn", withdrawn="{date: 2026-02-12, notice: It was wrong.}"))
    write(folder, article("recalled", "2026-02-12", status="withdrawn", withdrawn=f"{{date: {due(HOURS + 1).isoformat()}}}"))
    write(folder, article("mended", "2026-02-13", updated=due(HOURS + 2).isoformat(), tags="[harbour]"))
    for hour in range(1, HOURS + 1):
        write(folder, article(f"late{hour}", due(hour).isoformat(), expires=due(hour + 1).isoformat(), tags="[harbour]"))
    return folder


def opened(root: Path, clock: Callable[[], datetime]) -> Live:
    return Live(ContentFolder(root), LastModifiedStore(None), clock)


def served(live: Live, now: datetime) -> dict[str, object]:
    """Every address and its bytes."""
    edition = live.current(now)
    return {path: bytes_of(edition.resolve(path)) for path in edition.paths_with_redirects()}


def bytes_of(answer: object) -> object:
    return getattr(answer, "body", None) or getattr(answer, "target", None) or getattr(answer, "length", None)


def fresh(root: Path, now: datetime) -> dict[str, object]:
    """What a start at that moment would serve."""
    edition = load_publication(root, now)
    return {path: bytes_of(edition.resolve(path)) for path in edition.paths_with_redirects()}


def test_each_change_comes_in_its_second_everywhere_at_once(root: Path) -> None:
    clock = Clock(NOON)
    live = opened(root, clock)
    for hour in range(1, HOURS + 3):
        before, at = fresh(root, due(hour) - TICK), fresh(root, due(hour))
        assert before != at
        assert served(live, due(hour) - TICK) == before
        assert served(live, due(hour)) == at


def test_after_sleep_all_that_is_due_has_happened(root: Path) -> None:
    live = opened(root, Clock(NOON))
    served(live, NOON)
    assert served(live, due(HOURS + 30)) == fresh(root, due(HOURS + 30))
    assert live.current(due(HOURS + 30)).next_change != due(HOURS + 1)


def test_a_clock_that_is_put_right_takes_back_what_is_not_public_yet(root: Path) -> None:
    live = opened(root, Clock(NOON))
    for hour in (3, 1, 5, 2, 0):
        assert served(live, due(hour)) == fresh(root, due(hour))


def test_what_is_prepared_is_what_a_start_at_that_moment_gives(root: Path) -> None:
    live = opened(root, Clock(NOON))
    number = live.edition.number
    for hour in range(1, HOURS + 3):
        live.prepare_next_edition(due(hour) - timedelta(seconds=2))
        assert live.edition.number == number, "what is prepared is not served yet"
        assert served(live, due(hour)) == fresh(root, due(hour))
        number += 1
        assert live.edition.number == number


@pytest.mark.parametrize("moment", [due(1), due(2), NOON + MINUTE], ids=["in its second", "after a sleep", "before its time"])
def test_what_was_prepared_before_a_save_is_not_served(root: Path, moment: datetime) -> None:
    clock = Clock(due(1) - timedelta(seconds=2))
    live = opened(root, clock)
    live.prepare_next_edition(clock())
    write(root, article("saved", "2026-02-28", tags="[harbour]"))
    (root / "articles/late1.yaml").unlink()
    live.reload()
    assert served(live, moment) == fresh(root, moment)


def test_what_was_prepared_for_a_moment_that_the_clock_went_back_from_is_not_served(root: Path) -> None:
    live = opened(root, Clock(NOON))
    live.prepare_next_edition(due(2) - timedelta(seconds=2))
    live.prepare_next_edition(due(1) - timedelta(seconds=2))
    for moment in (NOON + MINUTE, due(1) - TICK, due(1), NOON, due(2)):
        assert served(live, moment) == fresh(root, moment)


def test_those_who_hear_of_editions_never_hear_of_one_that_time_has_passed(root: Path) -> None:
    # By this clock every look at it takes some minutes, so sooner or later a reading lasts over a scheduled change.
    clock, over = Clock(NOON), threading.Event()
    heard: list[datetime] = []

    def passing() -> datetime:
        clock.tick(17 * 60)
        watcher.request_full_scan()
        if clock.now > due(HOURS + 3):
            over.set()
        return clock.now

    live = opened(root, clock)
    watcher = Watcher(root, live, [lambda _, now: heard.append(now.publication.catalog.now)])
    live.clock = passing
    watcher.start()
    assert over.wait(SECONDS)
    watcher.stop()
    assert len(heard) > HOURS
    assert heard == sorted(heard)


def test_a_change_that_comes_while_the_folder_is_read_is_not_taken_back(root: Path) -> None:
    clock = Clock(due(1) - TICK)
    live = opened(root, clock)
    moments = iter([due(1) - TICK])

    def passing() -> datetime:
        begun = next(moments, None)
        if begun:
            live.current(due(1))  # a request, just after the reading began
        return begun or due(1)

    live.clock = passing
    write(root, article("saved", "2026-02-28", tags="[harbour]"))
    live.reload()
    assert {"saved", "late1"} <= live.edition.publication.catalog.visible.keys()


def all_answers(app: WSGIApplication, paths: list[str]) -> Iterator[tuple[str, Response]]:
    for path in paths:
        first = call(app, path)
        yield path, first
        yield f"{path} conditionally", call(app, path, {"IF_NONE_MATCH": first["etag"] or "*"})
        yield f"{path} in part", call(app, path, {"RANGE": "bytes=0-3"})
        yield f"{path} in no part", call(app, path, {"RANGE": "bytes=99999999-"})
        yield f"{path} compressed", call(app, path, {"ACCEPT_ENCODING": "gzip"})
        yield f"{path} in a browser", call(app, path, {"SEC_FETCH_DEST": "document"})
        yield f"{path} by HEAD", call(app, path, method="HEAD")


def windows(got: Response) -> Mapping[str, int]:
    words = [word.strip().partition("=") for word in got["cache-control"].split(",")]
    return {name: int(value) for name, _, value in words if value}


def test_no_cache_may_keep_an_answer_past_the_next_change(root: Path) -> None:
    clock = Clock(NOON)
    live = opened(root, clock)
    app, chance = application(live), random.Random(4)
    statuses = set()
    for _ in range(12):
        left = timedelta(seconds=chance.choice([0.000001, 0.5, 1, 1.5, 2, 7, 100, 299, 301, 599, 900.5, 3000]))
        clock.now = due(chance.randrange(1, HOURS + 3)) - left
        edition = live.current(clock.now)
        for path, got in all_answers(app, [*map(quote, edition.paths_with_redirects()), *ODD]):
            kept = windows(got)
            longest = max((seconds for name, seconds in kept.items() if name.startswith("stale-")), default=0)
            assert "max-age" in kept, path
            assert edition.next_change is not None
            # A cache counts from the second of the answer's Date.
            assert timedelta(seconds=kept["max-age"] + longest) <= max(edition.next_change - clock.now, timedelta(0)), path
            statuses.add(got.status)
    assert statuses == {200, 206, 301, 304, 404, 410, 416}


def test_a_date_does_not_go_back_where_a_look_at_the_folder_lasted_over_a_scheduled_change(root: Path) -> None:
    """A page that was as it had been before got the date that it had had then, though readers had seen it otherwise since."""
    live = opened(root, clock := Clock(NOON))
    clock.now = due(1) - TICK
    moments = iter([due(1) - TICK])

    def passing() -> datetime:
        begun = next(moments, None)
        if begun:  # the look has begun; before it ends the moment comes, and a reader
            clock.now = due(1)
            between.append(live.current(due(1)).resolve("/tag/harbour/"))
        return begun or clock.now + MINUTE

    between: list[object] = []
    early = live.current(due(1) - TICK).resolve("/tag/harbour/")
    live.clock = passing
    (root / "articles/late1.yaml").unlink()
    live.reload()
    after = live.current(due(1) + MINUTE).resolve("/tag/harbour/")
    assert bytes_of(early) == bytes_of(after) != bytes_of(between[0])
    dates = [one.last_modified for one in (early, between[0], after)]
    assert dates == sorted(set(dates))


def subscribe(edition: Publication) -> Document:
    found = edition.resolve("/subscribe/")
    assert isinstance(found, Document)
    return found


def reload(clock: Clock, *lives: Live) -> None:
    clock.tick(2)
    for live in lives:
        live.reload()


def test_a_page_that_is_as_it_was_before_has_a_later_date_than_what_it_was_in_between(root: Path) -> None:
    """It had its first date, where a reader was so slow that the next edition was there before the page of that one was made."""
    live = opened(root, clock := Clock(NOON))
    first = subscribe(live.current(NOON))
    write(root, article("extra", "2026-01-20", tags="[alone]"))
    reload(clock, live)
    edition = live.edition.publication
    (root / "articles/extra.yaml").unlink()
    reload(clock, live)
    between = subscribe(edition)
    clock.tick(2)
    last = subscribe(live.current(clock.now))
    assert first.body == last.body != between.body
    dates = [one.last_modified for one in (first, between, last)]
    assert dates == sorted({date for date in dates if date})


def test_servers_agree_on_the_date_of_a_page_that_only_one_of_them_was_asked_for_in_between(root: Path, tmp_path: Path) -> None:
    """The one that was not asked gave it its first date for ever."""
    clock, file = Clock(NOON), tmp_path / "modified.sqlite"
    with closing(LastModifiedStore(file)) as one, closing(LastModifiedStore(file)) as other:
        servers = [Live(ContentFolder(root), ledger, clock) for ledger in (one, other)]
        for live in servers:
            subscribe(live.current(NOON))
        write(root, article("extra", "2026-01-20", tags="[alone]"))
        reload(clock, *servers)
        subscribe(servers[0].current(clock.now))
        (root / "articles/extra.yaml").unlink()
        reload(clock, *servers)
        assert len({subscribe(live.current(clock.now)).last_modified for live in servers}) == 1
