"""A process that hangs in a page is ended after the limit, and its log names the template."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.hanging_programs import (
    FREEZING_SLUG,
    FREEZING_TEMPLATE,
    LOOPING_TEMPLATE,
    TIMEOUT,
    WATCHDOG_ON,
    cpu_seconds,
    request_freezing_page,
    running_server,
    write_newsroom_with_freezing_theme,
)
from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import command, environment

_TEMPLATE_FRAME = 'File "theme/templates/article.html"'
_LOG_LINE = "feedsvc: a page with the site's own theme (theme/templates/article.html) takes more than 6 seconds"


@pytest.mark.parametrize(
    ("template", "options"),
    [(FREEZING_TEMPLATE, ()), (LOOPING_TEMPLATE, ("--preview",))],
    ids=["lock held", "loop in Python in a preview"],
)
def test_page_that_hangs_ends_the_server_and_the_log_names_its_template(
    tmp_path: Path, template: str, options: tuple[str, ...]
) -> None:
    content = write_newsroom_with_freezing_theme(tmp_path / "content", template)
    with running_server(content, tmp_path / "state", *options) as server:
        request_freezing_page(server.url)
        assert server.process.wait(TIMEOUT) == 1
        server.wait()
        assert _TEMPLATE_FRAME in server.stderr
        assert (_LOG_LINE in server.stderr) == (template == LOOPING_TEMPLATE)
    with running_server(content, tmp_path / "state", *options) as restarted:
        assert b"Newer" in ask(restarted.url, "/articles/newer-0/").body
        restarted.terminate()
        assert restarted.wait() == 0


def test_frozen_server_ends_after_sigterm(tmp_path: Path) -> None:
    content = write_newsroom_with_freezing_theme(tmp_path / "content")
    with running_server(content, tmp_path / "state") as server:
        request_freezing_page(server.url)
        before = cpu_seconds(server.process.pid)
        wait_until(lambda: cpu_seconds(server.process.pid) > before + 0.2)
        server.terminate()
        assert server.process.wait(TIMEOUT) == 1


def test_frozen_build_watch_ends(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    freezing_article = content / "articles" / f"{FREEZING_SLUG}.yaml"
    text = freezing_article.read_text()
    freezing_article.unlink()
    build = command("build", tmp_path / "out", content, "--state", state, "--watch")
    with subprocess.Popen(build, stderr=subprocess.PIPE, text=True, env=environment(WATCHDOG_ON)) as process:
        try:
            assert process.stderr
            while "up to date" not in process.stderr.readline():
                assert process.poll() is None
            freezing_article.write_text(text)
            assert process.wait(TIMEOUT) == 1
            assert _TEMPLATE_FRAME in process.stderr.read()
        finally:
            process.kill()


_STOP_PROGRAM = """
import os, signal, threading, time
from feedsvc.support import watchdog

signal.signal(signal.SIGTERM, lambda *_: watchdog.limit_stop())
watchdog.start()
threading.Thread(target=time.sleep, args=(1000,)).start()
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_thread_that_never_ends_does_not_prevent_the_end_after_sigterm() -> None:
    program = [sys.executable, "-c", _STOP_PROGRAM]
    result = subprocess.run(program, check=False, capture_output=True, timeout=TIMEOUT, env=environment(WATCHDOG_ON))
    assert result.returncode == 1


def test_watchdog_variable_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    content = write_newsroom_with_freezing_theme(tmp_path / "content")
    serve = command("serve", content, "--port", "0", "--state", tmp_path / "state")
    variables = {"FEEDSVC_WATCHDOG": "soon"}
    result = subprocess.run(serve, check=False, capture_output=True, text=True, timeout=TIMEOUT, env=environment(variables))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert without_times(result.stderr).startswith("feedsvc: FEEDSVC_WATCHDOG is 'soon'; give seconds")
