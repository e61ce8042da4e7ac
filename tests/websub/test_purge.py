"""The purge command runs before hubs are notified."""

import time
from pathlib import Path

import pytest

from feedsvc.websub.purge import PurgeCommand
from tests.audience.waiting import TIMEOUT, wait_until
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, publisher_threads, wait_until_delivered
from tests.websub.hub import Hub, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, BASE_URL, SITE_FEEDS, PublishedSite

ADDRESSES = ["https://t.example/"] * 100_000  # more than a pipe holds


def recorder(file: Path) -> tuple[str, ...]:
    """Return a purge command that appends its addresses and "--" to a file."""
    return ("sh", "-c", 'cat >> "$0" && echo -- >> "$0"', str(file))


def test_changed_addresses_are_purged_before_the_first_notification(
    open_site: OpenSite, content: Path, tmp_path: Path, hub: Hub
) -> None:
    file, seen = tmp_path / "purged", []
    hub.next_responders += [lambda handler: (seen.append(file.read_text()), respond(202)(handler))[1]]
    site = open_site(purge_command=recorder(file))
    site.publish("/", "/articles/bridge/")
    wait_until_delivered(site)
    addresses = sorted({f"{BASE_URL}/", f"{BASE_URL}/articles/bridge/", *ALL_FEEDS})
    assert seen == ["".join(f"{address}\n" for address in addresses) + "--\n"]
    assert site.publisher.status().purge_failure is None
    file.unlink()
    newsroom.change_article(content, "Changed.")
    site.publish("/articles/bridge/")
    wait_until(lambda: file.exists() and file.read_text().endswith("--\n"))
    assert set(file.read_text().splitlines()) == {f"{BASE_URL}/articles/bridge/", *ASIA_FEEDS, *SITE_FEEDS, "--"}


def test_addresses_are_purged_without_hubs(open_site: OpenSite, content: Path, state: Path, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    newsroom.write(content)
    open_site(purge_command=recorder(file)).publish("/")
    wait_until(lambda: file.exists() and file.read_text() == f"{BASE_URL}/\n--\n")
    assert not (state / "push.sqlite").exists()


def test_failed_purge_command_is_reported_and_feeds_are_announced(
    open_site: OpenSite, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    site = open_site(purge_command=("sh", "-c", "exit 3"))
    site.publish()
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)
    (record,) = caplog.records
    assert record.getMessage() == "feedsvc: the purge command ended with exit status 3; hubs are notified anyway"
    failure = site.publisher.status().purge_failure
    assert failure
    assert failure.what == "ended with exit status 3"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("true",), ""),  # it does not read its input
        (("no-such-command-here",), "could not be started (No such file or directory)"),
        (("bad\0name",), "could not be started (embedded null byte)"),
        (("sleep", "60"), "did not end within 0.3 seconds"),
        # It starts another process in a new session, which keeps the read end of the pipe open.
        (("sh", "-c", "exec 3<&0; setsid sleep 60 & sleep 60"), "did not end within 0.3 seconds"),
    ],
)
def test_run_returns_what_is_wrong_with_the_command(command: tuple[str, ...], reason: str) -> None:
    start = time.monotonic()
    assert PurgeCommand(command, timeout=0.3 if "60" in command[-1] else TIMEOUT).run(ADDRESSES) == reason
    assert time.monotonic() - start < TIMEOUT


def test_close_stops_the_purge_command_and_its_child_processes(
    open_site: OpenSite, tmp_path: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    marker = tmp_path / "started"
    site = open_site(purge_command=("sh", "-c", 'sleep 60 & touch "$0"; sleep 60', str(marker)))
    site.publish()
    wait_until(marker.exists)
    site.publisher.close(0.1)
    wait_until(lambda: publisher_threads() == [])
    assert hub.requests == []
    assert caplog.records == []


def test_standby_publisher_does_not_collect_addresses_to_purge(open_site: OpenSite, tmp_path: Path) -> None:
    file = tmp_path / "purged"
    first = open_site()
    first.publish()
    wait_until_delivered(first)
    second: PublishedSite = open_site(purge_command=recorder(file))
    for number in range(5):
        second.publish(f"/{number}/")
        wait_until(lambda: second.publisher._due is second.publisher._latest)
    first.publisher.close()
    wait_until(lambda: file.exists() and file.read_text().endswith("--\n"))
    assert file.read_text() == f"{BASE_URL}/4/\n--\n"
