"""A theme that crashes the process at one article is out of use at the next start, and an operator reads why."""

import signal
import subprocess
from pathlib import Path

import pytest

from feedsvc.support import hang_reports
from tests.attacks.hanging_programs import CRASHING, LONG, SLUG, ask_in_vain, blamed, run, started, write_freezing
from tests.audience.waiting import until
from tests.helpers.running_server import command, environment
from tests.workers.running_workers import of_each, processes

_WHAT = "crashed while it rendered a page with the site's own theme (Segmentation fault)"


def test_no_worker_uses_a_theme_at_which_one_crashed_and_the_log_says_why(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content", CRASHING), tmp_path / "state"
    with started(content, state, "--workers", "2", variables={}) as server:
        before = processes(server)
        ask_in_vain(server.url)
        until(lambda: "a new worker replaces it" in "".join(server.lines))
        until(lambda: len(processes(server)) == 2 and processes(server) != before)
        assert len(blamed(state)) == 1, server.lines
        assert any(_WHAT in line for line in server.lines)
        # By the product's own template: the worker that was started anew, and the one that was not.
        until(lambda: all(b"byline" in got.body for got in of_each(server, "/articles/newer-0/").values()))
        assert {got.status for got in of_each(server, f"/articles/{SLUG}/").values()} == {200}
        server.terminate()
        assert server.wait() == 0


def test_a_build_that_crashes_makes_the_site_without_the_theme_the_next_time(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content", CRASHING), tmp_path / "state"
    build = command("build", tmp_path / "out", content, "--state", state, "--skip-broken")
    done = subprocess.run(build, check=False, capture_output=True, timeout=LONG, env=environment())
    assert done.returncode in {2, -signal.SIGSEGV}
    done = subprocess.run(build, check=False, capture_output=True, text=True, timeout=LONG, env=environment())
    assert done.returncode == 0, done.stderr
    assert _WHAT in done.stderr
    assert "theme/templates/article.html:1:1: error: a process hung or crashed while it made a page with this" in done.stderr
    assert (tmp_path / "out" / "articles" / SLUG / "index.html").exists()


_PAGE = 'with watchdog.rendering("guilty"):\n    '


@pytest.mark.parametrize(
    ("body", "error"),
    [("overflow()", "Segmentation fault"), ("os.abort()", "Aborted"), ("os.kill(os.getpid(), signal.SIGBUS)", "Bus error")],
)
def test_the_theme_whose_page_crashes_is_named_and_no_other(tmp_path: Path, body: str, error: str) -> None:
    heart = "watchdog.start_heartbeat()\nthreading.Thread(target=innocent, daemon=True).start()\ntime.sleep(0.2)\n"
    assert run(tmp_path, f"{heart}{_PAGE}{body}").returncode < 0
    assert blamed(tmp_path) == {"guilty"}
    assert [hang.crash for hang in hang_reports.read_reports(tmp_path)] == [error]


def test_a_thread_whose_stack_is_full_writes_its_report(tmp_path: Path) -> None:
    page = 'def page():\n    with watchdog.rendering("guilty"):\n        overflow()\n'
    assert run(tmp_path, f"{page}one = threading.Thread(target=page)\none.start()\none.join()").returncode == -signal.SIGSEGV
    assert blamed(tmp_path) == {"guilty"}


def test_a_crash_outside_any_page_names_no_theme(tmp_path: Path) -> None:
    assert run(tmp_path, "watchdog.start_heartbeat()\nos.abort()").returncode == -signal.SIGABRT
    assert blamed(tmp_path) == set()
    assert [hang.crash for hang in hang_reports.read_reports(tmp_path)] == ["Aborted"]
