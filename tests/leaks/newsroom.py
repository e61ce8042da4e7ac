"""A newsroom full of what nobody may see; each word of it says whose it is, in which key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.helpers.newsrooms import article, picture, write

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the moment of tests that bring a clock
LIVE: Final = datetime(2026, 3, 1, 13, tzinfo=UTC)  # `soon` is published
OVER: Final = datetime(2026, 3, 1, 14, tzinfo=UTC)  # and has expired
SITE: Final[Mapping[str, str | bytes]] = {
    "site.yaml": """
        title: Harbour News
        base_url: https://news.example
        id_domain: news.example
        feed: {entries: 2}
        """,
    "categories.yaml": "asia: {title: Asia}\nsport: {title: Sport}\n",
    "authors.yaml": "mina-park: {name: Mina Park}\nquiet: {name: Writes drafts only}\n",
    "media/shared.png": picture(40, 30, "PNG"),
}
# Between and beside the hidden ones, with the same tag and category, so that every list would have a place for them.
VISIBLE: Final = {
    path: text
    for stem, day in (("one", "2026-01-01"), ("two", "2026-01-20"), ("three", "2026-02-10"), ("four", "2026-02-27"))
    for path, text in article(
        stem, day, category="asia", author="mina-park", tags="[harbour]", aliases=f"[old-{stem}]", image="{src: media/shared.png}"
    ).items()
}
# Kind of article -> its dates and status. The first group has never been public, the second has been.
NEVER: Final = {
    "draft": "published: 2026-01-10\nstatus: draft",
    "draftahead": "published: 2098-07-01\nstatus: draft",
    "scheduled": "published: 2098-08-01",
    "scheduledgone": "published: 2098-09-01\nstatus: withdrawn\nwithdrawn: {notice: zqscheduledgonenotice}",
}
FORMER: Final = {
    "expired": "published: 2026-01-15\nexpires: 2026-01-18",
    "expiredalone": "published: 2019-05-15\nexpires: 2019-05-18",
    "withdrawn": "published: 2026-02-15\nstatus: withdrawn\nwithdrawn: {date: 2026-02-16, notice: zqwithdrawnnotice}",
    "withdrawnalone": "published: 2019-06-15\nstatus: withdrawn\nwithdrawn: {date: 2019-06-16, notice: zqwithdrawnalonenotice}",
}
SOON: Final = {"soon": "published: 2026-03-01T13:00:00Z\nexpires: 2026-03-01T14:00:00Z"}


def hidden(kind: str, dates: str, author: str = "quiet") -> dict[str, str | bytes]:
    """An article with a word of its own in every key."""
    z = f"zq{kind}"
    text = f"""\
id: tag:news.example,2026:{z}id
title: {z}title Ünïcode
{dates}
category: asia
author: {author}
tags: [harbour, {z}tag]
summary: {z}summary
image: {{src: media/{z}image.png, alt: {z}alt, caption: {z}caption, credit: {z}credit, credit_url: "https://x.example/{z}crediturl"}}
enclosures: [{{src: media/{z}talk.mp3, title: {z}enclosure}}]
sources: [{{name: {z}source, url: "https://x.example/{z}sourceurl"}}]
corrections: [{{date: 2026-01-12, text: {z}correction}}]
slug: {z}slug-é
aliases: [{z}alias]
body: |
  {z}body with ![{z}inneralt](media/{z}inner.png) and [{z}link](https://x.example/{z}linkurl)
"""
    return {
        f"articles/{z}folder/{z}stem.yaml": text,
        f"media/{z}image.png": picture(900, 600, "PNG"),
        f"media/{z}inner.png": picture(50, 40, "PNG"),
        f"media/{z}talk.mp3": b"\xff\xfb" + f"{z}sound ".encode() * 20,
    }


def every(kinds: Mapping[str, str]) -> dict[str, str | bytes]:
    return {path: text for kind, dates in kinds.items() for path, text in hidden(kind, dates).items()}


def newsroom(root: Path, *groups: Mapping[str, str]) -> Path:
    files: dict[str, str | bytes] = {**SITE, **VISIBLE}
    for group in groups:
        files |= every(group)
    return write(root, files)
