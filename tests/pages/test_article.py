"""Page of an article: summary below the headline, lead picture, links to other articles."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article, html_tree_of
from tests.pages.conftest import SAMPLE_CONTENT

SITE = "title: Harbour\nbase_url: https://t.example\nid_domain: t.example\n"
PICTURE = "{src: 'https://t.example/a.jpg', type: image/jpeg, width: 800, height: 600, alt: A boat}"


def load(folder: Path, files: dict[str, str | bytes]) -> Publication:
    return newsrooms.load_publication(newsrooms.write(folder, {"site.yaml": SITE, **files}))


@pytest.mark.parametrize(
    ("fields", "standfirst"),
    [
        ({"summary": "The boats are back"}, ["The boats are back"]),
        ({"body": "The text speaks for itself."}, []),
        ({"title": "Same", "summary": "Same"}, []),
        ({"summary": "In short", "link": "https://elsewhere.example/story"}, ["In short"]),
    ],
)
def test_summary_stands_between_headline_and_byline(tmp_path: Path, fields: dict[str, str], standfirst: list[str]) -> None:
    document = html_tree_of(load(tmp_path, article("boats", "2026-01-01", **fields)), "/articles/boats/")
    assert document.xpath("//h1/following-sibling::p[1][@class='standfirst']/text()") == standfirst
    assert len(document.xpath("//*[@class='standfirst']")) == len(standfirst)


def test_lead_picture_is_decoded_with_the_page(tmp_path: Path) -> None:
    document = html_tree_of(load(tmp_path, article("boats", "2026-01-01", image=PICTURE)), "/articles/boats/")
    [picture] = document.xpath("//figure[@class='lead']/img")
    assert (picture.get("fetchpriority"), picture.get("decoding"), picture.get("loading")) == ("high", None, None)


def test_related_articles_do_not_repeat_the_previous_article(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for day in range(1, 6):
        files |= article(f"boats-{day}", f"2026-01-0{day}", tags="[boats]")
    document = html_tree_of(load(tmp_path, files), "/articles/boats-5/")
    assert document.xpath("//a[@rel='prev']/@href") == ["/articles/boats-4/"]
    related = document.xpath("//section[@class='related']//h3/a/@href")
    assert related == ["/articles/boats-3/", "/articles/boats-2/", "/articles/boats-1/"]


def test_page_of_a_withdrawn_article_has_its_headline_date_and_notice(tmp_path: Path) -> None:
    withdrawn = "{date: 2026-01-02, notice: It was a drill}"
    files = article("boats", "2026-01-01", title="The boats are lost", status="withdrawn", withdrawn=withdrawn)
    main = html_tree_of(load(tmp_path, files), "/articles/boats/").find(".//main")
    texts = [text.strip() for text in main.itertext() if text.strip()]
    expected = ["This article was withdrawn", "The boats are lost", "Published On", "Thu, 01 Jan 2026", "It was a drill"]
    expected.append("Fri, 02 Jan 2026")
    assert texts[: len(expected)] == expected


def test_newest_page_of_a_section_begins_with_a_lead_story(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"categories.yaml": "sea: {title: Sea}\n"}
    for day in range(1, 5):
        files |= article(f"boats-{day}", f"2026-01-0{day}", category="sea", image=PICTURE)
    main = html_tree_of(load(tmp_path, files), "/category/sea/").find(".//main")
    assert main.xpath("div[@class='lead-story']//h2/a/text()") == ["boats-4"]
    assert main.xpath("ol[@class='cards']//h2/a/text()") == ["boats-3", "boats-2", "boats-1"]
    assert main.xpath(".//img[@fetchpriority]/@src") == ["/a.jpg"]


def test_block_of_a_section_ends_with_a_link_to_all_its_articles(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"categories.yaml": "sea: {title: Sea}\n"}
    for day in range(1, 9):
        files |= article(f"boats-{day}", f"2026-01-0{day}", category="sea")
    [block] = html_tree_of(load(tmp_path, files), "/").xpath("//section[@class='block']")
    assert block.xpath("*[last()]/a/text() | *[last()]/a/@href") == ["/category/sea/", "More in Sea"]


def test_sample_newsroom_shows_no_picture_of_another_host() -> None:
    publication = newsrooms.load_publication(SAMPLE_CONTENT)
    paths = [path for path in publication.paths() if path.startswith("/articles/")]
    pictures = [source for path in paths for source in html_tree_of(publication, path).xpath("//img/@src")]
    assert pictures
    assert [source for source in pictures if urlsplit(source).netloc] == []
