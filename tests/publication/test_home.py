"""Dependencies of the front page: each change that its bytes show is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import Article, Correction, HomeOptions, Image
from feedsvc.pages import select_home_rows
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import BASE, MEDIA, START, next_edition

HOME: Final = "/"
_IMAGE: Final = Image(url=f"{BASE}/{MEDIA[0]}", type="image/jpeg", width=1600, height=900, alt="A bridge")


def _newsroom(size: int = 90, **options: object) -> ContentSnapshot:
    """Return a newsroom whose site's feed has three entries, so that the blocks of sections hold older articles, too."""
    articles = model_newsrooms.ten_years_of_articles(size, categories=5, authors=2, tags=3)
    content = model_newsrooms.snapshot(articles, entries=3, categories=5, authors=2)
    return replace(content, site=replace(content.site, home=HomeOptions(**options)))  # type: ignore[arg-type]


def _body(publication: Publication) -> bytes:
    resource = publication.resolve(HOME)
    assert isinstance(resource, Document)
    return resource.body


def test_edit_of_an_article_that_the_front_page_does_not_show_does_not_change_it() -> None:
    before = Publication(build_catalog(_newsroom(), START))
    shown = {row.article.slug for row in select_home_rows(before.catalog).all_rows}
    old = next(article for article in before.catalog.content.articles if article.slug not in shown)
    after = next_edition(before, [old], [replace(old, title="A title of today")])
    assert _body(after) == _body(before)
    assert HOME not in after.changed_since(before)


def _random_version(random: Random, article: Article) -> Article:
    """Return the article with another title, section, date, correction or image."""
    correction = Correction(date=date(2026, 2, random.randrange(1, 29)), text=f"Text {random.randrange(9)}")
    keys = random.choice(
        (
            {"title": f"Other {random.randrange(9)}"},
            {"categories": (f"c{random.randrange(5)}",)},
            {"published": START - timedelta(minutes=random.randrange(1, 99))},
            {"corrections": (correction,)},
            {"image": _IMAGE, "media": MEDIA[:1]},
        )
    )
    return replace(article, **keys)  # type: ignore[arg-type]


@given(random=st.randoms(use_true_random=True), names_lead=st.booleans())
@settings(max_examples=25)
def test_front_page_is_reported_whenever_its_bytes_change(random: Random, names_lead: bool) -> None:
    options = {"lead": "a40", "sections": ("c3", "c1")} if names_lead else {}
    before = Publication(build_catalog(_newsroom(**options), START))
    _body(before)
    for _ in range(4):
        removed = random.sample(before.catalog.content.articles, random.randrange(1, 4))
        added = [_random_version(random, article) for article in removed if random.random() < 0.8]
        after = next_edition(before, removed, added)
        fresh = Publication(build_catalog(after.catalog.content, START))
        assert _body(after) == _body(fresh)
        if _body(after) != _body(before):
            assert HOME in after.changed_since(before)
        before = after
