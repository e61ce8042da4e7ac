"""The publisher notifies hubs of changed feeds."""

import contextlib
import logging
import sqlite3
import time
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.websub.publisher import Publisher
from tests.audience.waiting import TIMEOUT, wait_until
from tests.helpers.newsrooms import NOW
from tests.websub import hub as hub_module
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, current_time, publisher_threads, wait_until_delivered
from tests.websub.hub import Hub, HubFactory, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, BASE_URL, SITE_FEEDS


def test_change_is_announced_once_to_each_hub(open_site: OpenSite, content: Path, create_hub: HubFactory, hub: Hub) -> None:
    other_hub = create_hub()
    newsroom.write(content, hub.url, other_hub.url)
    site = open_site()
    site.publish()
    wait_until(
        lambda: hub.delivery_counts and other_hub.delivery_counts
    )  # a publisher that has not started yet has no pending delivery
    wait_until_delivered(site)
    hub.delivered_topics.clear()
    other_hub.delivered_topics.clear()
    newsroom.change_article(content, "Another text.")
    site.publish()
    wait_until(lambda: hub.delivery_counts and other_hub.delivery_counts)
    wait_until_delivered(site)
    site.publish()
    site.publish()
    wait_until_delivered(site)
    assert hub.delivery_counts == other_hub.delivery_counts == dict.fromkeys((*ASIA_FEEDS, *SITE_FEEDS), 1)


def test_archive_documents_are_not_announced(open_site: OpenSite, content: Path, hub: Hub) -> None:
    site_yaml = (content / "site.yaml").read_text("utf-8")
    (content / "site.yaml").write_text(f"{site_yaml}feed: {{entries: 1}}\n", "utf-8")
    site = open_site()
    site.publish()
    wait_until_delivered(site)
    assert set(hub.delivered_topics) == ALL_FEEDS


def test_change_made_before_a_restart_is_announced(open_site: OpenSite, content: Path, hub: Hub) -> None:
    first = open_site()
    first.publish()
    wait_until_delivered(first)
    first.publisher.close()
    hub.delivered_topics.clear()
    newsroom.change_article(content, "Written at night.")
    second = open_site()
    second.publish()
    wait_until(lambda: len(hub.delivered_topics) >= 6)
    wait_until_delivered(second)
    assert hub.delivery_counts == dict.fromkeys((*ASIA_FEEDS, *SITE_FEEDS), 1)


def test_removed_hub_is_deleted_from_the_queue(open_site: OpenSite, content: Path, create_hub: HubFactory, hub: Hub) -> None:
    other_hub = create_hub()
    newsroom.write(content, hub.url, other_hub.url)
    site = open_site()
    site.publish()
    wait_until_delivered(site)
    newsroom.write(content, other_hub.url)
    site.publish()
    wait_until(lambda: len(other_hub.delivered_topics) == 18)  # every feed lists its hubs, so it has changed
    assert [hub_status.hub for hub_status in site.publisher.status().hubs] == [other_hub.url]
    newsroom.write(content, hub.url, other_hub.url)
    site.publish()
    wait_until(lambda: len(hub.delivered_topics) == 18)  # the hub counts as a new one
    wait_until_delivered(site)
    assert other_hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 3)


def test_removed_feed_is_deleted_from_the_queue(open_site: OpenSite, content: Path, state: Path, hub: Hub) -> None:
    site = open_site()
    site.publish()
    wait_until_delivered(site)
    (content / "articles" / "coin.yaml").unlink()
    (content / "categories.yaml").write_text("asia: {title: Asia}\n", "utf-8")
    site.publish()
    wait_until(lambda: len(hub.delivered_topics) == 12)
    with contextlib.closing(sqlite3.connect(state / "push.sqlite")) as rows:
        assert {topic for (topic,) in rows.execute("SELECT topic FROM delivery")} == {*ASIA_FEEDS, *SITE_FEEDS}


def test_changed_base_url_announces_all_feeds(open_site: OpenSite, content: Path, hub: Hub) -> None:
    site = open_site()
    site.publish()
    wait_until_delivered(site)
    site_yaml = (content / "site.yaml").read_text("utf-8")
    (content / "site.yaml").write_text(site_yaml.replace(BASE_URL, "https://new.example"), "utf-8")
    site.publish()
    wait_until(lambda: len(hub.delivered_topics) == 18)
    assert set(hub.delivered_topics[9:]) == {topic.replace(BASE_URL, "https://new.example") for topic in ALL_FEEDS}


def test_site_without_hubs_starts_no_thread(open_site: OpenSite, content: Path, state: Path) -> None:
    newsroom.write(content)
    site = open_site()
    site.publish("/")
    assert publisher_threads() == []
    assert not state.exists()
    assert site.publisher.status().hubs == ()
    assert not site.publisher.status().announcing


def test_close_while_a_hub_hangs_loses_no_delivery(open_site: OpenSite, hub: Hub) -> None:
    hub.default_responder = hub_module.hang
    site = open_site(timeout=TIMEOUT)
    site.publish()
    wait_until(lambda: hub.requests)
    start = time.monotonic()
    site.publisher.close(0.1)
    wait_until(lambda: publisher_threads() == [])
    assert time.monotonic() - start < TIMEOUT / 2
    [hub_status] = site.publisher.status().hubs
    assert (hub_status.waiting, hub_status.last_failure) == (9, None)  # the aborted delivery is no failure of the hub
    hub.default_responder = respond(202)
    hub.delivered_topics.clear()
    second_site = open_site()
    second_site.publish()
    wait_until_delivered(second_site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_unusable_state_folder_is_reported_once(
    open_site: OpenSite, state: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    state.write_text("in the way")
    site = open_site()
    site.publish()
    wait_until(lambda: caplog.records)
    site.publish()
    site.publisher.close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "hubs are not notified: " in caplog.text
    assert "push.sqlite: [Errno 17] File exists" in caplog.text
    assert hub.requests == []


def test_damaged_queue_file_is_recreated(open_site: OpenSite, state: Path, hub: Hub) -> None:
    state.mkdir()
    (state / "push.sqlite").write_bytes(b"SQLite format 3\x00 but not really " * 300)
    assert open_site().publisher.status().hubs == ()
    site = open_site()
    site.publish()
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_change_is_announced_after_the_delay_even_if_others_follow(content: Path, state: Path, hub: Hub) -> None:
    """A hub once fetched the old feed from the slower of two workers and notified no subscriber."""
    catalog = build_catalog(load_content(content), NOW)
    with contextlib.closing(Publisher(state, current_time, delay=1.0)) as publisher:
        start = time.monotonic()
        while not hub.delivered_topics:
            publisher.publish(catalog)
            time.sleep(0.1)
        assert 1.0 < time.monotonic() - start < TIMEOUT
        wait_until(lambda: len(hub.delivered_topics) == len(ALL_FEEDS))
