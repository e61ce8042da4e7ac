"""A theme that hangs or crashes the process when it renders one article."""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from feedsvc.support import watchdog
from tests.helpers.http_client import open_connection
from tests.live.served_content import MonitoredServer
from tests.web.newsroom import write_article, write_newsroom

WATCHDOG_SECONDS: Final = 6  # seconds, more than a page takes on a busy machine
WATCHDOG_ON: Final = MappingProxyType({watchdog.LIMIT_VARIABLE: str(WATCHDOG_SECONDS)})
WATCHDOG_OFF: Final = MappingProxyType({watchdog.LIMIT_VARIABLE: "0"})
TIMEOUT: Final = 120  # seconds, ten times what the slowest test takes on a busy machine
FREEZING_TITLE: Final = "Frozen lake"
FREEZING_SLUG: Final = "frozen-lake"
_LISTS: Final = "".join(f"{{% set {name} = [{name}, {name}] %}}" for name in "ab" for _ in range(60))
# After 120 steps two lists have 2^60 leaves each; their comparison is one call in C that holds the GIL.
_FREEZE: Final = "{% set a = [1] %}{% set b = [1] %}" + _LISTS + "{% if a == b %}x{% endif %}"
# A loop in Python, which lets other threads run.
_LOOP: Final = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
# The hash of nested tuples recurses in C until the thread's stack overflows.
_CRASH: Final = (
    "{% set it = namespace(value=(1,)) %}{% for _ in range(8) %}{% for _ in range(50000) %}"
    "{% set it.value = (it.value,) %}{% endfor %}{% endfor %}{% set found = {it.value: 1} %}"
)


def _template(at_title: str) -> str:
    head = '{% extends "base.html" %}{% block main %}<h1>{{ article.title }}</h1>{% if article.title == "'
    return f'{head}{FREEZING_TITLE}" %}}{at_title}{{% endif %}}{{% endblock %}}'


FREEZING_TEMPLATE: Final = _template(_FREEZE)
LOOPING_TEMPLATE: Final = _template(_LOOP)
CRASHING_TEMPLATE: Final = _template(_CRASH)


def write_newsroom_with_freezing_theme(root: Path, template: str = FREEZING_TEMPLATE) -> Path:
    """Write a newsroom whose theme renders every page except that of one article, which is too old for the theme's check."""
    write_newsroom(root)
    (root / "theme" / "templates").mkdir(parents=True)
    (root / "theme" / "templates" / "article.html").write_text(template)
    for number in range(25):
        write_article(root, f"newer-{number}", "title: Newer\npublished: 2026-01-03\ncategory: culture\nauthor: tuan-le")
    article = f"title: {FREEZING_TITLE}\npublished: 2026-01-02T10:00:00Z\ncategory: culture\nauthor: tuan-le\nbody: Cold.\n"
    (root / "articles" / f"{FREEZING_SLUG}.yaml").write_text(article)
    return root


def request_freezing_page(url: str, path: str = f"/articles/{FREEZING_SLUG}/") -> None:
    """Request a page that freezes the process, in a thread that does not wait for a response."""

    def send_request() -> None:
        with contextlib.suppress(OSError), open_connection(url) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n\r\n".encode())
            connection.recv(1)

    threading.Thread(target=send_request, daemon=True).start()


@contextlib.contextmanager
def running_server(
    content: Path, state: Path, *options: str, variables: Mapping[str, str] = WATCHDOG_ON
) -> Iterator[MonitoredServer]:
    """Start a server that may end in any way; kill it after the block."""
    server = MonitoredServer(content, state, *options, variables=variables)
    try:
        yield server
    finally:
        server.kill()


def cpu_seconds(process: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
