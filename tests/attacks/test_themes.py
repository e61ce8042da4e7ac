"""Templates that hang or fill memory are reported within bounded time and memory, are not used, and do not block a command."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.pages.theme_adoption import ThemeAdoption
from feedsvc.pages.theme_check import TRIAL_LIMITS
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
    "a comparison of 2^60 leaves": FREEZE,
    "loops in loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}\n{% endfor %}",
    "a macro that calls itself twice": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}"
    "{% endmacro %}{{ m(60) }}",
    "sums in a loop": "{% set r = range(99999)|list %}{% for i in range(99999) %}{{ r|sum }}{% endfor %}",
    "searches in a loop": "{% set r = range(99999)|list %}{% for i in range(99999) %}{{ -1 in r }}{% endfor %}",
    "a large power": "{{ 99999 ** 9999999 % 7 }}",
    "a large power of constants, worked out where it is compiled": "{% if 9 ** 99999999 > 1 %}a{% endif %}",
    "an include that doubles": "{% set n = n + 1 if n is defined else 0 %}{% if n < 40 %}"
    + "{% include 'message.html' %}" * 2
    + "{% endif %}",
}
MEMORY_FILLING_TEMPLATES: Final[Mapping[str, str]] = {
    "a width of 400,000,000": '{{ "%(a)400000000s" % {"a": 1} }}',
    "a width of 10^9": "{{ '%*d' % (1000000000, 1) }}",
    "60,000 wide fields": "{{ ('{0:>9999}' * 60000).format(1) }}",
    "once_of": "{{ once_of('x'.ljust, 3000000000) }}",
    "once": "{% set r = range(99999)|list %}{{ once(('a' * 999999999).upper, 'a', 1) }}",
    "tojson": "{{ range(99999)|list|tojson(indent=9999) }}",
    "hoarded slices": f"{_SET}{{% set s = 'x' * 9000000 %}}{{% set l = [] %}}{{% for i in range(99999) %}}"
    "{% set ns.y = [ns.y, s[i:]] %}{% endfor %}",
    "wordwrap": "{{ ('a b ' * 1000)|wordwrap(1, true, 'b' * 1000000) }}",
    "multiplied": "{{ 'a' * 10000000000 }}",
    "a filter": "{{ 'a'|center(10000000000) }}",
    "batch": "{{ [1]|batch(1000000000, 1)|list }}",
    "join": "{{ range(99999)|join('a' * 1000000) }}",
    "replace": "{{ ('aaaa' * 1000)|replace('', 'b' * 1000000) }}",
    "doubling": f"{_SET}{_LOOP}{{% set ns.x = ns.x ~ ns.x %}}{_END}",
    "doubling a list": f"{_SET}{_LOOP}{{% set ns.y = ns.y + ns.y %}}{_END}",
    "a page of hundreds of megabytes": "{% for i in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
    "a macro's result of hundreds of megabytes": "{% macro m() %}{% for i in range(99999) %}"
    "{{ 'x' * 9999 }}{% endfor %}{% endmacro %}{{ m()|length }}",
    "a template that includes itself": "{% include 'message.html' %}",
    "a macro without an end": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a chain of attributes": "{{ a" + ".a" * 50_000 + " }}",
}
# The kernel counts processor time in whole seconds. Commands and servers have the product's own limits.
SHORT_LIMITS: Final = replace(TRIAL_LIMITS, processor_per_step=1, processor_total=7)
TIMEOUT_MESSAGE: Final = "was not finished within 1 seconds of processor time"  # with SHORT_LIMITS
_MAX_MEMORY: Final = 700  # MB, of a process that tries a theme
_MAX_WAIT: Final = 240.0  # seconds; a trial ends after 120 on any machine


def _peak_memory(who: int) -> float:
    """Return the peak memory in megabytes; for a child process, it is at least that of its parent at the start."""
    return resource.getrusage(who).ru_maxrss / 1024


@pytest.mark.parametrize("name", [*FREEZING_TEMPLATES, *MEMORY_FILLING_TEMPLATES])
def test_unbounded_template_is_an_error_and_not_used(tmp_path: Path, name: str) -> None:
    text = FREEZING_TEMPLATES.get(name) or MEMORY_FILLING_TEMPLATES[name]
    root = write(newsrooms.write_sample(tmp_path), {MESSAGE: text, "theme/static/site.css": "a{}"})
    start, before = time.monotonic(), max(_peak_memory(resource.RUSAGE_SELF), _peak_memory(resource.RUSAGE_CHILDREN))
    content = ThemeAdoption(limits=SHORT_LIMITS).apply(load_content(root), newsrooms.NOW)
    assert time.monotonic() - start < _MAX_WAIT
    [problem] = content.errors
    assert problem.path == MESSAGE
    assert set(content.theme) == {"static/site.css"}
    assert _peak_memory(resource.RUSAGE_CHILDREN) < max(_MAX_MEMORY, before + 1)


def test_hanging_template_is_reported_with_its_line_and_other_templates_are_used(tmp_path: Path) -> None:
    main = '{%% extends "base.html" %%}\n{%% block main %%}\n%s{%% endblock %%}\n'
    files = {
        MESSAGE: main % f"<p>fine\n{FREEZE}\n",
        "theme/templates/sübscribe-läst.html": FREEZE,
        "theme/templates/subscribe.html": "{% include 'sübscribe-läst.html' %}",
        "theme/templates/listing.html": main % "<p>ours</p>",
        "theme/templates/article.html": main % "{{ nope }}",
    }
    root = write(newsrooms.write_sample(tmp_path), files)
    content = ThemeAdoption(limits=SHORT_LIMITS).apply(load_content(root), newsrooms.NOW)
    errors = {problem.path.removeprefix("theme/templates/"): (problem.line, problem.message) for problem in content.errors}
    timeout_message = f"a page {TIMEOUT_MESSAGE}"
    assert errors == {
        "message.html": (5, timeout_message),
        "sübscribe-läst.html": (2, timeout_message),
        "subscribe.html": (1, "this cannot make a page (there is no template 'sübscribe-läst.html')"),
        "article.html": (3, "this cannot make a page ('nope' is undefined)"),
    }
    assert set(content.theme) == {"templates/listing.html"}


@pytest.mark.parametrize("template", ["article.html", "home.html"])
def test_theme_that_hangs_at_one_article_is_not_used_while_that_article_is_among_the_newest(
    tmp_path: Path, template: str
) -> None:
    articles_expression = "[article]" if template == "article.html" else "([lead] if lead else [])"
    text = f"<p>fine {{% for one in {articles_expression} if one.title == 'Boom' %}}{FREEZE}{{% endfor %}}"
    root = newsrooms.write(tmp_path, {**newsrooms.SITE, **article("calm", "2026-01-01"), f"theme/templates/{template}": text})
    assert not ThemeAdoption(limits=SHORT_LIMITS).apply(load_content(root), newsrooms.NOW).errors
    write(root, article("boom", "2026-02-01", title="Boom"))
    [problem] = ThemeAdoption(limits=SHORT_LIMITS).apply(load_content(root), newsrooms.NOW).errors
    assert (problem.path, problem.line) == (f"theme/templates/{template}", 2)
    assert problem.message.endswith(TIMEOUT_MESSAGE)
    assert ("articles/boom.yaml" in problem.message) == (template == "article.html")


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _MAX_WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _write_newsroom_with_freezing_theme(tmp_path: Path, text: str = FREEZE) -> Path:
    return write(newsrooms.write_sample(tmp_path / "content"), {"theme/templates/article.html": text, MESSAGE: "<p>ours"})


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    result = run_module("feedsvc", *arguments, timeout=_MAX_WAIT, env=environment())
    assert "Traceback" not in result.stderr
    return result


def test_check_and_build_report_a_hanging_theme_and_end(tmp_path: Path) -> None:
    root, out, state = _write_newsroom_with_freezing_theme(tmp_path), tmp_path / "public", tmp_path / "state"
    message = "theme/templates/article.html:2:1: error: a page was not finished within 3 seconds of processor time"
    check_result = _run("check", root)
    assert (check_result.returncode, message in check_result.stdout) == (1, True), check_result
    build_result = _run("build", out, root, "--state", state)
    assert (build_result.returncode, message in build_result.stderr, out.exists()) == (1, True, False), build_result
    skip_broken_result = _run("build", out, root, "--state", state, "--skip-broken")
    assert (skip_broken_result.returncode, message in skip_broken_result.stderr) == (0, True), skip_broken_result
    assert b"<article" in (out / "articles/older/index.html").read_bytes()
    assert (out / "404.html").read_bytes() == b"<p>ours"


def test_server_with_a_hanging_theme_uses_the_built_in_template_and_stops(tmp_path: Path) -> None:
    server = ServerProcess(_write_newsroom_with_freezing_theme(tmp_path), tmp_path / "state", "--workers", "2")
    try:
        assert server.stderr.count("was not finished within 3 seconds of processor time") == 1
        for _ in range(4):
            page = ask(server.url, "/daily/articles/older/")
            assert (page.status, b"<article" in page.body) == (200, True)
        assert ask(server.url, "/daily/nothing/").body == b"<p>ours"
        server.terminate()
        assert server.wait() == 0
    finally:
        server.kill()


def test_articles_appear_and_the_old_theme_remains_while_a_hanging_theme_is_tried(tmp_path: Path) -> None:
    root = write(newsrooms.write_sample(tmp_path / "content"), {MESSAGE: "<p>before"})
    server = ServerProcess(root, tmp_path / "state")
    try:
        assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        write(root, {MESSAGE: FREEZE})
        slowest = 0.0
        for number in range(5):
            start = time.monotonic()
            write(root, article(f"late-{number}", "2026-02-25"))
            _wait_until(lambda n=number: ask(server.url, f"/daily/articles/late-{n}/").status == 200)
            slowest = max(slowest, time.monotonic() - start)
            assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        assert slowest < 3.0
        _wait_until(lambda: b"not finished within" in ask(server.url, "/status").body)
        assert ask(server.url, "/daily/nothing/").body == b"<p>before"
        write(root, {MESSAGE: "<p>after"})
        _wait_until(lambda: ask(server.url, "/daily/nothing/").body == b"<p>after")
        assert b"not finished within" not in ask(server.url, "/status").body
        server.terminate()
        assert server.wait() == 0
    finally:
        server.kill()


def test_build_watch_uses_a_theme_after_its_trial(tmp_path: Path) -> None:
    root, out = write(newsrooms.write_sample(tmp_path / "content"), {MESSAGE: "<p>before"}), tmp_path / "public"
    builder = start_module("feedsvc", "build", out, root, "--state", tmp_path / "state", "--watch", env=environment())
    page = out / "404.html"
    try:
        _wait_until(lambda: page.exists() and page.read_bytes() == b"<p>before")
        write(root, {MESSAGE: FREEZE})
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


def test_trial_of_many_hanging_templates_ends_in_bounded_time(tmp_path: Path) -> None:
    names = [f"part-{number}.html" for number in range(30)]
    files = {f"theme/templates/{name}": FREEZE for name in names}
    text = "".join(f"{{% include '{name}' ignore missing %}}" for name in names)
    root = write(newsrooms.write_sample(tmp_path), {MESSAGE: text, **files})
    start = time.monotonic()
    content = ThemeAdoption(limits=SHORT_LIMITS).apply(load_content(root), newsrooms.NOW)
    assert time.monotonic() - start < _MAX_WAIT
    assert not content.theme
    assert len(content.errors) == 31
    assert any("was given up" in problem.message for problem in content.errors)
