"""A theme that freezes the interpreter at one article alone, and a program that hangs in several ways."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from feedsvc.support import hang_reports, watchdog
from tests.helpers.http_client import open_connection
from tests.helpers.running_server import environment
from tests.live.served_content import Followed
from tests.web.newsroom import write_article, write_newsroom

LIMIT: Final = 6  # seconds, so that a machine that does much else is not slower than that
SOON: Final = MappingProxyType({watchdog.LIMIT_VARIABLE: str(LIMIT)})
NEVER: Final = MappingProxyType({watchdog.LIMIT_VARIABLE: "0"})
LONG: Final = 120  # seconds; ten times what anything takes on a machine that does much else
TITLE: Final = "Frozen lake"
SLUG: Final = "frozen-lake"
_LISTS: Final = "".join(f"{{% set {name} = [{name}, {name}] %}}" for name in "ab" for _ in range(60))
# Of 120 steps come two lists of 2^60 leaves; to compare them is one call in C.
_FREEZE: Final = "{% set a = [1] %}{% set b = [1] %}" + _LISTS + "{% if a == b %}x{% endif %}"
# The hash of tuples within tuples is recursion in C, which fills the thread's stack.
_CRASH: Final = (
    "{% set it = namespace(value=(1,)) %}{% for _ in range(8) %}{% for _ in range(50000) %}"
    "{% set it.value = (it.value,) %}{% endfor %}{% endfor %}{% set found = {it.value: 1} %}"
)


def _template(at_title: str) -> str:
    head = '{% extends "base.html" %}{% block main %}<h1>{{ article.title }}</h1>{% if article.title == "'
    return f'{head}{TITLE}" %}}{at_title}{{% endif %}}{{% endblock %}}'


FREEZING: Final = _template(_FREEZE)
CRASHING: Final = _template(_CRASH)


def write_freezing(root: Path, template: str = FREEZING) -> Path:
    """Write a newsroom whose theme makes every page but one, of an article that is too old for the theme's trial."""
    write_newsroom(root)
    (root / "theme" / "templates").mkdir(parents=True)
    (root / "theme" / "templates" / "article.html").write_text(template)
    for number in range(25):
        write_article(root, f"newer-{number}", "title: Newer\npublished: 2026-01-03\ncategory: culture\nauthor: tuan-le")
    article = f"title: {TITLE}\npublished: 2026-01-02T10:00:00Z\ncategory: culture\nauthor: tuan-le\nbody: Cold.\n"
    (root / "articles" / f"{SLUG}.yaml").write_text(article)
    return root


def without_theme(root: Path) -> None:
    (root / "theme" / "templates" / "article.html").unlink()


def ask_in_vain(url: str, path: str = f"/articles/{SLUG}/") -> None:
    """Ask for a page that freezes the process, and wait for no answer."""

    def ask() -> None:
        with contextlib.suppress(OSError), open_connection(url) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nConnection: close\r\n\r\n".encode())
            connection.recv(1)

    threading.Thread(target=ask, daemon=True).start()


@contextlib.contextmanager
def started(content: Path, state: Path, *options: str, variables: Mapping[str, str] = SOON) -> Iterator[Followed]:
    """A server that may end in any way, and is gone after the block."""
    server = Followed(content, state, *options, variables=variables)
    try:
        yield server
    finally:
        server.kill()


def spent(process: int) -> float:
    """Seconds of processor time."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reports(state: Path) -> list[Path]:
    return sorted((state / "watchdog").iterdir())


_PROGRAM: Final = """
import ctypes, os, signal, sys, threading, time
from pathlib import Path
from feedsvc.support import watchdog

def compare():
    a, b = [1], [1]
    for _ in range(60):
        a, b = [a, a], [b, b]
    return a == b

def loop():
    while True:
        pass

def overflow():
    value = (1,)
    for _ in range(400000):
        value = (value,)
    hash(value)

def rest(seconds):
    print("at rest", flush=True)
    time.sleep(seconds)

def innocent():
    with watchdog.rendering("innocent"):
        time.sleep(1000)

state, limit = Path(sys.argv[1]), float(sys.argv[2])
with watchdog.watching(state, limit):
"""


def program(state: Path, body: str) -> list[str]:
    """The command of a process that is watched while it runs the statements of `body`."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return [sys.executable, "-c", _PROGRAM + lines, str(state), str(LIMIT)]


def run(state: Path, body: str, variables: Mapping[str, str] = NEVER) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program(state, body), check=False, capture_output=True, text=True, timeout=LONG, env=environment(variables)
    )


def blamed(state: Path) -> set[str]:
    return {*watchdog.faulty_themes(state)}


def hung(state: Path) -> int:
    """How many processes were ended."""
    return len(hang_reports.read_reports(state))
