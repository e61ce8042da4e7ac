"""Addresses of languages that redirect to another listing: which of them a purge command is told of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import pytest

from feedsvc.catalog import build_catalog
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, article

FEEDS: Final = tuple(f"feed.{suffix}" for suffix in ("rss", "atom", "json"))


def publications(*languages: Sequence[str]) -> list[Publication]:
    """Return successive editions. Each has one article in each of these languages, and all differ from those before."""
    contents = [
        model_newsrooms.snapshot([article(10 * edition + at, START, language=language) for at, language in enumerate(each)])
        for edition, each in enumerate(languages)
    ]
    editions = [Publication(build_catalog(contents[0], START))]
    for before, content in pairwise(contents):
        catalog = editions[-1].catalog.apply_changes(content, START, removed=before.articles, added=content.articles)
        editions.append(editions[-1].next_edition(catalog))
    return editions


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (["pt-BR", "ko"], ["pt-PT", "ko"], "pt"),  # to the listing of another tag
        (["pt-BR", "ko"], ["fr", "ko"], "pt"),  # to none
        (["ar"], ["en", "ko"], "ar"),  # to none, from the front page
        (["ko"], ["ko-KR", "en"], "ko"),  # from the front page to a listing
        ([], ["ko"], "ko"),  # to the front page
    ],
)
def test_an_address_of_a_language_that_leads_elsewhere_now_is_purged(before: list[str], after: list[str], name: str) -> None:
    first, second = publications(before, after)
    for file in ("", *FEEDS):
        path = f"/language/{name}/{file}"
        assert isinstance(first.resolve(path) or second.resolve(path), Redirect)
        assert first.resolve(path) != second.resolve(path)
        assert path in second.changed_since(first)


def test_archives_below_a_language_that_led_to_those_of_the_site_are_purged() -> None:
    first, second = publications(["ko"] * 5, ["en"] * 4 + ["ja"])
    (period,) = first.catalog.listings[ListingRef()].archive
    paths = {f"/language/ko/archive/{period}/{file}" for file in FEEDS}
    assert all(isinstance(first.resolve(path), Redirect) for path in paths)
    assert paths <= second.changed_since(first)


def test_an_edit_in_the_same_languages_purges_no_redirect() -> None:
    first, second = publications(["pt-BR", "ko-KR"], ["pt-BR", "ko-KR"])
    changed = second.changed_since(first)
    assert isinstance(second.resolve("/language/pt/"), Redirect)
    assert isinstance(second.resolve("/language/pt-BR/"), Document)
    assert "/language/pt-BR/" in changed
    assert not {path for path in changed if path.startswith(("/language/pt/", "/language/ko/"))}
