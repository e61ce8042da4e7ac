"""Debian's nginx before services, with the files that docs/deploy/ ships: only addresses and folders are the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import nginx
from bench.running import Running, running
from bench.web import free_port
from tests.helpers.programs import require_program

_ADDRESS: Final = re.compile(r"^(\s*server )[0-9.]+:[0-9]+", re.MULTILINE)


def upstream(name: str, urls: Sequence[str]) -> str:
    """A shipped upstream whose servers are these, in their order."""
    text = (nginx.SHIPPED / name).read_text("utf-8")
    places = iter(urlsplit(url).netloc for url in urls)
    filled = _ADDRESS.sub(lambda found: f"{found[1]}{next(places)}", text)
    assert next(places, None) is None
    return filled


@contextmanager
def proxied(folder: Path, *urls: str, name: str = "nginx-service.conf", beside: str = "") -> Iterator[Running]:
    """`beside` is what another server on that port, the first, says of itself."""
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    port = free_port()
    shipped = (nginx.SHIPPED / "nginx-cache.conf").read_text("utf-8")
    assert shipped.count("/var/lib/nginx/feedsvc") == 1
    other = f"server {{ listen 127.0.0.1:{port} default_server; {beside} }}\n" if beside else ""
    placed = other + shipped.replace("/var/lib/nginx/feedsvc", f"{folder}/kept")
    words = nginx.prepared(folder, folder, port=port, configuration=placed)
    (folder / "feedsvc-upstream.conf").write_text(upstream(name, urls))
    with running(words, log=folder / "log", port=port) as one:
        one.serves("/feed.rss")
        yield one
