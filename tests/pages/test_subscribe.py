"""The page /subscribe/: one row for each feed, with links that open it in feed readers."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from lxml import html

from feedsvc.publication.document import Document
from tests.helpers import newsrooms

if TYPE_CHECKING:
    from pathlib import Path


class _Links(HTMLParser):
    """Addresses of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if tag == "a" and name == "href" and value]


def test_each_feed_has_one_button_and_topics_are_folded(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    page = publication.resolve("/subscribe/")
    assert isinstance(page, Document)
    document = html.document_fromstring(page.body.decode())
    rows = document.xpath("//li[@data-name]")
    assert len(rows) == len(publication.catalog.subscribable_listings)
    for row in rows:
        assert [button.text for button in row.xpath("details/summary")] == ["Subscribe"]
        assert row.xpath(".//ul[@class='formats']//a/text()") == ["RSS", "Atom", "JSON Feed"]
    [topics] = document.xpath("//div[@id='feeds']/details")
    assert (topics.get("open"), topics.findtext("summary/h2")) == (None, "Topics")
    assert topics.xpath(".//li[@data-name]")


def test_each_feed_but_those_of_topics_opens_in_readers(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path))
    page = publication.resolve("/subscribe/")
    assert isinstance(page, Document)
    links = _Links()
    links.feed(page.body.decode())
    base = publication.catalog.site.base_url
    feeds = [address.removeprefix("feed:") for address in links.addresses if address.startswith("feed:")]
    assert f"{base}/feed.rss" in feeds
    assert len(feeds) == sum(listing.ref.kind != "tag" for listing in publication.catalog.subscribable_listings)
    for feed in feeds:
        assert isinstance(publication.resolve(unquote(feed.removeprefix(base))), Document)
    inoreader = [parse_qs(urlsplit(one).query)["add_feed"][0] for one in links.addresses if "inoreader.com" in one]
    feedly = [unquote(one.partition("feed%2F")[2]) for one in links.addresses if "feedly.com" in one]
    assert inoreader == feedly == feeds
