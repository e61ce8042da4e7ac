"""The command `feedsvc ping`, which notifies hubs once after a build."""

import json
import re
import socket
import sys
from pathlib import Path

from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.websub import newsroom
from tests.websub.hub import Hub, HubFactory, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, MONEY_FEEDS, SITE_FEEDS
from tests.websub.publisher_process import run_publisher_process


def test_ping_announces_changed_feeds_and_prints_their_number(content: Path, state: Path, hub: Hub) -> None:
    first = run_feedsvc("ping", content, "--state", state)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"hub {hub.url}: 9 feeds announced, 0 failed\n"
    newsroom.change_article(content, "Changed.")
    second = run_feedsvc("ping", content, "--state", state)
    assert (second.returncode, second.stdout) == (0, f"hub {hub.url}: 6 feeds announced, 0 failed\n")
    third = run_feedsvc("ping", content, "--state", state)
    assert (third.returncode, third.stdout) == (0, f"hub {hub.url}: 0 feeds announced, 0 failed\n")
    assert hub.delivery_counts == {**dict.fromkeys((*ASIA_FEEDS, *SITE_FEEDS), 2), **dict.fromkeys(MONEY_FEEDS, 1)}


def test_json_of_ping_has_a_row_for_each_hub(content: Path, state: Path, hub: Hub) -> None:
    hub.responders_by_topic = {ASIA_FEEDS[0]: respond(404)}
    result = run_feedsvc("ping", content, "--state", state, "--json")
    (row,) = json.loads(result.stdout)
    assert (row.pop("hub"), len(row.pop("failures"))) == (hub.url, 1)
    assert row == {"announced": 8, "failed": 1, "not_tried": 0}
    assert (result.returncode, result.stderr.startswith(f"feedsvc: {hub.url}: ")) == (1, True)


def test_ping_all_announces_every_feed(content: Path, state: Path, hub: Hub) -> None:
    for _ in range(2):
        result = run_feedsvc("ping", content, "--state", state, "--all-feeds")
        assert (result.returncode, result.stdout) == (0, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 2)


def test_ping_keeps_separate_records_for_each_base_url(content: Path, state: Path, hub: Hub) -> None:
    assert run_feedsvc("ping", content, "--state", state).returncode == 0
    other_arguments = ("ping", content, "--state", state, "--base-url", "https://elsewhere.example")
    assert run_feedsvc(*other_arguments).stdout == f"hub {hub.url}: 9 feeds announced, 0 failed\n"
    assert run_feedsvc("ping", content, "--state", state).stdout == f"hub {hub.url}: 0 feeds announced, 0 failed\n"
    assert run_feedsvc(*other_arguments).stdout == f"hub {hub.url}: 0 feeds announced, 0 failed\n"


def test_rejected_feed_is_reported_and_announced_by_the_next_ping(content: Path, state: Path, hub: Hub) -> None:
    hub.responders_by_topic = {ASIA_FEEDS[0]: respond(404)}
    result = run_feedsvc("ping", content, "--state", state)
    assert (result.returncode, result.stdout) == (1, f"hub {hub.url}: 8 feeds announced, 1 failed\n")
    assert result.stderr == f"feedsvc: {hub.url}: {ASIA_FEEDS[0]}: it responded with 404 Not Found\n"
    hub.responders_by_topic = {}
    second = run_feedsvc("ping", content, "--state", state)
    assert (second.returncode, second.stdout) == (0, f"hub {hub.url}: 1 feed announced, 0 failed\n")


