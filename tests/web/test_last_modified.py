"""A Last-Modified that moves exactly when the bytes do, so that a reader with If-Modified-Since alone misses nothing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.publication.last_modified import LastModifiedStore
from tests.helpers.http_client import Response, call
from tests.web.conftest import Office
from tests.web.newsroom import NOON, write_article

PATH = "/feed.rss"
_FISH = "title: {title}\npublished: 2026-02-12\ncategory: business\nauthor: mina-park"


def fetch(office: Office, path: str = PATH) -> Response:
    """What a server answers that starts now and ends at once."""
    ledger = LastModifiedStore(office.ledger_file)
    try:
        return call(office.start(ledger), path)
    finally:
        ledger.close()


def edit(office: Office, title: str = "Fish, at last") -> None:
    write_article(office.content, "fish", _FISH.format(title=title))


def withdraw(office: Office) -> None:
    write_article(office.content, "fish", _FISH.format(title="Fish") + "\nstatus: withdrawn\nwithdrawn: {date: 2026-02-12}")


def delete(office: Office) -> None:
    (office.content / "articles" / "fish.yaml").unlink()


def moment(got: Response) -> datetime:
    return parsedate_to_datetime(got["Last-Modified"])


@pytest.mark.parametrize("change", [edit, withdraw, delete])
@pytest.mark.parametrize("path", [PATH, "/feed.atom", "/feed.json", "/", "/category/business/feed.rss"])
def test_moves_with_the_bytes_across_a_restart(office: Office, change: Callable[[Office], None], path: str) -> None:
    before = fetch(office, path)
    change(office)
    office.clock.tick(60)
    after = call(office.start(), path, {"If-Modified-Since": before["Last-Modified"]})
    assert after.status == 200
    assert after.body != before.body
    assert moment(after) == office.clock.now
    assert call(office.start(), path, {"If-Modified-Since": after["Last-Modified"]}).status == 304


def test_stays_across_a_restart_without_a_change(office: Office) -> None:
    before = fetch(office)
    office.clock.tick(600)
    (office.content / "site.yaml").touch()
    assert fetch(office)["Last-Modified"] == before["Last-Modified"]


def test_stays_for_the_documents_that_a_change_does_not_reach(office: Office) -> None:
    before = fetch(office, "/author/tuan-le/feed.rss")
    edit(office)
    office.clock.tick(60)
    assert fetch(office, "/author/tuan-le/feed.rss")["Last-Modified"] == before["Last-Modified"]


def test_two_saves_in_one_second(office: Office) -> None:
    seen = []
    for title in ("One", "Two", "Three"):
        edit(office, title)
        seen.append(fetch(office))
        office.clock.tick(0.1)
    # A date later than the answer is not told (RFC 9110 section 8.8.2.1) until it has come.
    assert [got["Last-Modified"] for got in seen[1:]] == ["", ""]
    assert call(office.start(), PATH, {"If-Modified-Since": seen[0]["Last-Modified"]}).status == 200
    office.clock.tick(2)
    last = fetch(office)
    assert moment(last) == NOON + timedelta(seconds=2)
    assert call(office.start(), PATH, {"If-Modified-Since": last["Last-Modified"]}).status == 304


def test_there_and_back_again(office: Office) -> None:
    edit(office, "A")
    first = fetch(office)
    office.clock.tick(10)
    edit(office, "B")
    second = fetch(office)
    office.clock.tick(10)
    edit(office, "A")
    third = fetch(office)
    assert third.body == first.body
    assert third["ETag"] == first["ETag"]
    assert moment(first) < moment(second) < moment(third)
    assert call(office.start(), PATH, {"If-Modified-Since": second["Last-Modified"]}).status == 200


def test_the_clock_goes_back(office: Office) -> None:
    before = fetch(office)
    edit(office)
    office.clock.tick(-3600)
    assert call(office.start(), PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 200
    office.clock.tick(3601)
    after = fetch(office)
    assert moment(after) == NOON + timedelta(seconds=1)


def test_the_clock_goes_back_while_it_serves(office: Office) -> None:
    app = office.start()
    before = call(app, PATH)
    office.clock.tick(-5)
    during = call(app, PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (during.status, during["Last-Modified"]) == (200, "")
    office.clock.tick(5)
    assert call(app, PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 304


@pytest.mark.parametrize("harm", ["deleted", "damaged", "emptied"])
def test_the_ledger_is_lost(office: Office, harm: str) -> None:
    before = fetch(office)
    edit(office)
    for file in office.state.iterdir():
        if harm == "deleted":
            file.unlink()
        else:
            file.write_bytes(b"no database at all " * 500 if harm == "damaged" else b"")
    office.clock.tick(60)
    after = call(office.start(), PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (after.status, moment(after)) == (200, office.clock.now)
    office.clock.tick(60)
    assert moment(fetch(office)) == moment(after)


def _read_only(ledger: LastModifiedStore) -> None:
    ledger._database.connection.execute("PRAGMA query_only = ON")


def _full(ledger: LastModifiedStore) -> None:
    ledger._database.connection.execute("DROP TABLE document_date")  # no page is left to write one into
    ledger._database.connection.execute("PRAGMA max_page_count = 1")


@pytest.mark.parametrize("harm", [_read_only, _full])
def test_without_a_disk_the_tag_remains(office: Office, harm: Callable[[LastModifiedStore], None]) -> None:
    before = fetch(office)
    edit(office)
    ledger = LastModifiedStore(office.ledger_file)
    harm(ledger)
    app = office.start(ledger)
    after = call(app, PATH, {"If-Modified-Since": before["Last-Modified"]})
    assert (after.status, after["Last-Modified"]) == (200, "")
    assert call(app, PATH, {"If-None-Match": after["ETag"]}).status == 304
    assert call(app, PATH, {"If-Modified-Since": "Sun, 01 Mar 2026 12:00:00 GMT"}).status == 200


def test_what_did_not_change_keeps_its_date_on_a_full_disk(office: Office) -> None:
    before = fetch(office)
    ledger = LastModifiedStore(office.ledger_file)
    _read_only(ledger)
    assert call(office.start(ledger), PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 304


def test_a_writer_that_never_ends_holds_nobody_up(office: Office) -> None:
    before = fetch(office)
    other = LastModifiedStore(office.ledger_file)
    other._database.connection.execute("BEGIN IMMEDIATE")
    assert fetch(office)["Last-Modified"] == before["Last-Modified"]
    other.close()


def test_two_servers_on_one_ledger(office: Office) -> None:
    one, other = office.start(), office.start()
    before = call(one, PATH)
    assert call(other, PATH)["Last-Modified"] == before["Last-Modified"]
    edit(office)
    office.clock.tick(5)
    newer = office.start()  # the roll-out has reached one of the two
    assert moment(call(newer, PATH)) == office.clock.now
    assert call(other, PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 304
    assert call(newer, PATH, {"If-Modified-Since": before["Last-Modified"]}).status == 200


def test_no_two_texts_share_a_date_between_threads_and_servers(tmp_path: Path) -> None:
    ledgers = [LastModifiedStore(tmp_path / "state" / "modified.sqlite") for _ in range(3)]
    jobs = [(ledgers[number % 3], f"text {number % 7}") for number in range(210)]
    with ThreadPoolExecutor(8) as threads:
        stamps = list(threads.map(lambda job: (job[0].last_modified(PATH, job[1], NOON), job[1]), jobs))
    named: dict[datetime | None, set[str]] = {}
    for at, text in stamps:
        named.setdefault(at, set()).add(text)
    assert None not in named
    assert all(len(texts) == 1 for texts in named.values())
    assert min(at for at, _ in stamps if at) == NOON
    for ledger in ledgers:
        ledger.close()


def test_a_ledger_in_memory_and_one_that_is_closed() -> None:
    ledger = LastModifiedStore(None)
    assert ledger.last_modified(PATH, "text", NOON) == NOON
    assert ledger.last_modified(PATH, "text", NOON + timedelta(days=1)) == NOON
    ledger.close()
    ledger.close()
    assert ledger.last_modified(PATH, "text", datetime.now(UTC)) is None


def test_a_place_that_cannot_hold_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FeedsvcError, match=r"cannot be used \(.+\); give another folder with --state$"):
        LastModifiedStore(tmp_path / "file" / "modified.sqlite")


def test_media_moves_with_its_bytes_too(office: Office) -> None:
    before = fetch(office, "/media/talk.mp3")
    talk = office.content / "media" / "talk.mp3"
    office.clock.tick(10)
    talk.write_bytes(talk.read_bytes())
    assert fetch(office, "/media/talk.mp3")["Last-Modified"] == before["Last-Modified"]
    app = office.start()
    assert call(app, "/media/talk.mp3")["ETag"] == before["ETag"]
    talk.write_bytes(b"another talk")
    after = call(app, "/media/talk.mp3", {"If-Modified-Since": before["Last-Modified"], "If-None-Match": ""})
    assert (after.status, after.body, moment(after)) == (200, b"another talk", office.clock.now)
    assert after["ETag"] != before["ETag"]


def test_a_clock_that_was_years_ahead_does_not_cost_the_date(office: Office) -> None:
    office.clock.tick(800 * 86_400)
    fetch(office)
    office.clock.tick(-800 * 86_400)
    assert moment(fetch(office)) == office.clock.now


def test_a_clock_put_back_hides_what_is_not_public_yet(office: Office) -> None:
    app = office.start()
    before = call(app, PATH)
    office.clock.tick(3_650 * 86_400)
    assert call(app, PATH).body != before.body
    office.clock.tick(-3_650 * 86_400)
    assert call(app, PATH).body == before.body


def test_many_who_make_one_new_state_file_at_once_all_get_it(tmp_path: Path) -> None:
    """Whoever came while another turned the new file to WAL was told at once that the database is locked."""
    several = 3

    def made(folder: Path, turn: threading.Barrier) -> None:
        turn.wait()
        LastModifiedStore(folder / "modified.sqlite").close()

    with ThreadPoolExecutor(several) as pool:
        for number in range(150):
            turn = threading.Barrier(several)
            for one in [pool.submit(made, tmp_path / str(number), turn) for _ in range(several)]:
                one.result()
