"""A thousand doings of editors on a real server, under the eyes of four clients that never see anything but an edition."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc.document import digest
from tests.audience.patience import until
from tests.http.client import SECONDS, ask_on
from tests.live.desk import Desk, State
from tests.live.editions import Editions, Heard
from tests.live.served import Followed, assert_equals_a_fresh_start, followed, problems

DOINGS: Final = 1000
LATE: Final = 5.0  # seconds that a save may take to show
_STEADY: Final = (
    "/",
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/category/asia/",
    "/category/sport/feed.atom",
    "/category/east/feed.rss",
    "/author/mina/feed.json",
    "/author/tuan/",
    "/tag/sea/feed.rss",
    "/tag/hills/feed.atom",
    "/sitemap.xml",
    "/feeds.opml",
    "/articles/pictured/",
    "/articles/nothing-of-that-name/",
    "/media/pictured.png",
)


class Client(threading.Thread):
    """Polls until `over`; an answer that cannot be had ends it with `failure`."""

    def __init__(self, url: str, desk: Desk, over: threading.Event, random: Random) -> None:
        super().__init__(daemon=True)
        self._netloc, self._desk, self._over, self._random = urlsplit(url).netloc, desk, over, random
        self.heard: list[Heard] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=SECONDS)
        try:
            while not self._over.wait(0.02):
                self._poll(connection)
        except Exception as failure:  # noqa: BLE001 - told by the test
            self.failure = failure
        finally:
            connection.close()

    def _poll(self, connection: http.client.HTTPConnection) -> None:
        path, asked = self._path(), time.time()
        got = ask_on(connection, quote(path))
        said = (got.status, got["location"] if got.status == 301 else digest(got.body))
        answered, body = time.time(), b"" if path.startswith("/media/") else got.body
        self.heard.append(
            Heard(asked=asked, answered=answered, path=path, said=said, tag=got["etag"], modified=got["last-modified"], body=body)
        )

    def _path(self) -> str:
        if self._random.random() < 0.7:
            return self._random.choice(_STEADY)
        slug = self._random.choice(self._desk.slugs[-60:])
        return self._random.choice([f"/articles/{slug}/", f"/articles/once-{slug}/"])


def test_a_thousand_saves_and_no_reader_ever_sees_anything_but_an_edition(tmp_path: Path) -> None:
    seed = Random().randrange(10**9)
    print(f"seed {seed}")  # noqa: T201 - shown with a failure
    desk = Desk(tmp_path / "content", Random(seed))
    with followed(desk.root, tmp_path / "state") as server:
        heard = polled_while_editing(server, desk, seed)
        desk.mend_everything()
        until(lambda: problems(server) == [])
        assert_each_is_an_edition(Editions(tmp_path / "fresh", desk.states, desk.moments), desk.states, heard)
        assert_dates_never_go_back(heard)
        assert_equals_a_fresh_start(server, desk.root, tmp_path / "empty")


def polled_while_editing(server: Followed, desk: Desk, seed: int) -> list[Heard]:
    over = threading.Event()
    clients = [Client(server.url, desk, over, Random(seed + number)) for number in range(4)]
    for client in clients:
        client.start()
    for _ in range(DOINGS):
        desk.act()
        time.sleep(desk.random.choice([0, 0.001, 0.005, 0.03, 0.05, 0.05, 0.1]))
    over.set()
    for client in clients:
        client.join()
        assert client.failure is None, client.failure
    return sorted((heard for client in clients for heard in client.heard), key=lambda heard: heard.asked)


def assert_each_is_an_edition(editions: Editions, states: Sequence[State], heard: Sequence[Heard]) -> None:
    """Each answer fits a state of the moments around it, and none an earlier one than an answer that came before."""
    reached: list[tuple[float, int]] = []  # (moment, the state that had come by then at the least)
    low = 0
    for one in heard:
        low = max([low, *(state for moment, state in reached if moment <= one.asked)])
        reached = [(moment, state) for moment, state in reached if moment > one.asked]
        media = one.path.startswith("/media/")
        fits = (index for index in around(states, one, 0 if media else low) if editions.may_say(index, one))
        found = next(fits, None)
        assert found is not None, told(editions, states, one, low)
        if not media:
            reached.append((one.answered, found))


def around(states: Sequence[State], heard: Heard, low: int) -> Iterator[int]:
    """The states that stood in the folder at any moment from LATE before the question until the answer."""
    for index in range(low, len(states)):
        if states[index].begun > heard.answered:
            return
        if index + 1 == len(states) or states[index + 1].ended >= heard.asked - LATE:
            yield index


def told(editions: Editions, states: Sequence[State], heard: Heard, low: int) -> str:
    near = [index for index in range(len(states)) if -1.5 < states[index].ended - heard.asked < 0.1]
    rows = [
        f"{index}{'*' * editions.may_say(index, heard)} {states[index].ended - heard.asked:+.3f} {states[index].what}"
        for index in near
    ]
    nearest = min(((editions.difference(index, heard), str(index)) for index in near), key=lambda one: len(one[0]), default=())
    return "\n".join([f"{heard} is of no edition; the last was {low}", *rows, *nearest])


def assert_dates_never_go_back(heard: Sequence[Heard]) -> None:
    """Last-Modified moves on with the bytes, and only then; the entity tag is made from them."""
    last: dict[str, Heard] = {}
    for one in heard:
        if one.said[0] != 200 or one.path.startswith("/media/"):
            continue
        assert one.tag.strip('W/"') == one.said[1], one
        before = last.get(one.path)
        if before and one.modified and one.asked >= before.answered:
            old, new = (parsedate_to_datetime(each.modified) for each in (before, one))
            assert old < new or (old == new and one.said == before.said), (before, one)
        if one.modified:
            last[one.path] = one
