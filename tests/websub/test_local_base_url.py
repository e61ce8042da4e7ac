"""A preview on this machine, with a local base_url, changes no records of remote hubs."""

import contextlib
import sqlite3
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.uris import absolute
from feedsvc.websub.deliveries import DeliveryTable
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult
from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import NOW
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, publisher_threads, wait_until_delivered
from tests.websub.hub import Hub
from tests.websub.newsroom import ALL_FEEDS, BASE_URL

REMOTE_HUB = "https://hub.invalid/"


def store_deliveries(content: Path, state: Path) -> None:
    """Store deliveries of all nine feeds to the remote hub."""
    newsroom.write(content, REMOTE_HUB)
    catalog = build_catalog(load_content(content), NOW)
    with contextlib.closing(DeliveryTable(state / "push.sqlite")) as table:
        digests = {absolute(BASE_URL, path): digest for path, digest in FeedDigests().compute(catalog).items()}
        table.synchronize(catalog.site, digests)
        for delivery in table.pending(REMOTE_HUB, NOW.timestamp()):
            table.store(delivery.after(DeliveryOutcome(result=DeliveryResult.DELIVERED), NOW.timestamp(), 0.0))


def delivered_to_remote_hub(state: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(state / "push.sqlite")) as rows:
        query = "SELECT topic FROM delivery WHERE hub = ? AND digest = delivered_digest"
        return {topic for (topic,) in rows.execute(query, (REMOTE_HUB,))}


def test_local_base_url_keeps_the_records_of_remote_hubs(open_site: OpenSite, content: Path, state: Path) -> None:
    store_deliveries(content, state)
    site = open_site()
    site.publish(base_url="http://127.0.0.1:8000")
    assert publisher_threads() == []  # so that a ping is not refused meanwhile
    assert site.publisher.status().hubs == ()
    assert delivered_to_remote_hub(state) == ALL_FEEDS


def test_local_base_url_is_announced_to_local_hubs_only(open_site: OpenSite, content: Path, state: Path, hub: Hub) -> None:
    store_deliveries(content, state)
    newsroom.write(content, REMOTE_HUB, hub.url)
    site = open_site()
    site.publish(base_url="http://127.0.0.1:8000")
    wait_until(lambda: len(hub.delivered_topics) == 9)
    wait_until_delivered(site)
    assert [hub_status.hub for hub_status in site.publisher.status().hubs] == [hub.url]
    assert delivered_to_remote_hub(state) == ALL_FEEDS
