"""The publisher notifies hubs of changed feeds, in its thread, also after failures, restarts and kills."""

import contextlib
import logging
import time
from datetime import timedelta
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.websub.deliveries import read_hub_statuses
from feedsvc.websub.publisher import Publisher
from tests.audience.conftest import FakeClock
from tests.audience.waiting import TIMEOUT, wait_until
from tests.helpers.newsrooms import NOW
from tests.websub import newsroom
from tests.websub.conftest import OpenSite, current_time, publisher_threads, wait_until_delivered, wait_until_failed
from tests.websub.hub import Handler, Hub, HubFactory, hang, respond, run_hub
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, MONEY_FEEDS, SITE_FEEDS
from tests.websub.publisher_process import run_publisher_process


def test_change_is_announced_once_to_each_hub(open_site: OpenSite, content: Path, create_hub: HubFactory, hub: Hub) -> None:
    hubs = (hub, create_hub())
    site_yaml = newsroom.write(content, *(one.url for one in hubs)) / "site.yaml"
    site_yaml.write_text(f"{site_yaml.read_text('utf-8')}feed: {{entries: 1}}\n", "utf-8")
    site = open_site()
    site.publish()
    wait_until(lambda: all(len(one.delivered_topics) == 9 for one in hubs))
    wait_until_delivered(site)
    assert [set(one.delivered_topics) for one in hubs] == [ALL_FEEDS] * 2  # and no archives
    newsroom.change_article(content, "Another text.")
    site.publish()
    wait_until(lambda: all(len(one.delivered_topics) == 12 for one in hubs))
    wait_until_delivered(site)
    site.publish()
    wait_until(lambda: site.publisher._stored is site.publisher._latest)
    assert [sorted(one.delivered_topics[9:]) for one in hubs] == [sorted(ASIA_FEEDS)] * 2


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


@pytest.mark.parametrize(("hubs", "base_url"), [((), ""), (("https://hub.invalid/",), "http://127.0.0.1:8000")])
def test_site_without_a_hub_that_can_reach_it_starts_no_thread_and_hinders_no_ping(
    open_site: OpenSite, content: Path, state: Path, hubs: tuple[str, ...], base_url: str
) -> None:
    newsroom.write(content, *hubs)
    site = open_site()
    site.publish("/", base_url=base_url)
    assert publisher_threads() == []
    assert not state.exists()
    assert site.publisher.status().hubs == ()
    assert not site.publisher.status().announcing


def test_close_while_a_hub_hangs_loses_no_delivery(open_site: OpenSite, hub: Hub) -> None:
    hub.default_responder = hang
    site = open_site(timeout=10 * TIMEOUT)
    site.publish()
    wait_until(lambda: hub.requests)
    site.publisher.close(0.1)
    wait_until(lambda: publisher_threads() == [])
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
    site = open_site()
    assert site.publisher.status().hubs == ()
    site.publish()
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_change_is_announced_after_the_delay_even_if_others_follow(content: Path, state: Path, hub: Hub) -> None:
    """A hub once fetched the old feed from the slower of two workers and notified no subscriber."""
    catalog = build_catalog(load_content(content), NOW)
    with contextlib.closing(Publisher(state, current_time, delay=0.5)) as publisher:
        start = time.monotonic()

        def publish_again() -> bool:
            publisher.publish(catalog)
            return bool(hub.delivered_topics)

        wait_until(publish_again)
        assert time.monotonic() - start > 0.5


# --- Failures ----------------------------------------------------------------------------------------------------------


def test_unreachable_hub_gets_every_feed_once_it_is_back(
    open_site: OpenSite, content: Path, create_hub: HubFactory, caplog: pytest.LogCaptureFixture
) -> None:
    with run_hub() as stopped_hub:
        port, address = stopped_hub.server_address[1], stopped_hub.url
    newsroom.write(content, address)
    site = open_site()
    site.publish()
    wait_until_failed(site)
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
    hanging_hub.default_responder = hang
    newsroom.write(content, hanging_hub.url, hub.url)
    open_site(timeout=1).publish()
    wait_until(lambda: set(hub.delivered_topics) == ALL_FEEDS and hanging_hub.requests)


