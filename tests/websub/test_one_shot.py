"""`feedsvc ping`, as a person runs it after a build."""

import re
import socket
import sys
from pathlib import Path

from tests.audience.waiting import until
from tests.cli.test_cli import run
from tests.websub import newsroom
from tests.websub.hub import Hub, Hubs, status
from tests.websub.newsroom import ALL, ASIA, MONEY, SITE
from tests.websub.publisher_process import announcing


def test_what_changed_is_announced_and_counted(content: Path, state: Path, hub: Hub) -> None:
    first = run("ping", content, "--state", state)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"hub {hub.url}: 9 feeds announced, 0 failed\n"
    newsroom.correct(content, "Changed.")
    second = run("ping", content, "--state", state)
    assert (second.returncode, second.stdout) == (0, f"hub {hub.url}: 6 feeds announced, 0 failed\n")
    third = run("ping", content, "--state", state)
    assert (third.returncode, third.stdout) == (0, f"hub {hub.url}: 0 feeds announced, 0 failed\n")
    assert hub.counts == {**dict.fromkeys((*ASIA, *SITE), 2), **dict.fromkeys(MONEY, 1)}


def test_all_announces_all(content: Path, state: Path, hub: Hub) -> None:
    for _ in range(2):
        done = run("ping", content, "--state", state, "--all")
        assert (done.returncode, done.stdout) == (0, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert hub.counts == dict.fromkeys(ALL, 2)


def test_a_base_url_of_its_own(content: Path, state: Path, hub: Hub) -> None:
    assert run("ping", content, "--state", state, "--base-url", "https://elsewhere.example").returncode == 0
    assert "https://elsewhere.example/category/asia/feed.rss" in hub.told


def test_another_base_url_forgets_nothing_of_the_first(content: Path, state: Path, hub: Hub) -> None:
    assert run("ping", content, "--state", state).returncode == 0
    other = ("ping", content, "--state", state, "--base-url", "https://elsewhere.example")
    assert run(*other).stdout == f"hub {hub.url}: 9 feeds announced, 0 failed\n"
    assert run("ping", content, "--state", state).stdout == f"hub {hub.url}: 0 feeds announced, 0 failed\n"
    assert run(*other).stdout == f"hub {hub.url}: 0 feeds announced, 0 failed\n"


def test_a_refused_feed_is_told_and_tried_again_by_the_next_ping(content: Path, state: Path, hub: Hub) -> None:
    hub.when = {ASIA[0]: status(404)}
    done = run("ping", content, "--state", state)
    assert (done.returncode, done.stdout) == (1, f"hub {hub.url}: 8 feeds announced, 1 failed\n")
    assert done.stderr == f"feedsvc: {hub.url}: {ASIA[0]}: it responded with 404 Not Found\n"
    hub.when = {}
    again = run("ping", content, "--state", state)
    assert (again.returncode, again.stdout) == (0, f"hub {hub.url}: 1 feed announced, 0 failed\n")


def test_a_hub_that_is_down_does_not_keep_the_other(content: Path, state: Path, hubs: Hubs, hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    newsroom.write(content, gone, hub.url)
    done = run("ping", content, "--state", state)
    assert done.returncode == 1
    assert done.stdout == f"hub {gone}: 0 feeds announced, 3 failed, 6 not tried\nhub {hub.url}: 9 feeds announced, 0 failed\n"
    assert done.stderr == f"feedsvc: {gone}: {ASIA[0]} and 2 more: it cannot be reached (Connection refused)\n"


def test_a_hub_that_asks_for_patience_is_asked_once(content: Path, state: Path, hub: Hub) -> None:
    hub.always = status(429, Retry_After="60")
    done = run("ping", content, "--state", state)
    assert (done.returncode, done.stdout) == (1, f"hub {hub.url}: 0 feeds announced, 1 failed, 8 not tried\n")
    assert re.search(
        r": it responded with 429 Too Many Requests; it asks to be tried again after 20\d\d-\S+ \S+ UTC\n$", done.stderr
    )
    assert len(hub.asked) == 1


def test_without_hubs_there_is_nothing_to_do(content: Path, state: Path) -> None:
    newsroom.write(content)
    done = run("ping", content, "--state", state)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "feedsvc: site.yaml names no hubs, so no hub is notified\n"
    assert not state.exists()


def test_broken_files_are_told_and_the_rest_is_announced(content: Path, state: Path, hub: Hub) -> None:
    (content / "articles" / "coin.yaml").write_text("title: no\n", "utf-8")
    done = run("ping", content, "--state", state)
    assert (done.returncode, done.stdout) == (0, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert done.stderr.startswith("articles/coin.yaml:1:")


def test_caches_are_purged_first(content: Path, state: Path, tmp_path: Path, hub: Hub) -> None:
    script = tmp_path / "purge it.py"
    script.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.stdin.read())\n", "utf-8")
    seen = []
    hub.next += [lambda handler: (seen.append((tmp_path / "out").read_text()), status(202)(handler))[1]]
    done = run("ping", content, "--state", state, "--purge", f"{sys.executable} '{script}' {tmp_path / 'out'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert seen == ["".join(f"{topic}\n" for topic in sorted(ALL))]


def test_a_purge_that_fails_stops_nothing_and_shows_in_the_exit_status(content: Path, state: Path, hub: Hub) -> None:
    done = run("ping", content, "--state", state, FEEDSVC_PURGE="false")
    assert (done.returncode, done.stdout) == (1, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert done.stderr == "feedsvc: the purge command ended with exit status 1; hubs are notified anyway\n"


def test_a_purge_that_is_no_command_line(content: Path, state: Path) -> None:
    done = run("ping", content, "--state", state, "--purge", "echo 'open")
    assert done.returncode == 2
    assert "echo 'open is not a command line (no closing quotation)" in done.stderr


def test_a_running_server_needs_no_ping(content: Path, state: Path, hub: Hub) -> None:
    with announcing(content, state) as server:
        until(lambda: len(hub.told) == 9)
        done = run("ping", content, "--state", state)
        server.end()
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"feedsvc: error: a running feedsvc with the state folder {state} notifies the hubs itself; no ping is needed\n"
    )


def test_a_server_goes_on_where_ping_ended(content: Path, state: Path, hub: Hub) -> None:
    assert run("ping", content, "--state", state).returncode == 0
    newsroom.correct(content, "Changed.")
    with announcing(content, state) as server:
        until(lambda: len(hub.told) >= 15)
        server.end()
    assert hub.counts == {**dict.fromkeys((*ASIA, *SITE), 2), **dict.fromkeys(MONEY, 1)}


def test_a_state_folder_that_cannot_be(content: Path, tmp_path: Path, hub: Hub) -> None:
    state = tmp_path / "state"
    state.write_text("in the way")
    done = run("ping", content, "--state", state)
    assert done.returncode == 2
    assert done.stderr.startswith(f"feedsvc: error: {state} cannot be used (")
    assert done.stderr.count("\n") == 1
    assert hub.asked == []
