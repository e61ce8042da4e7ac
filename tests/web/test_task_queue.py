"""The order of tasks: a single request does not wait for the pipelined requests of other clients."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from feedsvc.web.server import Server
from feedsvc.web.task_queue import TaskQueue
from tests.helpers.http_client import SECONDS, ask, open_connection
from tests.web.in_process_server import serve_client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CLIENT_COUNT = 100


@dataclass
class Task:
    name: str
    is_pipelined: bool


def test_single_requests_come_first_and_every_fourth_task_is_pipelined() -> None:
    queue = TaskQueue()
    for number in range(6):
        queue.append(Task(f"pipelined {number}", is_pipelined=True))
        queue.append(Task(f"single {number}", is_pipelined=False))
    assert len(queue) == 12
    names = [queue.popleft().name for _ in range(12)]
    assert names[:8] == [*(f"single {n}" for n in range(3)), "pipelined 0", *(f"single {n}" for n in range(3, 6)), "pipelined 1"]
    assert names[8:] == [f"pipelined {n}" for n in range(2, 6)]
    assert not queue


@pytest.mark.usefixtures("restored_signals")
def test_single_request_is_served_before_most_pipelined_ones() -> None:
    paths: list[str] = []

    def slow_app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        time.sleep(0.002)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    server = Server(slow_app, host="127.0.0.1", port=0, threads=1)

    def run_client() -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(CLIENT_COUNT):
                connection = stack.enter_context(open_connection(server.url))
                connection.sendall(b"GET /greedy HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
            end = time.monotonic() + SECONDS
            while len(paths) < 2 * CLIENT_COUNT and time.monotonic() < end:
                time.sleep(0.01)
            calls_before = len(paths)
            assert ask(server.url, "/poll").status == 200
            assert paths.index("/poll") - calls_before < CLIENT_COUNT / 2

    serve_client(server, run_client)