def test_rejected_feed_is_tried_again_after_an_hour_without_delaying_others(
    open_site: OpenSite, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.responders_by_topic = dict.fromkeys(ASIA_FEEDS, respond(404))
    clock = FakeClock()
    site = open_site(clock=clock)
    site.publish()
    wait_until(lambda: len(hub.requests) >= 9)
    wait_until(lambda: [hub_status.waiting for hub_status in site.publisher.status().hubs] == [3])
    assert hub.delivery_counts == dict.fromkeys({*MONEY_FEEDS, *SITE_FEEDS}, 1)
    failure = wait_until_failed(site).last_failure
    assert failure
    assert (failure.what, failure.next_try) == ("it responded with 404 Not Found", clock.now + timedelta(hours=1))
    hub.responders_by_topic = {}
    clock.advance(minutes=61)
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)
    assert len(caplog.records) == 1


def test_changing_reasons_of_a_hub_do_not_flood_the_log(
    open_site: OpenSite, content: Path, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    def responder(handler: Handler) -> None:
        respond(307, Location=f"https://x.example/{len(hub.requests)}")(handler)

    hub.default_responder = responder
    open_site(timeout=TIMEOUT).publish()
    wait_until(lambda: {request.topic for request in hub.requests} == ALL_FEEDS)
    [record] = caplog.records
    assert "it responded with 307 Temporary Redirect to 'https://x.example/1'" in record.getMessage()
    assert record.getMessage().endswith("; further refusals are on /status only")


def test_failure_of_a_hub_stops_its_batch_until_the_pause_is_over(open_site: OpenSite, hub: Hub) -> None:
    clock = FakeClock()
    hub.next_responders += [respond(429, Retry_After="600")]
    site = open_site(clock=clock)
    site.publish()
    failure = wait_until_failed(site).last_failure
    assert failure
    assert failure.next_try == clock.now + timedelta(minutes=10)
    clock.advance(minutes=9)
    site.publish()
    wait_until(lambda: site.publisher._stored is site.publisher._latest)
    assert len(hub.requests) == 1
    clock.advance(minutes=2)
    wait_until_delivered(site)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS, 1)


def test_feed_that_fails_alone_does_not_delay_other_feeds(open_site: OpenSite, hub: Hub) -> None:
    clock = FakeClock()
    hub.responders_by_topic = {ASIA_FEEDS[0]: respond(500)}
    site = open_site(clock=clock)
    site.publish()
    wait_until_failed(site)
    clock.advance(seconds=2)
    wait_until(lambda: len(hub.delivered_topics) >= 8)
    assert hub.delivery_counts == dict.fromkeys(ALL_FEEDS - {ASIA_FEEDS[0]}, 1)


# --- Processes ---------------------------------------------------------------------------------------------------------


def pending_counts(content: Path, state: Path) -> list[int]:
    return [hub.waiting for hub in read_hub_statuses(state / "push.sqlite", load_content(content).site)]


@pytest.mark.parametrize("deliveries_before", [0, 4, 8])
def test_killed_publisher_repeats_only_the_delivery_in_progress(
    content: Path, state: Path, hub: Hub, deliveries_before: int
) -> None:
    hub.next_responders += [hub.default_responder] * deliveries_before + [hang]
    with run_publisher_process(content, state) as server:
        wait_until(lambda: len(hub.requests) == deliveries_before + 1)
        server.kill()
    topic_in_progress = hub.requests[-1].topic
    with run_publisher_process(content, state) as server:
        wait_until(lambda: pending_counts(content, state) == [0])
        server.stop()
    topics = [request.topic for request in hub.requests]
    assert {topic: topics.count(topic) for topic in ALL_FEEDS} == {topic: 1 + (topic == topic_in_progress) for topic in ALL_FEEDS}


def test_second_publisher_takes_over_after_a_kill(content: Path, state: Path, hub: Hub) -> None:
    with run_publisher_process(content, state) as first:
        wait_until(lambda: pending_counts(content, state) == [0])
        with run_publisher_process(content, state) as second:
            newsroom.change_article(content, "Both hear of it.")
            first.publish()
            second.publish()
            wait_until(lambda: len(hub.delivered_topics) >= 15)
            wait_until(lambda: pending_counts(content, state) == [0])
            first.kill()
            newsroom.change_article(content, "Only one is left.")
            second.publish()
            wait_until(lambda: len(hub.delivered_topics) >= 21)
            wait_until(lambda: pending_counts(content, state) == [0])
            second.stop()
    assert hub.delivery_counts == {**dict.fromkeys((*ASIA_FEEDS, *SITE_FEEDS), 3), **dict.fromkeys(MONEY_FEEDS, 1)}
