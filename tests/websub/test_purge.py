"""The purge command runs before hubs are notified."""

import sys
import time
from pathlib import Path

import pytest

from feedsvc.websub.purge import PurgeCommand
from tests.audience.waiting import TIMEOUT, wait_until
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, publisher_threads, wait_until_delivered
from tests.websub.hub import Hub, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, BASE_URL, SITE_FEEDS, PublishedSite

RECORD_PROGRAM = """
import pathlib, sys
file = pathlib.Path(sys.argv[1])
file.write_text((file.read_text() if file.exists() else "") + sys.stdin.read() + "--\\n")
"""


def purge_command(file: Path, code: str = RECORD_PROGRAM) -> tuple[str, ...]:
    return (sys.executable, "-c", code, str(file))


def test_purge_command_runs_before_the_first_notification(open_site: OpenSite, tmp_path: Path, hub: Hub) -> None:
    file = tmp_path / "purged"
    purged_urls = []
    hub.next_responders += [lambda handler: (purged_urls.append(file.read_text()), respond(202)(handler))[1]]
    site = open_site(purge_command=purge_command(file))
    site.publish("/", "/articles/bridge/")
    wait_until_delivered(site)
    addresses = sorted({f"{BASE_URL}/", f"{BASE_URL}/articles/bridge/", *ALL_FEEDS})
    assert purged_urls == ["".join(f"{address}\n" for address in addresses) + "--\n"]
    assert site.publisher.status().purge_failure is None


def test_purge_command_gets_the_changed_urls(open_site: OpenSite, content: Path, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    site = open_site(purge_command=purge_command(file))
    site.publish()
    wait_until_delivered(site)
    file.unlink()
    newsroom.change_article(content, "Changed.")
    site.publish("/articles/bridge/")
    wait_until(file.exists)
    wait_until_delivered(site)
    assert set(file.read_text().splitlines()) == {f"{BASE_URL}/articles/bridge/", *ASIA_FEEDS, *SITE_FEEDS, "--"}


def test_purge_command_runs_without_hubs(open_site: OpenSite, content: Path, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    newsroom.write(content)
    site = open_site(purge_command=purge_command(file))
    site.publish("/")
    wait_until(file.exists)
    site.publisher.close()
    assert file.read_text() == f"{BASE_URL}/\n--\n"
    assert not (state / "push.sqlite").exists()


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with exit status 3"),
        (("no-such-command-here",), "could not be started (No such file or directory)"),
        (("bad\0name",), "could not be started (embedded null byte)"),
    ],
)
def test_failed_purge_command_is_reported_and_feeds_are_announced(
    open_site: OpenSite, hub: Hub, caplog: pytest.LogCaptureFixture, command: tuple[str, ...], reason: str
) -> None:
    site = open_site(purge_command=command)
    site.publish()
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)
    assert [record.getMessage() for record in caplog.records] == [
        f"feedsvc: the purge command {reason}; hubs are notified anyway"
    ]
    failure = site.publisher.status().purge_failure
    assert failure
    assert failure.what == reason


def test_purge_command_is_stopped_at_its_timeout() -> None:
    command = PurgeCommand((sys.executable, "-c", "import time; time.sleep(60)"), timeout=0.3)
    assert command.run(["https://t.example/"]) == "did not end within 0.3 seconds"
    assert (
        PurgeCommand((sys.executable, "-c", "")).run(["https://t.example/"] * 100_000) == ""
    )  # a command that does not read its input


def test_purge_command_with_a_background_process_is_stopped_at_its_timeout() -> None:
    """The command starts another process in a new session, which keeps the read end of the pipe open."""
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\ntime.sleep(60)\n"
    )
    start = time.monotonic()
    command = PurgeCommand((sys.executable, "-c", code), timeout=2)
    assert command.run(["https://t.example/"] * 100_000) == "did not end within 2 seconds"
    assert time.monotonic() - start < TIMEOUT


def test_close_stops_the_purge_command_and_its_child_processes(
    open_site: OpenSite, tmp_path: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    marker_file = tmp_path / "started"
    code = (
        "import pathlib, subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(sys.argv[1]).touch()\ntime.sleep(60)\n"
    )
    site = open_site(purge_command=purge_command(marker_file, code))
    site.publish()
    wait_until(marker_file.exists)
    site.publisher.close(0.1)
    wait_until(lambda: publisher_threads() == [])
    assert hub.requests == []
    assert caplog.records == []


def test_standby_publisher_does_not_collect_urls_to_purge(open_site: OpenSite, tmp_path: Path) -> None:
    first_file, second_file = tmp_path / "one", tmp_path / "other"
    first = open_site(purge_command=purge_command(first_file))
    first.publish()
    wait_until_delivered(first)
    second: PublishedSite = open_site(purge_command=purge_command(second_file))
    for number in range(5):
        second.publish(f"/{number}/")
        wait_until(lambda: second.publisher._due is second.publisher._latest)
    wait_until(first_file.exists)
    first.publisher.close()
    wait_until(second_file.exists)
    wait_until(lambda: second_file.read_text().endswith("--\n"))
    assert second_file.read_text() == f"{BASE_URL}/4/\n--\n"
