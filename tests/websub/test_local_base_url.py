"""A preview on this machine, with a local base_url, changes no records of remote hubs."""

import contextlib
import sqlite3
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.uris import absolute
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.queue import DeliveryQueue
from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import NOW
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, publisher_threads, wait_until_delivered
from tests.websub.hub import Hub
from tests.websub.newsroom import ALL_FEEDS, BASE_URL

REMOTE_HUB = "https://hub.invalid/"


def store_delivered_queue(content: Path, state: Path) -> None:
    """Store a queue in which the remote hub has received all nine feeds."""
    newsroom.write(content, REMOTE_HUB)
    catalog = build_catalog(load_content(content), NOW)
    with contextlib.closing(DeliveryQueue(state / "push.sqlite")) as queue:
        queue.synchronize(
            HubSelection(base_url=BASE_URL, site_hubs=(REMOTE_HUB,)),
            {absolute(BASE_URL, path): digest for path, digest in FeedDigests().compute(catalog).items()},
        )
        for feed in queue.pending_deliveries(REMOTE_HUB):
            queue.mark_delivered(REMOTE_HUB, feed, NOW.timestamp())


def delivered_to_remote_hub(state: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(state / "push.sqlite")) as rows:
        return {
            topic
            for (topic,) in rows.execute("SELECT topic FROM announced_feed WHERE hub = ? AND wanted = announced", (REMOTE_HUB,))
        }


def test_local_base_url_keeps_the_records_of_remote_hubs(open_site: OpenSite, content: Path, state: Path) -> None:
    store_delivered_queue(content, state)
    site = open_site()
    site.publish(base_url="http://127.0.0.1:8000")
    assert publisher_threads() == []  # so that a ping is not refused meanwhile
    assert site.publisher.status().hubs == ()
    assert delivered_to_remote_hub(state) == ALL_FEEDS


def test_local_base_url_is_announced_to_local_hubs_only(open_site: OpenSite, content: Path, state: Path, hub: Hub) -> None:
    store_delivered_queue(content, state)
    newsroom.write(content, REMOTE_HUB, hub.url)
    site = open_site()
    site.publish(base_url="http://127.0.0.1:8000")
    wait_until(lambda: len(hub.delivered_topics) == 9)
    wait_until_delivered(site)
    assert [hub_status.hub for hub_status in site.publisher.status().hubs] == [hub.url]
    assert delivered_to_remote_hub(state) == ALL_FEEDS
