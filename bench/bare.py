"""Serve one prepared response by a minimal WSGI application on feedsvc's own waitress server.

Usage: `python -m bench.bare PORT FILE`. FILE is JSON with status, headers and body; the body is decoded as latin-1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

# The only import of feedsvc in bench/: both servers must have the same waitress settings.
from feedsvc.web.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def main(port: str, file: str) -> None:
    response = json.loads(Path(file).read_text("utf-8"))
    status = f"{response['status']} {HTTPStatus(response['status']).phrase}"
    headers = [(name, value) for name, value in response["headers"]]
    body = (response["body"].encode("latin-1"),)

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, headers)
        return body

    Server(application, host="127.0.0.1", port=int(port), threads=4).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