def test_unreachable_hub_does_not_block_another(content: Path, state: Path, create_hub: HubFactory, hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        unreachable_url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    newsroom.write(content, unreachable_url, hub.url)
    result = run_feedsvc("ping", content, "--state", state)
    assert result.returncode == 1
    assert (
        result.stdout
        == f"hub {unreachable_url}: 0 feeds announced, 3 failed, 6 not tried\nhub {hub.url}: 9 feeds announced, 0 failed\n"
    )
    assert result.stderr == f"feedsvc: {unreachable_url}: {ASIA_FEEDS[0]} and 2 more: it cannot be reached (Connection refused)\n"


def test_hub_with_retry_after_gets_one_request(content: Path, state: Path, hub: Hub) -> None:
    hub.default_responder = respond(429, Retry_After="60")
    result = run_feedsvc("ping", content, "--state", state)
    assert (result.returncode, result.stdout) == (1, f"hub {hub.url}: 0 feeds announced, 1 failed, 8 not tried\n")
    assert re.search(
        r": it responded with 429 Too Many Requests; it asks to be tried again after 20\d\d-\S+ \S+ UTC\n$", result.stderr
    )
    assert len(hub.requests) == 1


def test_ping_without_hubs_does_nothing(content: Path, state: Path) -> None:
    newsroom.write(content)
    result = run_feedsvc("ping", content, "--state", state)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "feedsvc: no hub is notified, because site.yaml names no hubs\n"
    assert run_feedsvc("ping", content, "--state", state, "--json").stdout == "[]\n"
    assert not state.exists()


def test_ping_with_a_broken_file_reports_it_and_announces_the_feeds(content: Path, state: Path, hub: Hub) -> None:
    (content / "articles" / "coin.yaml").write_text("title: no\n", "utf-8")
    result = run_feedsvc("ping", content, "--state", state)
    assert (result.returncode, result.stdout) == (0, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert result.stderr.startswith("articles/coin.yaml:1:")


def test_purge_command_runs_before_the_first_notification(content: Path, state: Path, tmp_path: Path, hub: Hub) -> None:
    script = tmp_path / "purge it.py"
    script.write_text("import sys, pathlib\npathlib.Path(sys.argv[1]).write_text(sys.stdin.read())\n", "utf-8")
    purged_urls = []
    hub.next_responders += [lambda handler: (purged_urls.append((tmp_path / "out").read_text()), respond(202)(handler))[1]]
    result = run_feedsvc("ping", content, "--state", state, "--purge", f"{sys.executable} '{script}' {tmp_path / 'out'}")
    assert (result.returncode, result.stderr) == (0, "")
    assert purged_urls == ["".join(f"{topic}\n" for topic in sorted(ALL_FEEDS))]


def test_ping_purges_the_feeds_that_were_removed(content: Path, state: Path, tmp_path: Path, hub: Hub) -> None:
    assert run_feedsvc("ping", content, "--state", state).returncode == 0
    (content / "categories.yaml").write_text("asia: {title: Asia}\n", "utf-8")
    (content / "articles" / "coin.yaml").unlink()
    script = tmp_path / "purge.py"
    script.write_text("import sys\nopen(sys.argv[1], 'w').write(sys.stdin.read())\n", "utf-8")
    result = run_feedsvc("ping", content, "--state", state, "--purge", f"{sys.executable} {script} {tmp_path / 'out'}")
    assert result.returncode == 0, result.stderr
    assert set(MONEY_FEEDS) <= {*(tmp_path / "out").read_text().split()}
    assert hub.delivery_counts[MONEY_FEEDS[0]] == 1


def test_failed_purge_command_sets_the_exit_status(content: Path, state: Path, hub: Hub) -> None:
    result = run_feedsvc("ping", content, "--state", state, FEEDSVC_PURGE="false")
    assert (result.returncode, result.stdout) == (1, f"hub {hub.url}: 9 feeds announced, 0 failed\n")
    assert result.stderr == "feedsvc: the purge command ended with exit status 1; hubs are notified anyway\n"


def test_invalid_purge_command_is_refused(content: Path, state: Path) -> None:
    result = run_feedsvc("ping", content, "--state", state, "--purge", "echo 'open")
    assert result.returncode == 2
    assert "echo 'open is not a command line (no closing quotation)" in result.stderr


def test_ping_is_refused_while_a_server_announces(content: Path, state: Path, hub: Hub) -> None:
    with run_publisher_process(content, state) as server:
        wait_until(lambda: len(hub.delivered_topics) == 9)
        result = run_feedsvc("ping", content, "--state", state)
        server.stop()
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr
        == f"feedsvc: error: a running feedsvc with the state folder {state} notifies the hubs itself; no ping is needed\n"
    )


def test_server_continues_with_the_records_of_ping(content: Path, state: Path, hub: Hub) -> None:
    assert run_feedsvc("ping", content, "--state", state).returncode == 0
    newsroom.change_article(content, "Changed.")
    with run_publisher_process(content, state) as server:
        wait_until(lambda: len(hub.delivered_topics) >= 15)
        server.stop()
    assert hub.delivery_counts == {**dict.fromkeys((*ASIA_FEEDS, *SITE_FEEDS), 2), **dict.fromkeys(MONEY_FEEDS, 1)}


def test_unusable_state_folder_is_reported(content: Path, tmp_path: Path, hub: Hub) -> None:
    state = tmp_path / "state"
    state.write_text("in the way")
    result = run_feedsvc("ping", content, "--state", state)
    assert result.returncode == 2
    assert result.stderr.startswith(f"feedsvc: error: the state folder {state} cannot be used (")
    assert result.stderr.count("\n") == 1
    assert hub.requests == []
