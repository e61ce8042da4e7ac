"""A newsroom with articles that must not be visible; each of their keys has a unique word, so that a leak can be traced."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.helpers.newsrooms import article, picture, write

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the time of a fake clock at the start
PUBLICATION_TIME: Final = datetime(2026, 3, 1, 13, tzinfo=UTC)  # of the article in SCHEDULED
EXPIRY_TIME: Final = datetime(2026, 3, 1, 14, tzinfo=UTC)  # of the same article
SITE: Final[Mapping[str, str | bytes]] = {
    "site.yaml": """
        title: Harbour News
        base_url: https://news.example
        id_domain: news.example
        feed: {entries: 2}
        """,
    "categories.yaml": "asia: {title: Asia}\nsport: {title: Sport}\n",
    "authors.yaml": "mina-park: {name: Mina Park}\nquiet: {name: Writes drafts only}\n",
    "feeds.yaml": 'daily: {title: Daily, include: {all: true}, digest: {every: day, at: "12:30"}}\n',
    "media/shared.png": picture(40, 30, "PNG"),
}
# Dated before, between and after the hidden articles, with the same tag and category, so that every list could contain these.
VISIBLE: Final = {
    path: text
    for stem, day in (("one", "2026-01-01"), ("two", "2026-01-20"), ("three", "2026-02-10"), ("four", "2026-02-27"))
    for path, text in article(
        stem, day, category="asia", author="mina-park", tags="[harbour]", aliases=f"[old-{stem}]", image="{src: media/shared.png}"
    ).items()
}
# Kind of article -> its dates and status.
NEVER_PUBLIC: Final = {
    "draft": "published: 2026-01-10\nstatus: draft",
    "draftahead": "published: 2098-07-01\nstatus: draft",
    "scheduled": "published: 2098-08-01",
    "scheduledgone": "published: 2098-09-01\nstatus: withdrawn\nwithdrawn: {notice: zqscheduledgonenotice}",
}
FORMERLY_PUBLIC: Final = {
    "expired": "published: 2026-01-15\nexpires: 2026-01-18",
    "expiredalone": "published: 2019-05-15\nexpires: 2019-05-18",
    "withdrawn": "published: 2026-02-15\nstatus: withdrawn\nwithdrawn: {date: 2026-02-16, notice: zqwithdrawnnotice}",
    "withdrawnalone": "published: 2019-06-15\nstatus: withdrawn\nwithdrawn: {date: 2019-06-16, notice: zqwithdrawnalonenotice}",
}
SCHEDULED: Final = {"soon": "published: 2026-03-01T13:00:00Z\nexpires: 2026-03-01T14:00:00Z"}


def hidden_article(kind: str, dates: str, author: str = "quiet") -> dict[str, str | bytes]:
    """Return the files of an article with a unique word in every key."""
    marker = f"zq{kind}"
    text = f"""\
id: tag:news.example,2026:{marker}id
title: {marker}title Ünïcode
{dates}
category: asia
author: {author}
tags: [harbour, {marker}tag]
summary: {marker}summary
image: {{src: media/{marker}image.png, alt: {marker}alt, caption: {marker}caption, credit: {marker}credit, credit_url: "https://x.example/{marker}crediturl"}}
enclosures: [{{src: media/{marker}talk.mp3, title: {marker}enclosure}}]
sources: [{{name: {marker}source, url: "https://x.example/{marker}sourceurl"}}]
corrections: [{{date: 2026-01-12, text: {marker}correction}}]
slug: {marker}slug-é
aliases: [{marker}alias]
body: |
  {marker}body with ![{marker}inneralt](media/{marker}inner.png) and [{marker}link](https://x.example/{marker}linkurl)
"""
    return {
        f"articles/{marker}folder/{marker}stem.yaml": text,
        f"media/{marker}image.png": picture(900, 600, "PNG"),
        f"media/{marker}inner.png": picture(50, 40, "PNG"),
        f"media/{marker}talk.mp3": b"\xff\xfb" + f"{marker}sound ".encode() * 20,
    }


def hidden_articles(kinds: Mapping[str, str]) -> dict[str, str | bytes]:
    """Return the files of the hidden articles of all these kinds."""
    return {path: text for kind, dates in kinds.items() for path, text in hidden_article(kind, dates).items()}


def write_newsroom(root: Path, *groups: Mapping[str, str]) -> Path:
    """Write the settings, the visible articles and these groups of hidden articles; return the content folder."""
    files: dict[str, str | bytes] = {**SITE, **VISIBLE}
    for group in groups:
        files |= hidden_articles(group)
    return write(root, files)
