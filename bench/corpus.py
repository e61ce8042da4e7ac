"""Generate the articles of the benchmark: YAML for feedsvc, Markdown for Hugo and Pelican, with the same text in each.

Article 0 is the newest. Article N is the same in a corpus of any size and on every machine.
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
from bench.prose import SeededRandom

CATEGORIES: Final = 20
AUTHORS: Final = 500
TAGS: Final = 100
BASE_URL: Final = "https://bench.example"
_SEED: Final = 20_260_102
_NEWEST: Final = datetime(2025, 12, 31, 18, tzinfo=UTC)
_INTERVAL: Final = timedelta(minutes=47)
_SITE: Final = f"""title: Bench News
description: News of a coast that does not exist.
base_url: {BASE_URL}
id_domain: bench.example
since: 2016-01-01
language: en
timezone: UTC
feed: {{entries: 50, content: full, archives: none}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Article:
    """An article of the corpus."""

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
        """The path of its file below the folder of articles, without suffix."""
        return f"{self.published:%Y/%m}/{self.slug}"

    def with_title(self, title: str) -> Article:
        """Return the article with another title, as after an edit."""
        return replace(self, title=title)


def publication_date(number: int) -> datetime:
    """Return when the article with that number is published."""
    return _NEWEST - number * _INTERVAL


def make_article(number: int) -> Article:
    """Generate the article with that number; 0 is the newest."""
    random = SeededRandom(_SEED * 1_000_003 + number)
    title = prose.title(random)
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return Article(
        slug=f"{words[:60].rstrip('-')}-{number}",
        title=title,
        published=publication_date(number),
        category=f"section-{random.skewed_integer_below(CATEGORIES)}",
        author=f"author-{random.skewed_integer_below(AUTHORS)}",
        tags=tuple(sorted({f"topic-{random.skewed_integer_below(TAGS)}" for _ in range(1 + random.integer_below(3))})),
        summary=prose.sentences(random, 1),
        body=prose.body(random),
    )


def as_yaml(article: Article) -> str:
    """Return feedsvc's file."""
    body = "\n".join(f"  {line}" if line else "" for line in article.body.split("\n"))
    return (
        f"id: tag:bench.example,{article.published.year}:{article.slug}\n"
        f"title: {json.dumps(article.title, ensure_ascii=False)}\n"
        f"published: {article.published.isoformat()}\n"
        f"category: {article.category}\nauthor: {article.author}\ntags: [{', '.join(article.tags)}]\n"
        f"summary: {json.dumps(article.summary, ensure_ascii=False)}\n"
        f"body: |\n{body}\n"
    )


def as_yaml_without_id(article: Article) -> str:
    """Return feedsvc's file without its first line, the id: each published article has a warning then."""
    return as_yaml(article).partition("\n")[2]


def as_hugo(article: Article) -> str:
    """Return Hugo's file."""
    return (
        f"---\ntitle: {json.dumps(article.title, ensure_ascii=False)}\ndate: {article.published.isoformat()}\n"
        f"categories: [{article.category}]\nauthors: [{article.author}]\ntags: [{', '.join(article.tags)}]\n"
        f"summary: {json.dumps(article.summary, ensure_ascii=False)}\n---\n{article.body}\n"
    )


def as_pelican(article: Article) -> str:
    """Return Pelican's file."""
    return (
        f"Title: {article.title}\nDate: {article.published.isoformat()}\nSlug: {article.slug}\nCategory: {article.category}\n"
        f"Authors: {article.author}\nTags: {', '.join(article.tags)}\nSummary: {article.summary}\n\n{article.body}\n"
    )


def write_newsroom(folder: Path, count: int, serialize: Callable[[Article], str] = as_yaml) -> None:
    """Write a content folder for feedsvc with `count` articles."""
    write_articles(folder / "articles", count, ".yaml", serialize)
    (folder / "site.yaml").write_text(_SITE)
    titles = {f"section-{number}": f"{{title: Section {number}}}" for number in range(CATEGORIES)}
    (folder / "categories.yaml").write_text("".join(f"{name}: {title}\n" for name, title in titles.items()))
    names = {f"author-{number}": f"{{name: Author Number {number}}}" for number in range(AUTHORS)}
    (folder / "authors.yaml").write_text("".join(f"{name}: {author}\n" for name, author in names.items()))


def write_articles(folder: Path, count: int, suffix: str, serialize: Callable[[Article], str]) -> None:
    """Write one file for each of the `count` newest articles, in folders by month."""
    make_folder = cache(lambda name: os.makedirs(name, exist_ok=True))
    for number in range(count):
        article = make_article(number)
        name = f"{folder}/{article.path}{suffix}"
        make_folder(name.rpartition("/")[0])
        with open(name, "w", encoding="utf-8") as file:
            file.write(serialize(article))


def save_article(folder: Path, article: Article, suffix: str, serialize: Callable[[Article], str]) -> None:
    """Replace the file of an article by an atomic rename, as editors' programs do."""
    file = folder / f"{article.path}{suffix}"
    new = file.with_name(f".{file.name}.new")
    new.write_text(serialize(article), "utf-8")
    os.replace(new, file)
