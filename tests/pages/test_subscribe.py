"""The page /subscribe/: one row for each feed, with links that open it in feed readers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from feedsvc.publication.document import Document
from tests.helpers import newsrooms

if TYPE_CHECKING:
    from pathlib import Path


def test_addresses_of_the_site_are_shown_other_feeds_have_one_button_and_topics_are_folded(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    document = newsrooms.html_tree_of(publication, "/subscribe/")
    rows = document.xpath("//li[@data-name]")
    assert len(rows) == len(publication.catalog.subscribable_listings) - 1
    for row in rows:
        assert [button.text for button in row.xpath("details/summary")] == ["Subscribe"]
        assert row.xpath(".//ul[@class='formats']//a/text()") == ["RSS", "Atom", "JSON Feed"]
    [site] = document.xpath("//section[@data-name]")
    assert [one.xpath("string(.//a)") for one in site.xpath("*/ul[@class='addresses']/li")] == ["RSS"]
    assert site.xpath(".//code/text()") == [
        f"{publication.catalog.site.base_url}/feed.{format_name}" for format_name in ("rss", "atom", "json")
    ]
    [topics] = document.xpath("//div[@id='feeds']/details")
    assert (topics.get("open"), topics.findtext("summary/h2")) == (None, "Topics")
    assert topics.xpath(".//li[@data-name]")
    # A search is for many feeds, and the file of all comes after them.
    assert not document.xpath("//input[@type='search']")
    assert document.xpath("//main//a/@href")[0] != document.xpath("//a[contains(@href, 'feeds.opml')]/@href")[0]


def test_each_feed_but_those_of_topics_opens_in_readers(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    addresses = newsrooms.html_tree_of(publication, "/subscribe/").xpath("//a/@href")
    base = publication.catalog.site.base_url
    feeds = [address.removeprefix("feed:") for address in addresses if address.startswith("feed:")]
    assert f"{base}/feed.rss" in feeds
    assert len(feeds) == sum(listing.ref.kind != "tag" for listing in publication.catalog.subscribable_listings)
    for feed in feeds:
        assert isinstance(publication.resolve(unquote(feed.removeprefix(base))), Document)
    inoreader = [parse_qs(urlsplit(one).query)["add_feed"][0] for one in addresses if "inoreader.com" in one]
    feedly = [unquote(one.partition("feed%2F")[2]) for one in addresses if "feedly.com" in one]
    assert inoreader == feedly == feeds


def test_of_many_authors_the_feeds_of_those_with_the_most_articles_are_offered(tmp_path: Path) -> None:
    authors = "".join(f"p{number:04}: {{name: Person {number}}}\n" for number in range(1500))
    articles = newsrooms.article("a", author="p1400") | newsrooms.article("b", author="p1499")
    newsrooms.write(tmp_path, {**newsrooms.SITE, "authors.yaml": authors, **articles})
    publication = newsrooms.load_publication(tmp_path)
    offered = [listing.ref.id for listing in publication.catalog.subscribable_listings if listing.ref.kind == "author"]
    assert offered == [*(f"p{number:04}" for number in range(998)), "p1400", "p1499"]
    for path in ("/subscribe/", "/feeds.opml"):
        page = newsrooms.body_of(publication, path)
        assert (b"/author/p1400/" in page, b"/author/p1300/" in page) == (True, False)
    assert isinstance(publication.resolve("/author/p1300/feed.rss"), Document)
