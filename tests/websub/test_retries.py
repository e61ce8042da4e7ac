"""Deliveries to failing hubs are retried, without delay for other hubs and feeds."""

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.websub.deliveries import Delivery, DeliveryTable
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult
from tests.audience.conftest import FakeClock
from tests.audience.waiting import wait_until
from tests.websub import hub as hub_module
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, wait_until_delivered
from tests.websub.hub import Hub, HubFactory, respond
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, BASE_URL, MONEY_FEEDS, SITE_FEEDS


def test_unreachable_hub_gets_every_feed_once_it_is_back(
    open_site: OpenSite, content: Path, create_hub: HubFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with hub_module.run_hub() as stopped_hub:
        port, address = stopped_hub.server_address[1], stopped_hub.url
    newsroom.write(content, address)
    site = open_site()
    site.publish()
    wait_until(lambda: any(hub_status.last_failure for hub_status in site.publisher.status().hubs))
    newsroom.change_article(content, "Changed again while it waits.")
    site.publish()
    [hub_status] = site.publisher.status().hubs
    assert (hub_status.hub, hub_status.waiting, hub_status.announced, hub_status.last_success) == (address, 9, 0, None)
    assert hub_status.last_failure
    assert hub_status.last_failure.what == "it cannot be reached (Connection refused)"
    assert hub_status.last_failure.next_try
    assert timedelta(0) < hub_status.last_failure.next_try - hub_status.last_failure.at <= timedelta(hours=1)
    restarted_hub = create_hub(port)
    wait_until_delivered(site)
    assert restarted_hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)
    [hub_status] = site.publisher.status().hubs
    assert (hub_status.waiting, hub_status.announced) == (0, 9)
    assert hub_status.last_success
    assert hub_status.last_failure
    assert hub_status.last_failure.next_try is None
    assert [record.getMessage() for record in caplog.records] == [
        f"feedsvc: notifications of the hub {address} are delayed: it cannot be reached (Connection refused)",
        f"feedsvc: the hub {address} accepts notifications again",
    ]


def test_hanging_hub_does_not_delay_another(open_site: OpenSite, content: Path, create_hub: HubFactory, hub: Hub) -> None:
    hanging_hub = create_hub()
    hanging_hub.default_responder = hub_module.hang
    newsroom.write(content, hanging_hub.url, hub.url)
    site = open_site(timeout=0.3)
    site.publish()
    wait_until(lambda: len(hub.delivered_topics) >= 9)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)
    assert hanging_hub.requests


def test_rejected_feed_is_retried_after_an_hour_without_delaying_others(
    open_site: OpenSite, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.responders_by_topic = dict.fromkeys(ASIA_FEEDS, respond(404))
    clock = FakeClock()
    site = open_site(clock=clock)
    site.publish()
    wait_until(lambda: len(hub.requests) >= 9)
    wait_until(lambda: [hub_status.waiting for hub_status in site.publisher.status().hubs] == [3])
    assert hub.delivery_counts == dict.fromkeys({*MONEY_FEEDS, *SITE_FEEDS}, 1)
    [hub_status] = site.publisher.status().hubs
    assert hub_status.last_failure
    assert hub_status.last_failure.what == "it responded with 404 Not Found"
    assert hub_status.last_failure.next_try
    assert timedelta(minutes=45) <= hub_status.last_failure.next_try - clock.now <= timedelta(hours=1)
    assert len(caplog.records) == 1  # one line for three feeds with the same reason
    hub.responders_by_topic = {}
    clock.advance(minutes=61)
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_retry_after_is_honoured(open_site: OpenSite, hub: Hub) -> None:
    clock = FakeClock()
    hub.next_responders += [respond(429, Retry_After="600")]
    site = open_site(clock=clock)
    site.publish()
    wait_until(lambda: any(hub_status.last_failure for hub_status in site.publisher.status().hubs))
    [hub_status] = site.publisher.status().hubs
    assert hub_status.last_failure
    assert hub_status.last_failure.next_try == clock.now + timedelta(minutes=10)
    clock.advance(minutes=9)
    threading.Event().wait(0.3)
    assert len(hub.requests) == 1
    clock.advance(minutes=2)
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_failing_feed_does_not_delay_other_feeds(open_site: OpenSite, hub: Hub) -> None:
    clock = FakeClock()
    hub.responders_by_topic = {ASIA_FEEDS[0]: respond(500)}
    site = open_site(clock=clock)
    site.publish()
    wait_until(lambda: len(hub.requests) >= 1)
    wait_until(lambda: any(hub_status.last_failure for hub_status in site.publisher.status().hubs))
    clock.advance(seconds=2)
    wait_until(lambda: len(hub.delivered_topics) >= 8)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS - {ASIA_FEEDS[0]}, 1)


