"""Link cards: a bare link with an entry of `embeds` is a card on the page and a link with a title in feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.publication import Publication
from tests.helpers.newsrooms import NOW, picture, text_of

if TYPE_CHECKING:
    from tests.conftest import Newsroom

EMBEDS: Final = (
    "embeds:\n"
    "- url: https://www.other.example/story?a=1&b=2\n  title: A <story> elsewhere\n"
    "  description: What & why\n  image: media/card.jpg\n"
)
TEXT: Final = (
    "https://www.other.example/story?a=1&b=2\n\nhttps://unknown.example/\n\nSee https://www.other.example/story?a=1&b=2 too."
)


def _publication(newsroom: Newsroom, embeds: str = EMBEDS, text: str = TEXT) -> Publication:
    body = "".join(f"  {line}\n" for line in text.split("\n"))
    article = f"id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\n{embeds}body: |\n{body}"
    content = load_content(newsroom({"articles/a.yaml": article, "media/card.jpg": picture(1600, 900)}))
    assert not content.errors, [str(problem) for problem in content.errors]
    return Publication(build_catalog(content, NOW))


def test_bare_link_is_a_card_on_the_page(newsroom: Newsroom) -> None:
    publication = _publication(newsroom)
    page = text_of(publication, "/articles/a/")
    assert page.count('class="link-card"') == 1
    assert '<a href="https://www.other.example/story?a=1&amp;b=2">A &lt;story&gt; elsewhere</a>' in page
    assert "<p>What &amp; why</p>" in page
    assert '<p class="meta" dir="ltr">other.example</p>' in page
    assert 'alt="" width="1600" height="900" loading="lazy"' in page
    assert '<p><a href="https://unknown.example/">https://unknown.example/</a></p>' in page
    assert publication.resolve("/media/card.jpg") is not None  # the image is public, because a public article shows it


@pytest.mark.parametrize("address", ["articles/a", "articles/a/", "articles/a/?b=1&c=2", "articles/a/#d", "media/card.jpg#d"])
def test_bare_link_within_the_site_is_a_card_however_it_is_written(newsroom: Newsroom, address: str) -> None:
    url = f"https://news.example/{address}"
    page = text_of(_publication(newsroom, f"embeds: [{{url: '{url}', title: Our own}}]\n", f"{url}\n\nWords."), "/articles/a/")
    assert page.count('class="link-card"') == 1


def test_bare_link_has_its_title_in_feeds(newsroom: Newsroom) -> None:
    feed = text_of(_publication(newsroom), "/feed.rss")
    assert '<p><a href="https://www.other.example/story?a=1&amp;b=2">A &lt;story&gt; elsewhere</a></p>' in feed
    assert "link-card" not in feed


def test_hubs_are_told_of_another_title_of_a_card(newsroom: Newsroom) -> None:
    """Feeds show the title, so their digests must change with it."""
    one = FeedDigests().compute(_publication(newsroom).catalog)
    other = FeedDigests().compute(_publication(newsroom, EMBEDS.replace("A <story>", "Another story")).catalog)
    assert one["/feed.rss"] != other["/feed.rss"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{url: 'https://a.example/', title: A, image: 'https://a.example/x.jpg'}", "embeds.image: is at another address"),
        ("{url: 'https://a.example/', title: A, image: media/no.jpg}", "embeds.image: "),
        ("{url: 'https://a.example/'}", "embeds.title"),
        ("{url: 'https://a.example/', title: A}\n- {url: 'https://a.example/', title: B}", "embeds.url: a second entry"),
    ],
)
def test_faulty_entry_of_embeds_is_reported(newsroom: Newsroom, entry: str, message: str) -> None:
    article = f"title: A\npublished: 2026-01-02\nembeds:\n- {entry}\nbody: Text.\n"
    content = load_content(newsroom({"articles/a.yaml": article}))
    assert [problem.path for problem in content.errors] == ["articles/a.yaml"]
    assert message in str(content.errors[0])
