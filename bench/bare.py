"""Serve one prepared response by a minimal WSGI application on stock waitress; a 304 on feedsvc's own server.

Stock waitress closes the connection after each 304, so that its rate would be that of new connections.

Usage: `python -m bench.bare PORT FILE`. FILE is JSON with status, headers and body; the body is decoded as latin-1.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from waitress.server import create_server

# The only import of feedsvc in bench/.
from feedsvc.web.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_THREADS: Final = 4


def main(port: str, file: str) -> None:
    response = json.loads(Path(file).read_text("utf-8"))
    status = f"{response['status']} {HTTPStatus(response['status']).phrase}"
    headers = [(name, value) for name, value in response["headers"]]
    body = (response["body"].encode("latin-1"),)

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return body

    if response["status"] == HTTPStatus.NOT_MODIFIED:
        Server(application, host="127.0.0.1", port=int(port), threads=_THREADS).run()
        return
    # What makes it fastest: header and body in one packet, and no log line for each request that waits.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        application,
        host="127.0.0.1",
        port=int(port),
        threads=_THREADS,
        asyncore_use_poll=True,
        connection_limit=1_000,
        send_bytes=65_536,
    )
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
