"""newsboat, a real reader, subscribes and refreshes: right titles, and a 304 once it asks conditionally."""

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.http.client import ask
from tests.http.running import Running
from tests.programs import require_program

INSTALL = "apt-get install newsboat"
TITLES = ["Fish & <chips>", "Echoes", "Dance in the square"]


@contextmanager
def between(url: str) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """An address that passes every GET on to `url`, and what it saw: (path, status) of each."""
    seen: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            got = ask(
                url,
                self.path,
                {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")},
            )
            seen.append((self.path, got.status))
            self.send_response_only(got.status)
            for name, value in got.headers.items():
                if name != "connection":
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(got.body)

        def log_message(self, *_: object) -> None:
            """Nothing to stderr."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}", seen
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


class Newsboat:
    def __init__(self, home: Path, *addresses: str) -> None:
        self.home = home
        home.mkdir()
        (home / "urls").write_text("".join(f"{address}\n" for address in addresses))
        (home / "config").write_text('download-retries 1\nerror-log ""\n')

    def run(self, *commands: str) -> str:
        """What `newsboat -x` prints."""
        files = ("-u", self.home / "urls", "-C", self.home / "config", "-c", self.home / "cache.db")
        done = subprocess.run(
            ("newsboat", *files, *commands),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={"HOME": str(self.home), "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
        )
        return done.stdout

    def titles(self) -> list[str]:
        """Of every entry in its cache, newest first."""
        rows = sqlite3.connect(self.home / "cache.db")
        try:
            return [title for (title,) in rows.execute("SELECT title FROM rss_item ORDER BY pubDate DESC")]
        finally:
            rows.close()


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom"])
def test_subscribes_and_refreshes(server: Running, tmp_path: Path, path: str) -> None:
    require_program("newsboat", INSTALL)
    with between(server.url) as (address, seen):
        reader = Newsboat(tmp_path / "home", address + path)
        for _ in range(3):
            reader.run("-x", "reload")
    assert [one for one, _ in seen] == [path] * 3
    # newsboat asks conditionally from its third fetch on, some versions from their second.
    assert seen[0][1] == 200
    assert seen[-1][1] == 304
    assert reader.titles() == TITLES
    assert reader.run("-x", "print-unread") == "3 unread articles\n"
