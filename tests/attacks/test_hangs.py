"""A process that hangs is ended, whatever holds it up, and only the theme that did it is named."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.attacks.hanging_programs import (
    LIMIT,
    LONG,
    SOON,
    ask_in_vain,
    blamed,
    hung,
    program,
    reports,
    run,
    spent,
    started,
    without_theme,
    write_freezing,
)
from tests.audience.waiting import until
from tests.helpers.http_client import ask
from tests.helpers.running_server import ServerProcess, command, environment
from tests.live.served_content import status


@pytest.mark.parametrize("options", [(), ("--preview",)])
def test_a_page_that_freezes_every_thread_ends_a_server_and_the_next_start_says_so(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    with started(content, state, *options) as server:
        ask_in_vain(server.url)
        assert server.process.wait(LONG) == -signal.SIGALRM
    (name,), (report,) = blamed(state), reports(state)
    assert len(name) == 32
    without_theme(content)
    with started(content, state, *options) as again:
        again.terminate()
        assert again.wait() == 0
    assert again.stderr.count(str(report)) == 1
    assert f"process {server.process.pid} hung while it rendered a page with the site's own theme" in again.stderr
    assert reports(state) == [report]


def test_the_trouble_of_a_process_that_hung_is_on_status(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    with started(content, state) as server:
        ask_in_vain(server.url)
        server.process.wait(LONG)
    without_theme(content)
    with started(content, state) as again:
        assert str(reports(state)[0]) in status(again)["alerts"]["watchdog"]


def test_a_frozen_server_heeds_sigterm_within_its_grace_time(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    with started(content, state) as server:
        ask_in_vain(server.url)
        before = spent(server.process.pid)
        until(lambda: spent(server.process.pid) > before + 0.2)
        server.terminate()
        assert server.process.wait(LONG) == -signal.SIGALRM


def test_a_build_that_freezes_ends_and_names_the_theme(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    build = command("build", tmp_path / "out", content, "--state", state)
    done = subprocess.run(build, check=False, capture_output=True, timeout=LONG, env=environment(SOON))
    assert done.returncode in {2, -signal.SIGALRM}
    assert len(blamed(state)) == 1
    without_theme(content)
    done = subprocess.run(build, check=False, capture_output=True, timeout=LONG, env=environment(SOON))
    assert done.returncode == 0
    assert str(reports(state)[0]).encode() in done.stderr


def test_a_build_that_stays_ends_when_it_freezes(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    frozen = content / "articles" / "frozen-lake.yaml"
    text = frozen.read_text()
    frozen.unlink()
    build = command("build", tmp_path / "out", content, "--state", state, "--watch")
    with subprocess.Popen(build, stderr=subprocess.PIPE, text=True, env=environment(SOON)) as process:
        try:
            assert process.stderr
            while "up to date" not in process.stderr.readline():
                assert process.poll() is None
            frozen.write_text(text)
            assert process.wait(LONG) == -signal.SIGALRM
        finally:
            process.kill()
    assert len(blamed(state)) == 1


def test_a_server_that_ends_in_order_leaves_no_report(tmp_path: Path) -> None:
    content, state = write_freezing(tmp_path / "content"), tmp_path / "state"
    server = ServerProcess(content, state, variables=SOON)
    assert ask(server.url, "/articles/summit/").status in {200, 404}
    server.terminate()
    assert server.wait() == 0
    assert reports(state) == []


def test_no_number_of_seconds_is_an_operators_mistake(tmp_path: Path) -> None:
    content = write_freezing(tmp_path / "content")
    serve = command("serve", content, "--port", "0", "--state", tmp_path / "state")
    variables = {"FEEDSVC_WATCHDOG": "soon"}
    done = subprocess.run(serve, check=False, capture_output=True, text=True, timeout=LONG, env=environment(variables))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("feedsvc: error: FEEDSVC_WATCHDOG is 'soon'; give seconds")


_BEAT = "watchdog.start_heartbeat()\nthreading.Thread(target=innocent, daemon=True).start()\ntime.sleep(0.2)\n"
_PAGE = 'with watchdog.rendering("guilty"):\n    '


@pytest.mark.parametrize("how", ["compare()", "loop()"])
def test_the_theme_whose_page_never_ends_is_named_and_no_other(tmp_path: Path, how: str) -> None:
    assert run(tmp_path, f"{_BEAT}{_PAGE}{how}").returncode == -signal.SIGALRM
    assert blamed(tmp_path) == {"guilty"}


@pytest.mark.parametrize("how", ["compare()", "loop()"])
def test_a_process_without_threads_is_watched_page_by_page(tmp_path: Path, how: str) -> None:
    assert run(tmp_path, f"{_PAGE}{how}").returncode == -signal.SIGALRM
    assert blamed(tmp_path) == {"guilty"}


@pytest.mark.parametrize("how", ["compare()", "ctypes.PyDLL(None).sleep(1000)"])
def test_a_process_that_hangs_outside_any_page_is_ended_and_no_theme_is_named(tmp_path: Path, how: str) -> None:
    assert run(tmp_path, _BEAT + how).returncode == -signal.SIGALRM
    assert (blamed(tmp_path), hung(tmp_path)) == (set(), 1)


def test_a_page_that_waits_is_not_a_page_that_hangs(tmp_path: Path) -> None:
    """On an overloaded machine, for one whose turn does not come."""
    assert run(tmp_path, f"{_BEAT}{_PAGE}rest({3 * LIMIT})").returncode == 0
    assert (blamed(tmp_path), reports(tmp_path)) == (set(), [])


@pytest.mark.parametrize("before", ["", _BEAT])
def test_a_process_that_is_stopped_goes_on_where_it_was(tmp_path: Path, before: str) -> None:
    """SIGSTOP, a debugger, a container that is frozen: the time belongs to none of its pages."""
    with subprocess.Popen(program(tmp_path, f"{before}{_PAGE}rest(0.5)"), stdout=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            process.send_signal(signal.SIGSTOP)
            time.sleep(3 * LIMIT)
            process.send_signal(signal.SIGCONT)
            assert process.wait(LONG) == 0
        finally:
            process.kill()
    assert (blamed(tmp_path), reports(tmp_path)) == (set(), [])


def test_a_slow_page_leaves_nothing_behind(tmp_path: Path) -> None:
    size = 'print(os.path.getsize(next(state.glob("watchdog/*"))))\n'
    done = run(tmp_path, f"{_PAGE}signal.raise_signal(signal.SIGPROF)\n    {size}{size}")
    assert done.returncode == 0
    slow, after = map(int, done.stdout.split())
    assert slow > after == 4096
    assert (blamed(tmp_path), reports(tmp_path)) == (set(), [])


def test_one_that_cannot_write_its_report_is_ended_all_the_same(tmp_path: Path) -> None:
    state = tmp_path / "file"
    state.write_text("")
    done = run(state, f"{_PAGE}compare()")
    assert done.returncode == -signal.SIGALRM
    assert "in compare" in done.stderr
