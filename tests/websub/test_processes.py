"""Publisher processes: killed during deliveries, and taking over from each other."""

from pathlib import Path

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.websub.deliveries import read_hub_statuses
from tests.audience.waiting import wait_until
from tests.websub import hub as hub_module
from tests.websub import newsroom
from tests.websub.hub import Hub
from tests.websub.newsroom import ALL_FEEDS, ASIA_FEEDS, MONEY_FEEDS, SITE_FEEDS
from tests.websub.publisher_process import run_publisher_process


def pending_counts(content: Path, state: Path) -> list[int]:
    return [hub.waiting for hub in read_hub_statuses(state / "push.sqlite", load_content(content).site)]


@pytest.mark.parametrize("deliveries_before", [0, 1, 4, 8])
def test_killed_publisher_repeats_only_the_delivery_in_progress(
    content: Path, state: Path, hub: Hub, deliveries_before: int
) -> None:
    hub.next_responders += [hub.default_responder] * deliveries_before + [hub_module.hang]
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
