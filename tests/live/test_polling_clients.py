"""Hundreds of changes by simulated editors on a running server, while four clients poll it: each response fits one edition.

A pause between two changes is longer than a file must be unchanged before it is read, because changes of different files that
follow one another faster may become visible in any order. The changes of a burst are compared once all are visible.
"""

from __future__ import annotations

import http.client
import threading
import time
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from feedsvc.publication.document import digest
from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask, ask_on
from tests.helpers.seeds import seed_of_run
from tests.live.edited_files import STABLE_PATHS
from tests.live.edition_order import EditionOrderChecker
from tests.live.editions import Editions, ObservedResponse
from tests.live.editors import SimulatedEditors
from tests.live.served_content import MonitoredServer, assert_equals_fresh_server, fetch_problems, monitored_server

ACTIONS: Final = 300
BURST: Final = 150  # actions without a pause


class Client(threading.Thread):
    """Polls the server until the event `stop` is set. A failed request ends the thread and is stored in `failure`."""

    def __init__(self, url: str, editors: SimulatedEditors, stop: threading.Event, random: Random) -> None:
        super().__init__(daemon=True)
        self._netloc, self._editors, self._stop_event, self._random = urlsplit(url).netloc, editors, stop, random
        self.responses: list[ObservedResponse] = []
        self.failure: Exception | None = None

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=SECONDS)
        try:
            while not self._stop_event.wait(0.02):
                self._poll(connection)
        except Exception as failure:  # noqa: BLE001 - raised by the test
            self.failure = failure
        finally:
            connection.close()

    def _poll(self, connection: http.client.HTTPConnection) -> None:
        path, requested_at = self._path(), time.time()
        response = ask_on(connection, quote(path))
        outcome = (response.status, response["location"] if response.status == 301 else digest(response.body))
        received_at, body = time.time(), b"" if path.startswith("/media/") else response.body
        self.responses.append(
            ObservedResponse(
                requested_at=requested_at,
                received_at=received_at,
                path=path,
                outcome=outcome,
                etag=response["etag"],
                last_modified=response["last-modified"],
                body=body,
            )
        )

    def _path(self) -> str:
        if self._random.random() < 0.7:
            return self._random.choice(STABLE_PATHS)
        slug = self._random.choice(self._editors.slugs[-60:])
        return self._random.choice([f"/articles/{slug}/", f"/articles/once-{slug}/"])


@pytest.mark.timing
def test_every_response_during_hundreds_of_changes_fits_an_edition(tmp_path: Path) -> None:
    seed = seed_of_run()
    editors = SimulatedEditors(tmp_path / "content", Random(seed))
    with monitored_server(editors.root, tmp_path / "state") as server:
        responses = poll_while_editing(server, editors, seed)
        for _ in range(BURST):
            editors.act()
        editors.checkout()
        editors.fix_everything()
        wait_until(lambda: fetch_problems(server) == [])
        checker = EditionOrderChecker(Editions(tmp_path / "fresh", editors.states, editors.scheduled_times), editors.states)
        for response in responses:
            checker.check(response)
        assert_equals_fresh_server(server, editors.root, tmp_path / "empty")


def poll_while_editing(server: MonitoredServer, editors: SimulatedEditors, seed: int) -> list[ObservedResponse]:
    editors.create()
    # Only then the server watches the folder: it finds earlier changes two seconds after its start, perhaps after later ones.
    wait_until(lambda: ask(server.url, f"/articles/{editors.slugs[-1]}/").status == HTTPStatus.OK)
    stop = threading.Event()
    clients = [Client(server.url, editors, stop, Random(seed + number)) for number in range(4)]
    for client in clients:
        client.start()
    for _ in range(ACTIONS):
        editors.act()
        time.sleep(editors.random.choice([0.06, 0.08, 0.1, 0.15]))
    stop.set()
    for client in clients:
        client.join()
        assert client.failure is None, client.failure
    return sorted((response for client in clients for response in client.responses), key=lambda response: response.requested_at)