def test_pauses_grow_while_a_hub_fails(open_site: OpenSite, hub: Hub) -> None:
    clock = FakeClock()
    hub.default_responder = respond(500)
    site = open_site(clock=clock)
    site.publish()
    pauses = []
    for tries in range(1, 15):
        wait_until(lambda: len(hub.requests) == tries)  # noqa: B023

        def next_try() -> datetime | None:
            [hub_status] = site.publisher.status().hubs
            failure = hub_status.last_failure
            return failure.next_try if failure and failure.at == clock.now and failure.next_try else None

        wait_until(next_try)
        [hub_status] = site.publisher.status().hubs
        assert hub_status.last_failure
        assert hub_status.last_failure.next_try
        pauses.append((hub_status.last_failure.next_try - clock.now).total_seconds())
        clock.advance(hours=2)
    assert pauses[:12] == sorted(pauses[:12])
    assert pauses[0] == 1
    assert pauses[12:] == [3600, 3600]


def test_feed_changed_repeatedly_while_pending_is_announced_once(open_site: OpenSite, content: Path, hub: Hub) -> None:
    clock = FakeClock()
    hub.next_responders += [respond(503, Retry_After="60")]
    site = open_site(clock=clock)
    site.publish()
    wait_until(lambda: any(hub_status.last_failure for hub_status in site.publisher.status().hubs))
    for text in ("one", "two", "three"):
        newsroom.change_article(content, text)
        site.publish()
    wait_until(lambda: site.publisher._stored is site.publisher._latest)
    clock.advance(minutes=2)
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_reverted_change_is_not_announced(open_site: OpenSite, content: Path, hub: Hub) -> None:
    site = open_site(clock=(clock := FakeClock()))
    site.publish()
    wait_until_delivered(site)
    requests_before = len(hub.requests)
    hub.next_responders += [respond(503, Retry_After="60")]
    newsroom.change_article(content, "A slip.")
    site.publish()
    wait_until(lambda: len(hub.requests) > requests_before)
    newsroom.write(content, hub.url)
    site.publish()
    wait_until_delivered(site)
    clock.advance(minutes=2)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_clock_set_back_makes_pending_deliveries_due(content: Path, state: Path, hub: Hub) -> None:
    with contextlib.closing(DeliveryTable(state / "push.sqlite")) as table:
        table.synchronize(load_content(content).site, {f"{BASE_URL}/feed.rss": "1"})
        future = datetime(2036, 1, 1, tzinfo=UTC).timestamp()
        [delivery] = table.pending(hub.url, future)
        outcome = DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it failed")
        failed = delivery.after(outcome, future, future + 1)
        table.store(failed)
        assert table.pending(hub.url, future) == []
        assert table.pending(hub.url, datetime(2026, 1, 1, tzinfo=UTC).timestamp()) == [failed]
    assert failed == Delivery(
        hub.url, f"{BASE_URL}/feed.rss", "1", attempts=1, due=future + 1, failed_at=future, failure="it failed"
    )
