"""A content folder opened by another program: its listings, and the bytes of its feeds."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from urllib.parse import unquote

import pytest

from feedsvc.api import ContentError, FieldError, Newsroom, open_folder
from feedsvc.publication import Document
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article, write


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return newsrooms.write_sample(tmp_path / "content")


@pytest.fixture
def newsroom(content: Path) -> Newsroom:
    return open_folder(content, now=NOW)


def test_every_feed_has_the_bytes_of_the_publication(content: Path, newsroom: Newsroom) -> None:
    publication = newsrooms.load_publication(content)
    for listing, suffix in product(newsroom.listings, ("rss", "atom", "json")):
        for period in ("", *listing.periods):
            path = unquote(listing.feed_url(suffix, period)).removeprefix(newsroom.base_url)
            document = publication.resolve(path)
            assert isinstance(document, Document), path
            assert listing.render(suffix, period) == document.body


def test_listings_are_found_by_kind_and_id_or_alias(newsroom: Newsroom) -> None:
    assert (newsroom.title, newsroom.base_url) == ("The Daily & Co", "https://news.example/daily")
    assert newsroom.listing("category", "east").id == "asia"
    assert newsroom.listing("category", "asia").url == "https://news.example/daily/category/asia/"
    assert newsroom.listing().feed_url() == "https://news.example/daily/feed.rss"
    assert repr(newsroom.listing("category", "asia")) == "<NewsroomListing category asia: Asia & Pacific>"
    assert newsroom.listings[0].kind == "site"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("catgory", "asia"), "kind: 'catgory' is none of site, category"),
        (("category", "aisa"), "id: there is no category 'aisa'; did you mean 'asia'"),
        (("private", "x"), "kind: 'private' is none of"),
        (("category",), "id: there is no category ''"),
    ],
)
def test_an_unknown_listing_is_an_error_that_names_the_argument(
    newsroom: Newsroom, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(FieldError) as caught:
        newsroom.listing(*arguments)
    assert str(caught.value).startswith(message)


def test_an_unknown_format_or_period_is_an_error(newsroom: Newsroom) -> None:
    with pytest.raises(FieldError, match="format: 'rs' is none of rss, atom, json"):
        newsroom.listing().feed("rs")
    with pytest.raises(FieldError, match="period: '1999-01' is none of the listing's periods"):
        newsroom.listing().render("rss", "1999-01")


def test_an_address_replaces_that_of_the_folder(content: Path) -> None:
    site = open_folder(content, base_url="https://copy.example/", now=NOW).listing()
    assert site.feed("rss").href("self") == "https://copy.example/feed.rss"


def test_a_broken_file_is_a_problem_and_stands_in_its_last_valid_version(content: Path, tmp_path: Path) -> None:
    write(content, article("late", "2026-02-25"))
    open_folder(content, state=tmp_path / "state", now=NOW)
    write(content, {"articles/late.yaml": "title: [\n"})
    newsroom = open_folder(content, state=tmp_path / "state", now=NOW)
    assert [problem.path for problem in newsroom.problems] == ["articles/late.yaml"]
    assert newsroom.listing().feed().entries[0].title == "late"
    assert "late" not in [entry.title for entry in open_folder(content, now=NOW).listing().feed().entries]


def test_without_a_state_folder_nothing_is_written(content: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    open_folder(content, now=NOW).listing().render()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_state_folder_inside_the_content_folder_is_an_error_and_nothing_is_written(content: Path) -> None:
    before = sorted(content.rglob("*"))
    with pytest.raises(FieldError, match=r"^state: .* is inside the content folder"):
        open_folder(content, state=str(content / "state"), now=NOW)
    assert sorted(content.rglob("*")) == before


def test_a_missing_folder_and_a_moment_without_zone_are_errors(tmp_path: Path, content: Path) -> None:
    with pytest.raises(ContentError, match="none"):
        open_folder(tmp_path / "none")
    with pytest.raises(FieldError, match=r"now: .* has no zone"):
        open_folder(content, now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "base_url", ["https://copy.example/?a=b", "https://copy.example/#a", "https://copy.example/a/../b", "copy"]
)
def test_an_address_that_no_site_has_is_an_error_that_names_the_argument(content: Path, base_url: str) -> None:
    with pytest.raises(FieldError, match=r"^base_url: "):
        open_folder(content, base_url=base_url)
