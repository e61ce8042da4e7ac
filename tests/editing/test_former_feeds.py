"""Test which of the folder's feeds takes the place of a former one, and comparisons of whole folders with former feeds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import load_content
from feedsvc.editing.comparison import ChangeKind
from feedsvc.editing.former_feeds import FeedReplay, FormerFeed, compare_former_feeds, parse_former_feed, summary
from feedsvc.errors import FeedsvcError
from feedsvc.feeds import FORMATS, EntryCache, build_feed
from feedsvc.routes import ListingRef
from feedsvc.support.http import HostAccess
from tests.conftest import Newsroom

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def article(number: int, **fields: str) -> str:
    lines = {
        "id": f"tag:news.example,2026:{number}",
        "title": f"Story {number}",
        "published": f"2026-02-{number:02}T09:30:00Z",
        "category": "asia" if number % 2 else "sport",
        "summary": f"In short, {number}.",
        "body": f"The text of {number}.",
        **fields,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def articles(*numbers: int) -> dict[str, str | bytes]:
    return {f"articles/story-{number}.yaml": article(number) for number in numbers}


def catalog_of(root: Path) -> Catalog:
    return build_catalog(load_content(root), NOW)


def feed_of(catalog: Catalog, suffix: str, ref: ListingRef | None = None) -> bytes:
    listing, feed_format = catalog.listings[ref or ListingRef()], FORMATS[suffix]
    return feed_format.render(build_feed(listing, EntryCache(catalog), suffix, feed_format.media_type))


def compared(catalog: Catalog, *former: str | Path) -> tuple[FeedReplay, ...]:
    return compare_former_feeds(catalog, [parse_former_feed(str(one)) for one in former], HostAccess())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("old.xml", FormerFeed(where="old.xml")),
        ("https://old.example/?feed=rss2", FormerFeed(where="https://old.example/?feed=rss2")),
        ("site=https://old.example/?a=b", FormerFeed(where="https://old.example/?a=b", listing=ListingRef())),
        ("category/asia=old.xml", FormerFeed(where="old.xml", listing=ListingRef("category", "asia"))),
        ("custom/wire=a=b.xml", FormerFeed(where="a=b.xml", listing=ListingRef("custom", "wire"))),
        ("tag/한국=old.xml", FormerFeed(where="old.xml", listing=ListingRef("tag", "한국"))),
        ("category=old.xml", FormerFeed(where="category=old.xml")),
        ("site/x=old.xml", FormerFeed(where="site/x=old.xml")),
        ("./category/asia=old.xml", FormerFeed(where="./category/asia=old.xml")),
    ],
)
def test_names_of_listings_before_former_feeds(text: str, expected: FormerFeed) -> None:
    assert parse_former_feed(text) == expected


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_feed_compared_with_itself_changes_nothing(newsroom: Newsroom, tmp_path: Path, suffix: str) -> None:
    catalog = catalog_of(newsroom(articles(3, 2, 1)))
    (tmp_path / "old").write_bytes(feed_of(catalog, suffix))
    [replay] = compared(catalog, tmp_path / "old")
    assert (replay.name, replay.changes, len(replay.current.items)) == ("site", (), 3)
    assert replay.former.kind is replay.current.kind


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_move_to_another_domain_keeps_every_entry_in_readers_by_id(newsroom: Newsroom, tmp_path: Path, suffix: str) -> None:
    root = newsroom(articles(3, 2, 1))
    (tmp_path / "old").write_bytes(feed_of(catalog_of(root), suffix))
    site = root / "site.yaml"
    site.write_text(site.read_text().replace("https://news.example", "https://moved.example"))
    [replay] = compared(catalog_of(root), tmp_path / "old")
    assert not replay.has_errors
    expected = "" if suffix == "json" else "; 3 in sfeed, by title and link"
    assert summary(replay) == f"0 of 3 entries are shown again as new{expected}"


def test_hidden_draft_and_removed_articles_vanish_each_with_its_reason_and_a_withdrawn_one_changes(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    root = newsroom(articles(5, 4, 3, 2, 1))
    (tmp_path / "old").write_bytes(feed_of(catalog_of(root), "rss"))
    folder = root / "articles"
    (folder / "story-1.yaml").write_text(article(1, status="withdrawn", withdrawn="{date: 2026-02-20, notice: Wrong.}"))
    (folder / "story-2.yaml").write_text(article(2, status="draft"))
    (folder / "story-3.yaml").write_text(article(3, expires="2026-02-20T00:00:00Z"))
    (folder / "story-4.yaml").unlink()
    (folder / "story-5.yaml").write_text(article(5, status="withdrawn", withdrawn="{date: 2036-02-20, notice: Wrong.}"))
    [replay] = compared(catalog_of(root), tmp_path / "old")
    assert {one.id.rpartition(":")[2]: one.reason for one in replay.of(ChangeKind.REMOVED)} == {
        "2": "its article is a draft",
        "3": "its article has expired",
        "4": "no article has the id 'tag:news.example,2026:4'",
        "5": "its article is hidden until its withdrawal",
    }
    assert [(one.title, one.id) for one in replay.of(ChangeKind.CHANGED)] == [
        ("This article was withdrawn", "tag:news.example,2026:1")
    ]


def test_feed_of_a_listing_is_found_by_name_by_alias_and_by_its_address(newsroom: Newsroom, tmp_path: Path) -> None:
    catalog = catalog_of(
        newsroom({**articles(4, 3, 2, 1), "categories.yaml": "asia: {title: A, aliases: [east]}\nsport: {title: S}\n"})
    )
    asia = ListingRef("category", "asia")
    (tmp_path / "old.xml").write_bytes(feed_of(catalog, "rss", asia))
    old = tmp_path / "old.xml"
    replays = compared(catalog, old, f"category/asia={old}", f"category/east={old}", f"site={old}")
    assert [replay.name for replay in replays] == ["category/asia", "category/asia", "category/asia", "site"]
    assert [replay.has_errors for replay in replays] == [False, False, False, True]


@pytest.mark.parametrize(
    ("former", "message"),
    [
        ("none.xml", "there is no file 'none.xml'; give the file of a feed, or its address"),
        ("category/asai={old}", "it belongs to category/asai, which has no feed here; did you mean 'category/asia'"),
        ("author/nobody={old}", "which has no feed here; name the listing that takes its place, such as site=FILE"),
        ("http://nowhere.invalid/feed", "http://nowhere.invalid/feed: "),
    ],
)
def test_errors_name_the_former_feed_and_what_to_do(
    newsroom: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, former: str, message: str
) -> None:
    monkeypatch.setattr("feedsvc.importing.feed_source._PAUSES", ())
    catalog = catalog_of(newsroom(articles(1)))
    (tmp_path / "old.xml").write_bytes(feed_of(catalog, "rss"))
    with pytest.raises(FeedsvcError) as caught:
        compared(catalog, former.format(old=tmp_path / "old.xml"))
    assert message in str(caught.value)


def test_former_addresses_of_feeds_are_followed_by_the_rules_of_redirects(newsroom: Newsroom, tmp_path: Path) -> None:
    """/ressort/asien/feed/ was compared with the feed of the site, although redirects.yaml leads its readers to that of Asia."""
    rules = "exact:\n  /ressort/asien/feed/: /category/asia/feed.rss\n  /?feed=sport: /category/sport/feed.rss\n"
    rules += "  /comments/feed/: gone\n"
    root = newsroom({**articles(3, 2, 1), "redirects.yaml": rules})
    catalog = catalog_of(root)
    text = feed_of(catalog, "rss", ListingRef("category", "asia")).decode()
    for address, name in {
        "https://news.example/ressort/asien/feed/": "category/asia",
        "https://news.example/?feed=sport&amp;x=1": "category/sport",
        "https://news.example/feed/": "site",
    }.items():
        (tmp_path / "old").write_text(text.replace("https://news.example/category/asia/feed.rss", address), "utf-8")
        [replay] = compared(catalog, tmp_path / "old")
        assert replay.name == name
    gone = text.replace("https://news.example/category/asia/feed.rss", "https://news.example/comments/feed/")
    (tmp_path / "old").write_text(gone, "utf-8")
    with pytest.raises(FeedsvcError, match=r"redirects\.yaml says that it is gone"):
        compared(catalog, tmp_path / "old")


def test_former_feed_with_ids_that_are_no_uris_changes_nothing(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({"articles/a.yaml": article(1, guid="'12345'"), "articles/b.yaml": article(2, guid="'7'", status="draft")})
    catalog = catalog_of(root)
    text = feed_of(catalog, "rss").decode()
    assert ">12345</guid>" in text
    item = "<item><guid>7</guid><title>Story 2</title></item>"
    (tmp_path / "old").write_text(text.replace("</channel>", f"{item}</channel>"), "utf-8")
    [replay] = compared(catalog, tmp_path / "old")
    assert not replay.has_errors
    assert [prediction.reason for prediction in replay.changes] == ["its article is a draft"]


def test_change_of_the_id_domain_brings_everything_up_again(newsroom: Newsroom, tmp_path: Path) -> None:
    files = {path: str(text).partition("\n")[2] for path, text in articles(3, 2, 1).items()}
    root = newsroom(files)
    (tmp_path / "old").write_bytes(feed_of(catalog_of(root), "atom"))
    site = root / "site.yaml"
    site.write_text(site.read_text().replace("id_domain: news.example", "id_domain: other.example"))
    [replay] = compared(catalog_of(root), tmp_path / "old")
    assert summary(replay) == "3 of 3 entries are shown again as new"
    assert replay.has_errors
