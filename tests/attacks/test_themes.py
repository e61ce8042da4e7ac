"""Templates that hang or fill memory are reported within a time and a memory limit, are not used, and block no command."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.pages.theme_selection import ThemeSelection
from tests.helpers import newsrooms
from tests.helpers.forked_process import run_module, start_module
from tests.helpers.http_client import ask
from tests.helpers.newsrooms import article, write
from tests.helpers.running_server import ServerProcess, environment

MESSAGE: Final = "theme/templates/message.html"
_SET: Final = "{% set ns = namespace(x='a', y=[1], z=[1]) %}"
_LOOP: Final = "{% for i in range(60) %}"
_END: Final = "{% endfor %}"
# A comparison of 2^60 leaves on each side, which never releases the GIL.
FREEZE: Final = f"{_SET}{_LOOP}{{% set ns.y = [ns.y, ns.y] %}}{{% set ns.z = [ns.z, ns.z] %}}{_END}\n{{{{ ns.y == ns.z }}}}"
FREEZING_TEMPLATES: Final[Mapping[str, str]] = {
    "a large power of constants, worked out where it is compiled": "{% if 9 ** 99999999 > 1 %}a{% endif %}",
}
MEMORY_FILLING_TEMPLATES: Final[Mapping[str, str]] = {
    "a width of 10^9": "{{ '%*d' % (1000000000, 1) }}",
    "doubling": f"{_SET}{_LOOP}{{% set ns.x = ns.x ~ ns.x %}}{_END}",
    "a template that includes itself": "{% include 'message.html' %}",
    "a chain of attributes": "{{ a" + ".a" * 50_000 + " }}",
}
SECONDS: Final = 6.0  # of a check, which takes one on an idle machine; commands and servers have the product's own limit
_MAX_MEMORY: Final = 700  # MB, of a process that checks a theme
_MAX_WAIT: Final = 240.0  # seconds


def _peak_memory(who: int) -> float:
    """Return the peak memory in megabytes; for a child process, it is at least that of its parent at the start."""
    return resource.getrusage(who).ru_maxrss / 1024


@pytest.mark.parametrize("name", [*FREEZING_TEMPLATES, *MEMORY_FILLING_TEMPLATES])
def test_unbounded_template_is_an_error_and_not_used(tmp_path: Path, name: str) -> None:
    text = FREEZING_TEMPLATES.get(name) or MEMORY_FILLING_TEMPLATES[name]
    root = write(newsrooms.write_sample(tmp_path), {MESSAGE: text, "theme/static/site.css": "a{}"})
    start, before = time.monotonic(), max(_peak_memory(resource.RUSAGE_SELF), _peak_memory(resource.RUSAGE_CHILDREN))
    content = ThemeSelection(seconds=SECONDS if name in FREEZING_TEMPLATES else 60).apply(load_content(root), newsrooms.NOW)
    assert time.monotonic() - start < _MAX_WAIT
    assert {problem.path for problem in content.errors} == {MESSAGE}
    assert content.theme == {}
    assert _peak_memory(resource.RUSAGE_CHILDREN) < max(_MAX_MEMORY, before + 1)


def test_hanging_template_is_reported_with_its_line(tmp_path: Path) -> None:
    main = '{%% extends "base.html" %%}\n{%% block main %%}\n%s{%% endblock %%}\n'
    files = {
        "theme/templates/sübscribe-läst.html": FREEZE,
        "theme/templates/subscribe.html": main % "{% include 'sübscribe-läst.html' %}",
        "theme/templates/listing.html": main % "<p>ours</p>",
    }
    root = write(newsrooms.write_sample(tmp_path), files)
    content = ThemeSelection(seconds=SECONDS).apply(load_content(root), newsrooms.NOW)
    [problem] = content.errors
    assert str(problem).startswith("theme/templates/sübscribe-läst.html:2:1: a page was not finished within 6 seconds")
    assert content.theme == {}


def test_theme_that_hangs_at_one_of_the_newest_articles_is_not_used(tmp_path: Path) -> None:
    text = f"<p>fine {{% if article.title == 'Boom' %}}{FREEZE}{{% endif %}}"
    root = write(tmp_path, {**newsrooms.SITE, **article("calm", "2026-01-01"), "theme/templates/article.html": text})
    assert not ThemeSelection().apply(load_content(root), newsrooms.NOW).errors
    write(root, article("boom", "2026-02-01", title="Boom"))
    [problem] = ThemeSelection(seconds=SECONDS).apply(load_content(root), newsrooms.NOW).errors
    assert (problem.path, problem.line) == ("theme/templates/article.html", 2)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _MAX_WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_build_reports_an_unbounded_theme_and_goes_on_with_the_built_in_pages(tmp_path: Path) -> None:
    text = MEMORY_FILLING_TEMPLATES["doubling"]
    files = {"theme/templates/article.html": text, MESSAGE: "<p>ours"}
    root, out = write(newsrooms.write_sample(tmp_path / "content"), files), tmp_path / "public"
    result = run_module(
        "feedsvc", "build", out, root, "--state", tmp_path / "state", "--skip-broken", timeout=_MAX_WAIT, env=environment()
    )
    message = "theme/templates/article.html:1:1: error: "
    assert (result.returncode, message in result.stderr, "Traceback" in result.stderr) == (0, True, False), result
    assert b"<article" in (out / "articles/older/index.html").read_bytes()
    assert b"<h1>" in (out / "404.html").read_bytes()


def test_articles_appear_and_the_last_theme_remains_while_a_hanging_theme_is_checked(tmp_path: Path) -> None:
    root = write(newsrooms.write_sample(tmp_path / "content"), {MESSAGE: "<p>before"})
    server = ServerProcess(root, tmp_path / "state")
    try:
        assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        write(root, {MESSAGE: FREEZE})
        for number in range(5):
            write(root, article(f"late-{number}", "2026-02-25"))
            _wait_until(lambda n=number: ask(server.url, f"/daily/articles/late-{n}/").status == 200)
            assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        assert b"not finished within" not in ask(server.url, "/status").body, "a save waited for the check"
        _wait_until(lambda: b"not finished within" in ask(server.url, "/status").body)
        assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        write(root, {MESSAGE: "<p>after"})
        _wait_until(lambda: ask(server.url, "/daily/nothing/").body == b"<p>after")
        assert b"not finished within" not in ask(server.url, "/status").body
        server.terminate()
        assert server.wait() == 0
    finally:
        server.kill()


def test_build_watch_uses_a_theme_after_its_check(tmp_path: Path) -> None:
    root, out = write(newsrooms.write_sample(tmp_path / "content"), {MESSAGE: "<p>before"}), tmp_path / "public"
    builder = start_module("feedsvc", "build", out, root, "--state", tmp_path / "state", "--watch", env=environment())
    page = out / "404.html"
    try:
        _wait_until(lambda: page.exists() and page.read_bytes() == b"<p>before")
        write(root, {MESSAGE: "{{ nope }}"})
        write(root, article("late", "2026-02-25"))
        _wait_until((out / "articles/late/index.html").exists)
        assert page.read_bytes() == b"<p>before"
        write(root, {MESSAGE: "<p>after"})
        _wait_until(lambda: page.read_bytes() == b"<p>after")
        builder.send_signal(signal.SIGTERM)
        assert builder.wait(60) == 0
    finally:
        builder.kill()
        builder.wait()
