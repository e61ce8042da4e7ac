"""A process that hangs is terminated whatever the cause, and only the theme that hangs is named."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.attacks.hanging_programs import (
    TIMEOUT,
    WATCHDOG_ON,
    WATCHDOG_SECONDS,
    cpu_seconds,
    faulty_theme_names,
    hang_count,
    remove_theme,
    report_files,
    request_freezing_page,
    run_watched,
    running_server,
    watched_command,
    write_newsroom_with_freezing_theme,
)
from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import ServerProcess, command, environment
from tests.live.served_content import fetch_status


@pytest.mark.parametrize("options", [(), ("--preview",)])
def test_page_that_freezes_all_threads_ends_the_server_and_is_logged_at_the_next_start(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    with running_server(content, state, *options) as server:
        request_freezing_page(server.url)
        assert server.process.wait(TIMEOUT) == -signal.SIGALRM
    (name,), (report,) = faulty_theme_names(state), report_files(state)
    assert len(name) == 32
    remove_theme(content)
    with running_server(content, state, *options) as restarted:
        restarted.terminate()
        assert restarted.wait() == 0
    assert restarted.stderr.count(str(report)) == 1
    assert f"process {server.process.pid} hung while it rendered a page with the site's own theme" in restarted.stderr
    assert report_files(state) == [report]


def test_hang_is_an_alert_on_status_after_the_restart(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    with running_server(content, state) as server:
        request_freezing_page(server.url)
        server.process.wait(TIMEOUT)
    (report,) = report_files(state)  # the next server has a file of its own
    remove_theme(content)
    with running_server(content, state) as restarted:
        assert str(report) in fetch_status(restarted)["alerts"]["watchdog"]


def test_frozen_server_ends_after_sigterm(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    with running_server(content, state) as server:
        request_freezing_page(server.url)
        before = cpu_seconds(server.process.pid)
        wait_until(lambda: cpu_seconds(server.process.pid) > before + 0.2)
        server.terminate()
        assert server.process.wait(TIMEOUT) == -signal.SIGALRM


def test_frozen_build_ends_and_names_the_theme(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    build = command("build", tmp_path / "out", content, "--state", state)
    result = subprocess.run(build, check=False, capture_output=True, timeout=TIMEOUT, env=environment(WATCHDOG_ON))
    assert result.returncode in {2, -signal.SIGALRM}
    assert len(faulty_theme_names(state)) == 1
    (report,) = report_files(state)
    remove_theme(content)
    result = subprocess.run(build, check=False, capture_output=True, timeout=TIMEOUT, env=environment(WATCHDOG_ON))
    assert result.returncode == 0
    assert str(report).encode() in result.stderr


def test_frozen_build_watch_ends(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    freezing_article = content / "articles" / "frozen-lake.yaml"
    text = freezing_article.read_text()
    freezing_article.unlink()
    build = command("build", tmp_path / "out", content, "--state", state, "--watch")
    with subprocess.Popen(build, stderr=subprocess.PIPE, text=True, env=environment(WATCHDOG_ON)) as process:
        try:
            assert process.stderr
            while "up to date" not in process.stderr.readline():
                assert process.poll() is None
            freezing_article.write_text(text)
            assert process.wait(TIMEOUT) == -signal.SIGALRM
        finally:
            process.kill()
    assert len(faulty_theme_names(state)) == 1


def test_server_that_ends_normally_leaves_no_report(tmp_path: Path) -> None:
    content, state = write_newsroom_with_freezing_theme(tmp_path / "content"), tmp_path / "state"
    server = ServerProcess(content, state, variables=WATCHDOG_ON)
    assert ask(server.url, "/articles/summit/").status in {200, 404}
    server.terminate()
    assert server.wait() == 0
    assert report_files(state) == []


def test_watchdog_variable_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    content = write_newsroom_with_freezing_theme(tmp_path / "content")
    serve = command("serve", content, "--port", "0", "--state", tmp_path / "state")
    variables = {"FEEDSVC_WATCHDOG": "soon"}
    result = subprocess.run(serve, check=False, capture_output=True, text=True, timeout=TIMEOUT, env=environment(variables))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert without_times(result.stderr).startswith("feedsvc: FEEDSVC_WATCHDOG is 'soon'; give seconds")


_START_HEARTBEAT = "watchdog.start_heartbeat()\nthreading.Thread(target=innocent, daemon=True).start()\ntime.sleep(0.2)\n"
_RENDER_PAGE = 'with watchdog.rendering("guilty"):\n    '


@pytest.mark.parametrize("statement", ["compare()", "loop()"])
def test_report_names_only_the_theme_whose_page_hangs(tmp_path: Path, statement: str) -> None:
    assert run_watched(tmp_path, f"{_START_HEARTBEAT}{_RENDER_PAGE}{statement}").returncode == -signal.SIGALRM
    assert faulty_theme_names(tmp_path) == {"guilty"}


@pytest.mark.parametrize("statement", ["compare()", "loop()"])
def test_process_without_heartbeat_thread_is_watched_during_each_page(tmp_path: Path, statement: str) -> None:
    assert run_watched(tmp_path, f"{_RENDER_PAGE}{statement}").returncode == -signal.SIGALRM
    assert faulty_theme_names(tmp_path) == {"guilty"}


@pytest.mark.parametrize("statement", ["compare()", "ctypes.PyDLL(None).sleep(1000)"])
def test_process_that_hangs_outside_of_rendering_is_ended_and_names_no_theme(tmp_path: Path, statement: str) -> None:
    assert run_watched(tmp_path, _START_HEARTBEAT + statement).returncode == -signal.SIGALRM
    assert (faulty_theme_names(tmp_path), hang_count(tmp_path)) == (set(), 1)


def test_page_that_waits_without_holding_the_gil_is_not_ended(tmp_path: Path) -> None:
    """A thread waits, for example, if it gets no processor time on an overloaded machine."""
    assert run_watched(tmp_path, f"{_START_HEARTBEAT}{_RENDER_PAGE}rest({3 * WATCHDOG_SECONDS})").returncode == 0
    assert (faulty_theme_names(tmp_path), report_files(tmp_path)) == (set(), [])


@pytest.mark.parametrize("preamble", ["", _START_HEARTBEAT])
def test_process_continues_after_sigstop_and_sigcont(tmp_path: Path, preamble: str) -> None:
    """SIGSTOP, a debugger or a frozen container: this time does not count for any page."""
    with subprocess.Popen(
        watched_command(tmp_path, f"{preamble}{_RENDER_PAGE}rest(0.5)"), stdout=subprocess.PIPE, env=environment()
    ) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            time.sleep(3 * WATCHDOG_SECONDS)
            process.send_signal(signal.SIGCONT)
            assert process.wait(TIMEOUT) == 0
        finally:
            process.kill()
    assert (faulty_theme_names(tmp_path), report_files(tmp_path)) == (set(), [])


def test_report_of_a_slow_page_is_emptied_after_the_page(tmp_path: Path) -> None:
    print_size = 'print(os.path.getsize(next(state.glob("watchdog/*"))))\n'
    result = run_watched(tmp_path, f"{_RENDER_PAGE}signal.raise_signal(signal.SIGPROF)\n    {print_size}{print_size}")
    assert result.returncode == 0
    size_during_page, size_after_page = map(int, result.stdout.split())
    assert size_during_page > size_after_page == 4096
    assert (faulty_theme_names(tmp_path), report_files(tmp_path)) == (set(), [])


def test_hanging_process_that_cannot_write_its_report_is_ended(tmp_path: Path) -> None:
    state = tmp_path / "file"
    state.write_text("")
    result = run_watched(state, f"{_RENDER_PAGE}compare()")
    assert result.returncode == -signal.SIGALRM
    assert "in compare" in result.stderr
