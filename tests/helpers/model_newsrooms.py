"""Newsrooms as the model has them, made without files, and what their editors do to them at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from feedsvc.content.folder.folder import ContentSnapshot
from feedsvc.content.markdown.text_store import TextStore, text_key
from feedsvc.model import Article, ArticleStatus, Author, Category, Enclosure, FeedOptions, Image, MediaFile, Site, Tag
from feedsvc.tag_slugs import tag_slug

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE: Final = "https://news.example/daily"
TEXTS: Final = TextStore()

_SPELLINGS: Final = (
    *("South Korea", "south-korea", "South-Korea", "China", "china", "Trade", "TRADE", "one-off", "R&D", "r-d"),
    *("C", "C++", "C#", "@home"),
)
MEDIA: Final = tuple(f"media/{name}" for name in ("a.jpg", "b.jpg", "c.pdf", "logo.png", "face.png"))
_FILES: Final[Mapping[str, MediaFile]] = {
    path: MediaFile(path=path, location=f"/nowhere/{path}", type="image/jpeg", length=length)
    for length, path in enumerate(MEDIA, 1)
}


def snapshot(
    articles: Iterable[Article] = (),
    *,
    entries: int = 3,
    categories: int = 3,
    authors: int = 3,
    media: Mapping[str, MediaFile] | None = None,
) -> ContentSnapshot:
    site = Site(
        title="The Daily",
        description="News",
        base_url=BASE,
        id_domain="news.example",
        since=date(2020, 1, 1),
        timezone="Asia/Seoul",
        feed=FeedOptions(entries=entries),
        media=("media/logo.png",),
    )
    sections = {f"c{i}": Category(id=f"c{i}", title=f"Section {i}", aliases=(f"old-c{i}",)) for i in range(categories)}
    people = {f"p{i}": Author(id=f"p{i}", name=f"Person {i}", media=("media/face.png",)) for i in range(authors)}
    return ContentSnapshot(
        site=site,
        categories={**sections, "old-c0": sections["c0"]},
        authors=people,
        articles=tuple(articles),
        media=_FILES if media is None else media,
        texts=TEXTS,
    )


def store_text(markdown: str) -> bytes:
    """What an article says that has this text."""
    named = text_key(markdown, datetime(2026, 1, 2, tzinfo=UTC))
    TEXTS.add({named: markdown})
    return named


def article(number: int, published: datetime, **keys: object) -> Article:
    """A small published article."""
    one = Article(
        path=f"articles/{number}.yaml",
        id=f"tag:news.example,2026:a{number}",
        slug=f"a{number}",
        title=f"Title {number}",
        published=published,
        updated=published,
        text=store_text(f"Text of {number}."),
    )
    return replace(one, **keys)


def ten_years_of_articles(size: int, *, categories: int = 20, authors: int = 500, tags: int = 100) -> tuple[Article, ...]:
    """So many articles of ten years up to START, with a section, an author and three tags each."""
    random, gap = Random(size), timedelta(days=3650) / (size + 1)
    return tuple(
        article(
            number,
            (START - timedelta(days=3) - gap * number).replace(microsecond=0),
            summary=f"Summary of {number}.",
            categories=(f"c{random.randrange(categories)}",),
            authors=(f"p{random.randrange(authors)}",),
            tags=tuple(Tag(id=f"t{tag}", title=f"T{tag}") for tag in random.sample(range(tags), 3)),
        )
        for number in range(size)
    )


@dataclass(kw_only=True)
class RandomEditor:
    """A newsroom at work. `work` changes content and clock, and says which articles went and came."""

    random: Random
    content: ContentSnapshot = field(default_factory=snapshot)
    now: datetime = START
    count: int = 0
    most: int = 40

    def work(self) -> tuple[list[Article], list[Article]]:
        gone, come = self._edits() if self.random.random() < 0.8 else ([], [])
        if self.random.random() < 0.4:
            self.now += timedelta(hours=self.random.choice((-200, -49, -3, -1, 1, 3, 49, 200, 800)))
        left = [one for one in self.content.articles if one not in gone]
        articles = left + come
        self.random.shuffle(articles)
        self.content = replace(self.content, articles=tuple(articles))
        return gone, come

    def _edits(self) -> tuple[list[Article], list[Article]]:
        have = self.content.articles
        gone = self.random.sample(have, min(len(have), self.random.choice((0, 0, 1, 1, 1, 2, 6))))
        kept = [one for one in gone if self.random.random() < 0.75]
        come = [self._edited(one) if self.random.random() < 0.6 else self._new(one) for one in kept]
        new = self.random.choice((0, 0, 1, 1, 5)) if len(have) < self.most else 0
        return gone, come + [self._new() for _ in range(new)]

    def _new(self, old: Article | None = None) -> Article:
        self.count += old is None
        number = int(old.slug.strip("ax")) if old else self.count
        made = article(number, self._moment())
        return replace(
            made, **{name: value for few in map(self._facts, ("tags", "categories", "media")) for name, value in few.items()}
        )

    def _edited(self, one: Article) -> Article:
        several = self.random.sample(("title", "tags", "categories", "authors", "status", "dates", "slug", "media", "link"), 2)
        for name in several:
            one = replace(one, **self._facts(name, one))
        return one

    def _moment(self) -> datetime:
        # Few seconds, so that several articles share one.
        return START + timedelta(hours=self.random.randrange(-2500, 300, 50))

    def _facts(self, name: str, one: Article | None = None) -> dict[str, object]:
        random = self.random
        spelled = {
            tag_slug(title): Tag(id=tag_slug(title), title=title) for title in random.sample(_SPELLINGS, random.randrange(5))
        }
        sections, people = [*self.content.categories], [*self.content.authors]
        picture = Image(url=f"{BASE}/{random.choice(MEDIA[:2])}", type="image/jpeg", width=1000, height=500)
        enclosure = Enclosure(url=f"{BASE}/media/c.pdf", type="application/pdf", length=3)
        return {
            "title": {"title": f"Title {random.randrange(100)}", "summary": random.choice(("", "A summary."))},
            "tags": {"tags": tuple(spelled.values())},
            "categories": {"categories": tuple(random.sample(sorted({*sections} - {"old-c0"}), random.randrange(3)))},
            "authors": {"authors": tuple(random.sample(people, random.randrange(3)))},
            "status": self._status(one),
            "dates": self._dates(),
            "slug": self._slug(one),
            "media": random.choice(
                (
                    {"image": picture, "media": (picture.url.removeprefix(f"{BASE}/"),), "enclosures": ()},
                    {"image": None, "media": ("media/c.pdf", "media/logo.png"), "enclosures": (enclosure,)},
                    {"image": None, "media": (), "enclosures": ()},
                )
            ),
            "link": {"link": random.choice(("", "https://elsewhere.example/story"))},
        }[name]

    def _status(self, one: Article | None) -> dict[str, object]:
        status = self.random.choice((*ArticleStatus, ArticleStatus.PUBLISHED))
        gone = status is ArticleStatus.WITHDRAWN
        return {"status": status, "withdrawn_at": self._moment() if gone else None, "notice": "Wrong." if gone else ""}

    def _dates(self) -> dict[str, object]:
        published = self._moment()
        return {
            "published": published,
            "updated": max(published, self._moment()) if self.random.random() < 0.5 else published,
            "expires": max(published + timedelta(hours=1), self._moment()) if self.random.random() < 0.5 else None,
        }

    def _slug(self, one: Article | None) -> dict[str, object]:
        """A renamed article keeps its former slug as an alias, or does not; the names stay its own."""
        slug = one.slug if one else "a0"
        other = slug.removesuffix("x") if slug.endswith("x") else f"{slug}x"
        return {"slug": other, "aliases": self.random.choice(((slug,), (), (slug, f"{slug}y")))}
