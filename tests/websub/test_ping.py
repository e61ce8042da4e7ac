"""The command `feedsvc ping`, which notifies hubs once after a build."""

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.websub import newsroom
from tests.websub.hub import Hub, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, MONEY_FEEDS
from tests.websub.publisher_process import run_publisher_process


def ping(content: Path, state: Path, *options: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run_feedsvc("ping", content, "--state", state, *options, **variables)


def test_ping_announces_changed_feeds_and_prints_their_number(content: Path, state: Path, hub: Hub) -> None:
    assert (ping(content, state).stdout, hub.delivery_counts) == (
        f"hub {hub.url}: 9 feeds announced, 0 failed\n",
        dict.fromkeys(ALL_FEEDS, 1),
    )
    newsroom.change_article(content, "Changed.")
    for options, count in (((), 6), ((), 0), (("--all-feeds",), 9)):
        result = ping(content, state, *options)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == f"hub {hub.url}: {count} feeds announced, 0 failed\n"


def test_rejected_feed_is_reported_and_announced_by_the_next_ping(content: Path, state: Path, hub: Hub) -> None:
    hub.responders_by_topic = {ASIA_FEEDS[0]: respond(404)}
    result = ping(content, state, "--json")
    reason = f"{ASIA_FEEDS[0]}: it responded with 404 Not Found"
    assert json.loads(result.stdout) == [
        {"hub": hub.url, "announced": 8, "failed": 1, "not_tried": 0, "failures": [reason]},
    ]
    assert (result.returncode, result.stderr) == (1, f"feedsvc: {hub.url}: {reason}\n")
    hub.responders_by_topic = {}
    second = ping(content, state)
    assert (second.returncode, second.stdout) == (0, f"hub {hub.url}: 1 feed announced, 0 failed\n")


def test_unreachable_hub_does_not_block_another(content: Path, state: Path, hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unreachable = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    newsroom.write(content, unreachable, hub.url)
    result = ping(content, state)
    assert (result.returncode, result.stdout.splitlines()) == (
        1,
        [f"hub {unreachable}: 0 feeds announced, 3 failed, 6 not tried", f"hub {hub.url}: 9 feeds announced, 0 failed"],
    )
    assert result.stderr == f"feedsvc: {unreachable}: {ASIA_FEEDS[0]} and 2 more: it cannot be reached (Connection refused)\n"


def test_hub_with_retry_after_gets_one_request(content: Path, state: Path, hub: Hub) -> None:
    hub.default_responder = respond(429, Retry_After="60")
    result = ping(content, state)
    assert (result.returncode, result.stdout) == (1, f"hub {hub.url}: 0 feeds announced, 1 failed, 8 not tried\n")
    assert re.search(
        r": it responded with 429 Too Many Requests; it asks to be tried again after 20\S+ \S+ UTC\n$", result.stderr
    )
    assert len(hub.requests) == 1


def test_ping_without_hubs_does_nothing(content: Path, state: Path) -> None:
    newsroom.write(content)
    result = ping(content, state, "--json")
    assert (result.returncode, result.stdout) == (0, "[]\n")
    assert result.stderr == "feedsvc: no hub is notified, because site.yaml names no hubs\n"
    assert not state.exists()


def test_ping_with_a_broken_file_reports_it_and_announces_the_feeds(content: Path, state: Path, hub: Hub) -> None:
    (content / "articles" / "coin.yaml").write_text("title: no\n", "utf-8")
    result = ping(content, state)
    assert (result.returncode, result.stdout) == (0, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert result.stderr.startswith("articles/coin.yaml:1:")


def test_purge_command_gets_changed_and_removed_feeds_before_the_first_notification(
    content: Path, state: Path, tmp_path: Path, hub: Hub
) -> None:
    script, purged, seen = tmp_path / "purge it.sh", tmp_path / "purged", []
    script.write_text('cat > "$1"\n')
    hub.next_responders += [lambda handler: (seen.append(purged.read_text()), respond(202)(handler))[1]]
    command = ("--purge", f"sh '{script}' {purged}")
    assert ping(content, state, *command).returncode == 0
    assert seen == ["".join(f"{topic}\n" for topic in sorted(ALL_FEEDS))]
    (content / "categories.yaml").write_text("asia: {title: Asia}\n", "utf-8")
    (content / "articles" / "coin.yaml").unlink()
    assert ping(content, state, *command).returncode == 0
    assert set(MONEY_FEEDS) <= {*purged.read_text().split()}
    assert hub.delivery_counts[MONEY_FEEDS[0]] <= 1


def test_failed_purge_command_sets_the_exit_status(content: Path, state: Path, hub: Hub) -> None:
    result = ping(content, state, FEEDSVC_PURGE="false")
    assert (result.returncode, result.stdout) == (1, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert result.stderr == "feedsvc: the purge command ended with exit status 1; hubs are notified anyway\n"


def test_server_continues_with_the_records_of_ping_which_is_refused_meanwhile(content: Path, state: Path, hub: Hub) -> None:
    assert ping(content, state).returncode == 0
    newsroom.change_article(content, "Changed.")
    with run_publisher_process(content, state) as server:
        wait_until(lambda: len(hub.delivered_topics) >= 15)
        result = ping(content, state)
        server.stop()
    assert len(hub.delivered_topics) == 15
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"feedsvc: error: a running feedsvc with the state folder {state} notifies the hubs itself; no ping is needed\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "the state folder STATE cannot be used ("),
        (("--purge", "echo 'open"), "echo 'open is not a command line (no closing quotation)"),
    ],
)
def test_unusable_state_folder_or_purge_command_is_an_error(
    content: Path, state: Path, hub: Hub, options: tuple[str, ...], message: str
) -> None:
    state.write_text("in the way")
    result = ping(content, state, *options)
    assert result.returncode == 2
    assert message.replace("STATE", str(state)) in result.stderr
    assert hub.requests == []
