"""The articles that everybody is measured with: feedsvc's YAML, Hugo's and Pelican's Markdown, the same words in each.

Article 0 is the newest; article N is the same in a corpus of any size, on every machine.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from bench import prose
from bench.prose import Dice

CATEGORIES: Final = 20
AUTHORS: Final = 500
TAGS: Final = 100
BASE: Final = "https://bench.example"
_SEED: Final = 20_260_102
_NEWEST: Final = datetime(2025, 12, 31, 18, tzinfo=UTC)
_APART: Final = timedelta(minutes=47)
_SITE: Final = f"""title: Bench News
description: News of a coast that does not exist.
base_url: {BASE}
id_domain: bench.example
since: 2016-01-01
language: en
timezone: UTC
feed: {{entries: 50, content: full, archives: none}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """`path` is where its file lies, without its suffix."""

    slug: str
    title: str
    published: datetime
    category: str
    author: str
    tags: tuple[str, ...]
    summary: str
    body: str

    @property
    def path(self) -> str:
        return f"{self.published:%Y/%m}/{self.slug}"

    def titled(self, title: str) -> Article:
        """The same after an editor changed its title."""
        return replace(self, title=title)


def article(number: int) -> Article:
    """The article of that number, 0 for the newest."""
    dice = Dice(_SEED * 1_000_003 + number)
    title = prose.title(dice)
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return Article(
        slug=f"{words[:60].rstrip('-')}-{number}",
        title=title,
        published=_NEWEST - number * _APART,
        category=f"section-{dice.rather_low(CATEGORIES)}",
        author=f"author-{dice.rather_low(AUTHORS)}",
        tags=tuple(sorted({f"topic-{dice.rather_low(TAGS)}" for _ in range(1 + dice.below(3))})),
        summary=prose.sentences(dice, 1),
        body=prose.body(dice),
    )


def as_yaml(one: Article) -> str:
    """feedsvc's file."""
    indented = "\n".join(f"  {line}" if line else "" for line in one.body.split("\n"))
    return (
        f"id: tag:bench.example,{one.published.year}:{one.slug}\n"
        f"title: {json.dumps(one.title, ensure_ascii=False)}\n"
        f"published: {one.published.isoformat()}\n"
        f"category: {one.category}\nauthor: {one.author}\ntags: [{', '.join(one.tags)}]\n"
        f"summary: {json.dumps(one.summary, ensure_ascii=False)}\n"
        f"body: |\n{indented}\n"
    )


def as_hugo(one: Article) -> str:
    """Hugo's file."""
    return (
        f"---\ntitle: {json.dumps(one.title, ensure_ascii=False)}\ndate: {one.published.isoformat()}\n"
        f"categories: [{one.category}]\nauthors: [{one.author}]\ntags: [{', '.join(one.tags)}]\n"
        f"summary: {json.dumps(one.summary, ensure_ascii=False)}\n---\n{one.body}\n"
    )


def as_pelican(one: Article) -> str:
    """Pelican's file."""
    return (
        f"Title: {one.title}\nDate: {one.published.isoformat()}\nSlug: {one.slug}\nCategory: {one.category}\n"
        f"Authors: {one.author}\nTags: {', '.join(one.tags)}\nSummary: {one.summary}\n\n{one.body}\n"
    )


def newsroom(folder: Path, count: int) -> None:
    """A content folder for feedsvc."""
    write(folder / "articles", count, ".yaml", as_yaml)
    (folder / "site.yaml").write_text(_SITE)
    titles = {f"section-{number}": f"{{title: Section {number}}}" for number in range(CATEGORIES)}
    (folder / "categories.yaml").write_text("".join(f"{name}: {title}\n" for name, title in titles.items()))
    names = {f"author-{number}": f"{{name: Author Number {number}}}" for number in range(AUTHORS)}
    (folder / "authors.yaml").write_text("".join(f"{name}: {told}\n" for name, told in names.items()))


def write(folder: Path, count: int, suffix: str, spell: Callable[[Article], str]) -> None:
    """One file for each of the `count` newest articles, in folders by month."""
    made = cache(lambda name: os.makedirs(name, exist_ok=True))
    for number in range(count):
        one = article(number)
        name = f"{folder}/{one.path}{suffix}"
        made(name.rpartition("/")[0])
        with open(name, "w", encoding="utf-8") as file:
            file.write(spell(one))


def save(folder: Path, one: Article, suffix: str, spell: Callable[[Article], str]) -> None:
    """As good editors' programs save: the whole file, by an atomic rename."""
    file = folder / f"{one.path}{suffix}"
    new = file.with_name(f".{file.name}.new")
    new.write_text(spell(one), "utf-8")
    os.replace(new, file)
