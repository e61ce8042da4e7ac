"""Test predictions of what subscribers see once their readers get another document."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from feedsvc.editing.comparison import ChangeKind
from feedsvc.editing.former_feeds import FeedReplay, replay, summary, text_lines
from feedsvc.importing.feed_document import FeedDocument, FeedItem, FeedKind


def item(number: int, **changes: Any) -> FeedItem:
    base = FeedItem(
        place=f"old.xml, item {number}, line {number}",
        id=f"id-{number}",
        link=f"https://a.example/{number}",
        address=f"https://a.example/{number}",
        title=f"Story {number}",
        published=datetime(2026, 1, number, tzinfo=UTC),
        published_text=f"2026-01-{number:02}",
        content=f"<p>{number}</p>",
    )
    return replace(base, **changes)


def replayed(
    former: list[FeedItem], current: list[FeedItem], *, limit: int = 50, kind: FeedKind = FeedKind.RSS, known: Any = None
) -> FeedReplay:
    documents = [FeedDocument(kind=kind, place="old.xml", items=tuple(items)) for items in (former, current)]
    known_articles = known if known is not None else {one.id: "" for one in current}
    return replay(*documents, name="site", known_articles=known_articles, limit=limit)


def lines(result: FeedReplay, *, every: bool = False) -> list[str]:
    return list(text_lines(result, every=every))


def numbers(*wanted: int) -> list[FeedItem]:
    return [item(number) for number in wanted]


def test_other_links_are_new_only_in_readers_that_go_by_links() -> None:
    result = replayed(numbers(2, 1), [item(n, link=f"https://b.example/{n}", address=f"https://b.example/{n}") for n in (2, 1)])
    assert summary(result) == "0 of 2 entries are shown again as new; 2 in sfeed, by title and link"
    assert result.changes[0].reason == "it goes by its id, title and link"
    assert not result.has_errors
    assert result.has_warnings


def test_changed_text_is_sent_again_by_rss2email() -> None:
    result = replayed(numbers(2, 1), [item(2, content="<p>other</p>"), item(1)])
    assert summary(result) == "0 of 2 entries are shown again as new; 1 shown as changed in rss2email"
    assert not result.has_errors
    assert result.has_warnings


def test_longer_feed_brings_up_old_entries_and_the_report_says_which_number_to_write() -> None:
    result = replayed(numbers(5, 4), numbers(5, 4, 3, 2))
    assert summary(result) == "2 of 4 entries are shown again as new"
    assert result.changes[0].reason == (
        "it is older than the newest entry of the former feed, and was not in it, which has 4 entries instead of 2"
    )
    assert lines(result)[-2] == "  write feed: {entries: 2} in site.yaml, the number of the former feed"


def test_longer_feed_of_a_listing_gets_a_hint_that_its_file_accepts() -> None:
    result = replayed(numbers(5, 4), numbers(5, 4, 3, 2))
    hints = {
        name: lines(replace(result, name=name))[-2].strip()
        for name in ("custom/world", "category/asia", "tag/bridges", "language/de")
    }
    assert hints == {
        "custom/world": "write entries: 2 below world in feeds.yaml, the number of the former feed",
        "category/asia": "write feed: {entries: 2} below asia in categories.yaml, the number of the former feed",
        "tag/bridges": "write feed: {entries: 2} below bridges in tags.yaml, the number of the former feed",
        "language/de": "write feed: {entries: 2} in site.yaml, the number of the former feed",
    }


def test_shorter_feed_names_what_is_no_longer_in_it() -> None:
    result = replayed(numbers(4, 3, 2, 1), numbers(4, 3), limit=2, known=dict.fromkeys(("id-4", "id-3", "id-2", "id-1"), ""))
    assert summary(result) == "0 of 2 entries are shown again as new; 2 gone"
    assert {one.reason for one in result.of(ChangeKind.REMOVED)} == {"the feed has 2 entries instead of 4"}


def test_entries_that_newer_ones_push_out_of_a_full_feed_do_not_vanish() -> None:
    result = replayed(numbers(3, 2, 1), numbers(4, 3, 2), limit=3, known={f"id-{number}": "" for number in range(1, 5)})
    assert summary(result) == "0 of 3 entries are shown again as new; 1 newer than the former feed"
    assert not result.has_errors
    assert not result.has_warnings


def test_vanished_entries_have_their_reasons() -> None:
    known = {"id-3": "", "id-2": "its article was withdrawn", "id-1": ""}
    result = replayed(numbers(4, 3, 2, 1), numbers(5), limit=50, known=known)
    assert {one.id: one.reason for one in result.of(ChangeKind.REMOVED)} == {
        "id-4": "no article has the id 'id-4'",
        "id-3": "its article is not in this feed",
        "id-2": "its article was withdrawn",
        "id-1": "its article is not in this feed",
    }


def test_ids_that_are_gained_are_new_only_where_the_link_was_not_enough() -> None:
    former = [item(n, id="") for n in (2, 1)]
    result = replayed(former, [item(n, id=f"https://a.example/{n}") for n in (2, 1)])
    [first] = [one for one in result.changes if one.title == "Story 2" and one.kind is ChangeKind.NEW]
    assert first.readers == ("newsboat", "rss2email", "feed2exec", "sfeed", "NetNewsWire")
    assert first.reason == "its id was '' and is 'https://a.example/2'"
    assert summary(result).startswith(
        "2 of 2 entries are shown again as new in newsboat, rss2email, feed2exec, sfeed, NetNewsWire"
    )


def test_readers_that_do_not_read_the_format_are_left_out() -> None:
    assert replayed(numbers(1), numbers(1), kind=FeedKind.JSON).readers == ("miniflux", "reader", "NetNewsWire", "FreshRSS")


def test_feed_with_duplicate_ids_counts_each_once() -> None:
    result = replayed([], [item(1), item(1, content="<p>Twin</p>")])
    assert len(result.of(ChangeKind.RECENT)) == 1


def test_text_lists_twelve_entries_unless_all_are_asked_for() -> None:
    result = replayed([], [])
    assert lines(result) == ["old.xml, RSS feed of 0 entries, against the feed of site:", "0 of 0 entries are shown again as new"]
    result = replayed(numbers(*range(20, 0, -1)), [item(number, id=f"x{number}") for number in range(20, 0, -1)])
    assert "  + and 8 more; --all lists them" in lines(result)
    assert len(lines(result, every=True)) == 22


def test_control_characters_of_a_foreign_title_do_not_reach_the_terminal() -> None:
    result = replayed(numbers(1), [item(1, id="x", title="\x1b[31mRed\x07")])
    assert not any("\x1b" in line or "\x07" in line for line in lines(result))


def test_entry_that_an_article_of_the_same_date_pushes_out_of_a_full_feed_is_not_gone() -> None:
    double = item(2, id="double", link="https://a.example/2-2", address="https://a.example/2-2")
    result = replayed(numbers(2, 1), [item(2), double], limit=2, known=dict.fromkeys(("id-2", "id-1", "double"), ""))
    assert result.of(ChangeKind.REMOVED) == ()


def weekly(number: int, **changes: Any) -> FeedItem:
    return item(number, title="The week", **changes)


def test_newest_article_of_a_series_with_one_title_is_newer_than_the_former_feed_and_no_error() -> None:
    known = {f"id-{number}": "" for number in range(1, 5)}
    result = replayed([weekly(3), weekly(2), weekly(1)], [weekly(4), weekly(3), weekly(2)], limit=3, known=known)
    assert summary(result) == "0 of 3 entries are shown again as new; 1 newer than the former feed"
    assert not result.has_errors


def test_articles_of_a_series_that_got_other_ids_are_new_and_the_former_ones_gone() -> None:
    moved = [weekly(n, id=f"new-{n}", link=f"https://a.example/w{n}", address=f"https://a.example/w{n}") for n in (3, 2, 1)]
    result = replayed([weekly(3), weekly(2), weekly(1)], moved)
    assert summary(result).startswith("3 of 3 entries are shown again as new")
    assert len(result.of(ChangeKind.REMOVED)) == 3
