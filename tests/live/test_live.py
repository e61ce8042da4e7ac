"""A thousand doings of editors on a real server, under the eyes of four clients that never see anything but an edition."""

from __future__ import annotations

import http.client
import threading
import time
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc.publication.document import digest
from tests.audience.waiting import until
from tests.helpers.http_client import SECONDS, ask_on
from tests.live.edition_order import Judge
from tests.live.editions import Editions, Heard
from tests.live.editors import STEADY, Desk
from tests.live.served_content import Followed, assert_equals_a_fresh_start, followed, problems

DOINGS: Final = 1000


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
            return self._random.choice(STEADY)
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
        judge = Judge(Editions(tmp_path / "fresh", desk.states, desk.moments), desk.states)
        for one in heard:
            judge.hear(one)
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
