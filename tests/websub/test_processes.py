"""Announcers in processes of their own: killed in the middle, and taking over from one another."""

from pathlib import Path

import pytest

from feedsvc.websub import status
from tests.audience.waiting import until
from tests.websub import hub as hubs_
from tests.websub import newsroom
from tests.websub.hub import Hub
from tests.websub.newsroom import ALL, ASIA, BASE, MONEY, SITE
from tests.websub.publisher_process import announcing


def waiting(state: Path) -> list[int]:
    return [hub.waiting for hub in status.read_hub_statuses(state / "push.sqlite", f"{BASE}/")]


@pytest.mark.parametrize("before", [0, 1, 4, 8])
def test_a_kill_in_the_middle_repeats_at_most_the_one_in_flight(content: Path, state: Path, hub: Hub, before: int) -> None:
    hub.next += [hub.always] * before + [hubs_.hang]
    with announcing(content, state) as server:
        until(lambda: len(hub.asked) == before + 1)
        server.kill()
    in_flight = hub.asked[-1].topic
    with announcing(content, state) as server:
        until(lambda: waiting(state) == [0])
        server.end()
    asked = [heard.topic for heard in hub.asked]
    assert {topic: asked.count(topic) for topic in ALL} == {topic: 1 + (topic == in_flight) for topic in ALL}


def test_after_a_kill_nothing_unchanged_is_announced_again(content: Path, state: Path, hub: Hub) -> None:
    with announcing(content, state) as server:
        until(lambda: waiting(state) == [0])
        server.kill()
    newsroom.correct(content, "Changed while down.")
    with announcing(content, state) as server:
        until(lambda: len(hub.told) >= 15)
        until(lambda: waiting(state) == [0])
        server.end()
    assert hub.counts == {**dict.fromkeys((*ASIA, *SITE), 2), **dict.fromkeys(MONEY, 1)}


def test_of_two_processes_one_announces_and_the_other_takes_over(content: Path, state: Path, hub: Hub) -> None:
    with announcing(content, state) as one:
        until(lambda: waiting(state) == [0])
        with announcing(content, state) as other:
            newsroom.correct(content, "Both hear of it.")
            one.publish()
            other.publish()
            until(lambda: len(hub.told) >= 15)
            until(lambda: waiting(state) == [0])
            one.kill()
            newsroom.correct(content, "Only one is left.")
            other.publish()
            until(lambda: len(hub.told) >= 21)
            until(lambda: waiting(state) == [0])
            other.end()
    assert hub.counts == {**dict.fromkeys((*ASIA, *SITE), 3), **dict.fromkeys(MONEY, 1)}


def test_who_takes_over_announces_what_the_killed_one_could_not(content: Path, state: Path, hub: Hub) -> None:
    hub.next += [hub.always] * 3 + [hubs_.hang]
    with announcing(content, state) as one:
        until(lambda: len(hub.asked) == 4)
        with announcing(content, state) as other:
            one.kill()
            until(lambda: waiting(state) == [0])
            other.end()
    assert set(hub.told) == ALL
    assert len(hub.asked) == 10
