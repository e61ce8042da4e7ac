"""The articles of the front page: the lead, the stories beside it, blocks of sections, corrections and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import load_content
from feedsvc.pages import select_home_rows
from tests.broken_files.case import PNG
from tests.conftest import SETTINGS, Newsroom

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def article(day: int, category: str = "", extra: str = "") -> dict[str, str]:
    """Return the file of the article of a day of January 2026, whose slug is a and the day."""
    section = f"category: {category}\n" if category else ""
    text = f"id: tag:news.example,2026:a{day}\ntitle: Title {day}\npublished: 2026-01-{day:02}\n{section}{extra}"
    return {f"articles/a{day}.yaml": text}


def catalog_of(newsroom: Newsroom, articles: Mapping[str, str], home: str = "") -> Catalog:
    site = f"{SETTINGS['site.yaml']}home: {home}\n" if home else SETTINGS["site.yaml"]
    root: Path = newsroom({"site.yaml": site, "media/p.png": PNG, **articles})
    return build_catalog(load_content(root), NOW)


def shown_slugs(catalog: Catalog) -> dict[str, list[str]]:
    rows = select_home_rows(catalog)
    return {
        "lead": [rows.lead.article.slug] if rows.lead else [],
        "seconds": [row.article.slug for row in rows.seconds],
        **{section.listing.ref.id: [row.article.slug for row in section.rows] for section in rows.sections},
        "others": [row.article.slug for row in rows.others],
        "corrected": [row.article.slug for row in rows.corrected],
    }


IMAGE = "image: {src: media/p.png, alt: A}\n"


def test_newest_article_with_an_image_leads_and_each_article_stands_once(newsroom: Newsroom) -> None:
    articles = {
        **article(20),
        **article(19, extra=IMAGE),
        **article(18, "asia"),
        **article(17, "sport"),
        **article(16),
        **article(15, "asia"),
        **article(14),
        **article(13, "asia"),
    }
    assert shown_slugs(catalog_of(newsroom, articles)) == {
        "lead": ["a19"],
        "seconds": ["a20", "a18", "a17", "a16"],
        "asia": ["a15", "a13"],
        "others": ["a14"],
        "corrected": [],
    }


@pytest.mark.parametrize(
    ("home", "lead", "sections"),
    [
        ("{lead: a2}", "a2", ["asia", "sport"]),
        ("{lead: missing, sections: [sport]}", "a20", ["sport"]),
        ("{sections: [sport, unknown, asia, sport]}", "a20", ["sport", "asia"]),
    ],
)
def test_editor_chooses_the_lead_and_the_sections(newsroom: Newsroom, home: str, lead: str, sections: list[str]) -> None:
    articles = {path: text for day in range(2, 21) for path, text in article(day, "asia" if day % 2 else "sport").items()}
    shown = shown_slugs(catalog_of(newsroom, articles, home))
    assert shown["lead"] == [lead]
    assert [name for name in shown if name in ("asia", "sport")] == sections


def test_articles_whose_corrections_are_newest_stand_among_the_corrections(newsroom: Newsroom) -> None:
    def corrected(*dates: str) -> str:
        return "corrections:\n" + "".join(f"- {{date: {date}, text: T}}\n" for date in dates)

    articles = {
        **article(2, extra=corrected("2026-02-01", "2026-02-20")),
        **article(3, extra=corrected("2026-02-10")),
        **article(4, extra=corrected("2026-02-09")),
        **article(5, extra=corrected("2026-02-08")),
        **article(6),
    }
    assert shown_slugs(catalog_of(newsroom, articles))["corrected"] == ["a2", "a3", "a4"]


def test_empty_newsroom_has_an_empty_front_page(newsroom: Newsroom) -> None:
    rows = select_home_rows(catalog_of(newsroom, {}))
    assert (rows.lead, *rows.all_rows) == (None,)
