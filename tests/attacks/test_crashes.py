"""A theme that crashes the process at one article is not used after the next start, and the log says why."""

import signal
import subprocess
from pathlib import Path

import pytest

from feedsvc.support import hang_reports
from tests.attacks.hanging_programs import (
    CRASHING_TEMPLATE,
    FREEZING_SLUG,
    TIMEOUT,
    faulty_theme_names,
    request_freezing_page,
    run_watched,
    running_server,
    write_newsroom_with_freezing_theme,
)
from tests.audience.waiting import wait_until
from tests.helpers.running_server import command, environment
from tests.workers.running_workers import responses_by_worker, worker_pids

_CRASH_TEXT = "crashed while it rendered a page with the site's own theme (Segmentation fault)"


def test_theme_that_crashed_a_worker_is_not_used_by_any_worker_and_is_logged(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content", CRASHING_TEMPLATE), tmp_path / "state"
    with running_server(content, state, "--workers", "2", variables={}) as server:
        before = worker_pids(server)
        request_freezing_page(server.url)
        wait_until(lambda: "a new worker replaces it" in "".join(server.lines))
        wait_until(lambda: len(worker_pids(server)) == 2 and worker_pids(server) != before)
        assert len(faulty_theme_names(state)) == 1, server.lines
        assert any(_CRASH_TEXT in line for line in server.lines)
        # Both the restarted worker and the other one use the built-in template.
        wait_until(
            lambda: all(b"byline" in response.body for response in responses_by_worker(server, "/articles/newer-0/").values())
        )
        assert {response.status for response in responses_by_worker(server, f"/articles/{FREEZING_SLUG}/").values()} == {200}
        server.terminate()
        assert server.wait() == 0


def test_build_after_a_crash_uses_the_builtin_template(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content", CRASHING_TEMPLATE), tmp_path / "state"
    build = command("build", tmp_path / "out", content, "--state", state, "--skip-broken")
    result = subprocess.run(build, check=False, capture_output=True, timeout=TIMEOUT, env=environment())
    assert result.returncode in {2, -signal.SIGSEGV}
    result = subprocess.run(build, check=False, capture_output=True, text=True, timeout=TIMEOUT, env=environment())
    assert result.returncode == 0, result.stderr
    assert _CRASH_TEXT in result.stderr
    assert "theme/templates/article.html:1:1: error: a process hung or crashed while it made a page with this" in result.stderr
    assert (tmp_path / "out" / "articles" / FREEZING_SLUG / "index.html").exists()


_RENDER_PAGE = 'with watchdog.rendering("guilty"):\n    '


@pytest.mark.parametrize(
    ("body", "error"),
    [("overflow()", "Segmentation fault"), ("os.abort()", "Aborted"), ("os.kill(os.getpid(), signal.SIGBUS)", "Bus error")],
)
def test_report_names_only_the_theme_whose_page_crashed(tmp_path: Path, body: str, error: str) -> None:
    start_heartbeat = "watchdog.start_heartbeat()\nthreading.Thread(target=innocent, daemon=True).start()\ntime.sleep(0.2)\n"
    assert run_watched(tmp_path, f"{start_heartbeat}{_RENDER_PAGE}{body}").returncode < 0
    assert faulty_theme_names(tmp_path) == {"guilty"}
    assert [hang.crash for hang in hang_reports.read_reports(tmp_path)] == [error]


def test_thread_with_a_stack_overflow_writes_its_report(tmp_path: Path) -> None:
    page = 'def page():\n    with watchdog.rendering("guilty"):\n        overflow()\n'
    assert (
        run_watched(tmp_path, f"{page}one = threading.Thread(target=page)\none.start()\none.join()").returncode == -signal.SIGSEGV
    )
    assert faulty_theme_names(tmp_path) == {"guilty"}


def test_crash_outside_of_rendering_names_no_theme(tmp_path: Path) -> None:
    assert run_watched(tmp_path, "watchdog.start_heartbeat()\nos.abort()").returncode == -signal.SIGABRT
    assert faulty_theme_names(tmp_path) == set()
    assert [hang.crash for hang in hang_reports.read_reports(tmp_path)] == ["Aborted"]
