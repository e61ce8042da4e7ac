"""Warnings about what search engines take from a site: name, news sitemap; and about cards that no text shows."""

from __future__ import annotations

from tests.conftest import Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings, warnings_of_article

SITE = (
    "title: {title}\nbase_url: https://news.example\nid_domain: news.example\nsince: 2020-01-01\n{keys}"
    "timezone: Asia/Seoul\nlanguage: en\n"
)


def _warnings(newsroom: Newsroom, keys: str = "", title: str = "The Daily", **files: str | bytes) -> list[str]:
    site = SITE.format(title=title, keys=keys)
    return [text for text in warnings(newsroom({"site.yaml": site, **files})) if text.startswith("site.yaml")]


def test_long_name_of_a_site(newsroom: Newsroom) -> None:
    assert _warnings(newsroom, title="The Daily " * 7)[0].startswith("site.yaml:1")


def test_card_whose_address_is_no_line_of_the_text(newsroom: Newsroom) -> None:
    embeds = "embeds:\n- {url: https://a.example/story, title: A story}\n"
    used, unused = "body: |\n  One.\n\n  https://a.example/story\n", "body: See https://a.example/story here.\n"
    assert warnings_of_article(newsroom, f"{VALID_ARTICLE}{embeds}{used}") == []
    (text,) = warnings_of_article(newsroom, f"{VALID_ARTICLE}{embeds}{unused}")
    assert text.startswith("articles/a.yaml:7:")
    assert "no paragraph of the text is only the address https://a.example/story" in text
