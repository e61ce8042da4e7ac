"""The table of deliveries: which feeds are pending for which hub, and when a failed delivery is due again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.model import Site
from feedsvc.websub.deliveries import Delivery, DeliveryTable, pause, read_hub_statuses
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult
from tests.websub import newsroom
from tests.websub.newsroom import BASE_URL

ONE, OTHER = "https://one.example/", "https://other.example/"
A, B = f"{BASE_URL}/feed.rss", f"{BASE_URL}/feed.atom"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
DELIVERED = DeliveryOutcome(result=DeliveryResult.DELIVERED)
DEFERRED = DeliveryOutcome(result=DeliveryResult.DEFERRED, reason="it failed")
REJECTED = DeliveryOutcome(result=DeliveryResult.REJECTED, reason="no")


@pytest.fixture
def table(state: Path) -> Iterator[DeliveryTable]:
    with closing(DeliveryTable(state / "push.sqlite")) as table:
        yield table


def site(folder: Path, *hubs: str, base_url: str = "") -> Site:
    return load_content(newsroom.write(folder / "site", *hubs), base_url).site


def pending(table: DeliveryTable, hub: str = ONE, now: float = NOON) -> list[str]:
    return [delivery.topic for delivery in table.pending(hub, now)]


def deliver(table: DeliveryTable, *hubs: str) -> None:
    """Deliver what is pending for the hubs."""
    for delivery in [delivery for hub in hubs or (ONE,) for delivery in table.pending(hub, NOON)]:
        table.store(delivery.after(DELIVERED, NOON, 0.0))


def test_new_and_changed_feeds_are_pending_for_each_hub_until_they_are_delivered(table: DeliveryTable, tmp_path: Path) -> None:
    hubs = site(tmp_path, ONE, OTHER)
    assert table.synchronize(hubs, {A: "1", B: "1"}) == {A, B}
    assert pending(table, ONE) == pending(table, OTHER) == [B, A]
    deliver(table, ONE, OTHER)
    assert table.synchronize(hubs, {A: "2", B: "1"}) == {A}
    assert pending(table, ONE) == pending(table, OTHER) == [A]
    assert table.synchronize(hubs, {A: "1", B: "1"}) == {A}, "a change that is taken back"
    assert table.pending_topics() == frozenset()
    assert table.synchronize(hubs, {A: "1", B: "1"}, includes_unchanged=True) == {A, B}
    assert pending(table, OTHER) == [B, A]


def test_removed_hubs_and_feeds_are_deleted_and_count_as_new_later(table: DeliveryTable, tmp_path: Path, state: Path) -> None:
    both, one = site(tmp_path, ONE, OTHER), site(tmp_path, ONE)
    table.synchronize(both, {A: "1", B: "1"})
    deliver(table, ONE, OTHER)
    assert table.synchronize(one, {A: "1"}) == {A, B}
    assert [(status.hub, status.announced) for status in read_hub_statuses(state / "push.sqlite", both)] == [(ONE, 1)]
    table.synchronize(both, {A: "1", B: "1"})
    assert (pending(table, ONE), pending(table, OTHER)) == ([B], [B, A])


def test_each_base_url_has_its_own_rows(table: DeliveryTable, tmp_path: Path) -> None:
    here, elsewhere = site(tmp_path, ONE), site(tmp_path, ONE, base_url="https://new.example")
    table.synchronize(here, {A: "1"})
    deliver(table)
    assert table.synchronize(elsewhere, {"https://new.example/feed.rss": "1"}) == {"https://new.example/feed.rss"}
    deliver(table)
    assert table.synchronize(here, {A: "1"}) == frozenset()
    assert table.synchronize(elsewhere, {"https://new.example/feed.rss": "1"}) == frozenset()


def test_local_base_url_is_announced_to_local_hubs_only_and_keeps_the_rows_of_others(
    table: DeliveryTable, tmp_path: Path
) -> None:
    local, topic = "http://hub.localhost/", "http://127.0.0.1:8000/feed.rss"
    table.synchronize(site(tmp_path, ONE), {A: "1"})
    deliver(table)
    table.synchronize(site(tmp_path, ONE, local, base_url="http://127.0.0.1:8000"), {topic: "1"})
    assert (pending(table, ONE), pending(table, local)) == ([], [topic])
    assert table.synchronize(site(tmp_path, ONE), {A: "1"}) == frozenset()


def test_failed_feed_comes_after_others_and_is_due_again_after_its_pause(table: DeliveryTable, tmp_path: Path) -> None:
    hubs = site(tmp_path, ONE)
    table.synchronize(hubs, {A: "1", B: "1"})
    table.store(table.pending(ONE, NOON)[0].after(DEFERRED, NOON, 0.0))
    assert (pending(table), pending(table, now=NOON + 1)) == ([A], [A, B])
    table.synchronize(hubs, {A: "1", B: "2"})
    table.synchronize(hubs, {A: "1", B: "3"})
    assert pending(table) == [A], "a change while it waits does not hasten it"
    assert table.pending(ONE, NOON + 1)[1].digest == "3"


def test_clock_set_back_makes_pending_deliveries_due(table: DeliveryTable, tmp_path: Path) -> None:
    table.synchronize(site(tmp_path, ONE), {A: "1"})
    future = datetime(2036, 1, 1, tzinfo=UTC).timestamp()
    failed = table.pending(ONE, future)[0].after(DEFERRED, future, future + 1)
    table.store(failed)
    assert failed == Delivery(ONE, A, "1", attempts=1, due=future + 1, failed_at=future, failure="it failed")
    assert (table.pending(ONE, future), table.pending(ONE, NOON)) == ([], [failed])


@pytest.mark.parametrize(("outcome", "first", "longest"), [(DEFERRED, 1, 3600), (REJECTED, 3600, 86_400)])
def test_pauses_double_up_to_the_longest_and_are_as_long_as_retry_after(
    outcome: DeliveryOutcome, first: float, longest: float
) -> None:
    pauses = [pause(outcome, failures) for failures in range(1, 20)]
    assert pauses == [min(first * 2**failures, longest) for failures in range(19)]
    assert pause(outcome, 10**9) == longest
    asked = DeliveryOutcome(result=outcome.result, retry_after=100_000)
    assert Delivery(ONE, A).after(asked, NOON, 0.0).due == NOON + 100_000
    assert Delivery(ONE, A).after(outcome, NOON, NOON + 200_000).due == NOON + 200_000, "the pause of the hub"
