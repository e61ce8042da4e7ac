"""Content snapshots built without files, and random edits of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from feedsvc.content.folder.folder import ContentSnapshot
from feedsvc.content.markdown.text_store import TextStore, text_key
from feedsvc.model import (
    Article,
    ArticleStatus,
    Author,
    Category,
    CustomFeed,
    Enclosure,
    FeedOptions,
    FeedOverrides,
    Image,
    IssueSchedule,
    MediaFile,
    Selection,
    Site,
    Tag,
    TagSettings,
)
from feedsvc.publication.publication import Publication
from feedsvc.tag_slugs import tag_slug

START: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE: Final = "https://news.example/daily"
TEXTS: Final = TextStore()

_TAG_TITLES: Final = (
    *("South Korea", "south-korea", "South-Korea", "China", "china", "Trade", "TRADE", "one-off", "R&D", "r-d"),
    *("C", "C++", "C#", "@home"),
)
# Entries of tags.yaml for some of these tags. Some aliases are tags of articles or former slugs; one tag is that of no article.
TAG_ENTRIES: Final = (
    TagSettings(id="south-korea", title="Republic of Korea", description="From Seoul", aliases=("r-d", "rok")),
    TagSettings(id="china", aliases=("c", "cn"), feed=FeedOverrides(entries=1, archives="none")),
    TagSettings(id="trade", title="Commerce", aliases=("one-off",), feed=FeedOverrides(content="summary", ttl=9)),
    TagSettings(id="moon", title="The Moon", aliases=("luna", "home")),
)
# Custom feeds of each kind of name, with an exclusion, with an age and without condition, and digests of days and weeks.
CUSTOM_FEEDS: Final = (
    CustomFeed(id="sections", title="Two sections", include=Selection(categories=("c0", "c1")), aliases=("old-sections",)),
    CustomFeed(
        id="korea",
        title="Korea by two",
        include=Selection(tags=("south-korea", "china"), authors=("p0", "p1")),
        exclude=Selection(categories=("c2",)),
        feed=FeedOverrides(entries=2, archives="none"),
    ),
    CustomFeed(id="languages", title="Languages", include=Selection(languages=("ko",)), exclude=Selection(tags=("trade",))),
    CustomFeed(id="fresh", title="Fresh", max_age=50 * 3600, feed=FeedOverrides(content="summary", translations="one")),
    CustomFeed(id="daily", title="Day", digest=IssueSchedule(minute_of_day=6 * 60), aliases=("old-daily",)),
    CustomFeed(
        id="weekly",
        title="Week",
        include=Selection(categories=("c1", "c2")),
        digest=IssueSchedule(minute_of_day=18 * 60 + 30, weekday=2),
        max_age=30 * 24 * 3600,
        feed=FeedOverrides(entries=2, content="summary"),
    ),
)
MEDIA: Final = tuple(f"media/{name}" for name in ("a.jpg", "b.jpg", "c.pdf", "logo.png", "face.png"))
_MEDIA_FILES: Final[Mapping[str, MediaFile]] = {
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
    tags: Iterable[TagSettings] = (),
    custom_feeds: Iterable[CustomFeed] = (),
    private_feeds: Iterable[CustomFeed] = (),
) -> ContentSnapshot:
    """Return a snapshot of a small newsroom with these articles."""
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
    options = (
        FeedOverrides(),
        FeedOverrides(entries=2, archives="none"),
        FeedOverrides(content="summary", ttl=5, translations="one"),
    )
    categories_by_id = {
        f"c{i}": Category(id=f"c{i}", title=f"Section {i}", aliases=(f"old-c{i}",), feed=options[i % 3])
        for i in range(categories)
    }
    authors_by_id = {
        f"p{i}": Author(id=f"p{i}", name=f"Person {i}", media=("media/face.png",), feed=options[i % 2]) for i in range(authors)
    }
    return ContentSnapshot(
        site=site,
        categories={**categories_by_id, "old-c0": categories_by_id["c0"]},
        authors=authors_by_id,
        tags={name: tag for tag in tags for name in (*tag.aliases, tag.id)},
        custom_feeds={name: feed for feed in custom_feeds for name in (*feed.aliases, feed.id)},
        private_feeds={name: feed for feed in private_feeds for name in (*feed.aliases, feed.id)},
        articles=tuple(articles),
        media=_MEDIA_FILES if media is None else media,
        texts=TEXTS,
    )


def store_text(markdown: str) -> bytes:
    """Add a Markdown text to the text store and return its key, the value of `Article.text`."""
    key = text_key(markdown, datetime(2026, 1, 2, tzinfo=UTC))
    TEXTS.add({key: markdown})
    return key


def article(number: int, published: datetime, **keys: object) -> Article:
    """Return a small published article."""
    base = Article(
        path=f"articles/{number}.yaml",
        id=f"tag:news.example,2026:a{number}",
        slug=f"a{number}",
        title=f"Title {number}",
        published=published,
        updated=published,
        text=store_text(f"Text of {number}."),
    )
    return replace(base, **keys)


def ten_years_of_articles(size: int, *, categories: int = 20, authors: int = 500, tags: int = 100) -> tuple[Article, ...]:
    """Return `size` articles spread over the ten years before START, each with one category, one author and three tags."""
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
    """An editor who makes random changes to the articles of one newsroom."""

    random: Random
    content: ContentSnapshot = field(default_factory=snapshot)
    now: datetime = START
    count: int = 0
    max_articles: int = 40

    def edit(self) -> tuple[list[Article], list[Article]]:
        """Change the content, and sometimes the clock; return the removed and the added articles."""
        removed, added = self._edits() if self.random.random() < 0.8 else ([], [])
        if self.random.random() < 0.4:
            self.now += timedelta(hours=self.random.choice((-200, -49, -3, -1, 1, 3, 49, 200, 800)))
        unchanged = [article for article in self.content.articles if article not in removed]
        articles = unchanged + added
        self.random.shuffle(articles)
        self.content = replace(self.content, articles=tuple(articles))
        return removed, added

    def _edits(self) -> tuple[list[Article], list[Article]]:
        articles = self.content.articles
        removed = self.random.sample(articles, min(len(articles), self.random.choice((0, 0, 1, 1, 1, 2, 6))))
        changed = [article for article in removed if self.random.random() < 0.75]
        added = [self._edit_article(article) if self.random.random() < 0.6 else self._new_article(article) for article in changed]
        new_count = self.random.choice((0, 0, 1, 1, 5)) if len(articles) < self.max_articles else 0
        return removed, added + [self._new_article() for _ in range(new_count)]

    def _new_article(self, old: Article | None = None) -> Article:
        self.count += old is None
        number = int(old.slug.strip("ax")) if old else self.count
        base = article(number, self._random_moment())
        return replace(
            base,
            **{
                name: value
                for fields in map(self._random_fields, ("tags", "categories", "media", "translation"))
                for name, value in fields.items()
            },
        )

    def _edit_article(self, article: Article) -> Article:
        names = ("title", "tags", "categories", "authors", "status", "dates", "slug", "media", "link", "language", "translation")
        fields = self.random.sample(names, 2)
        for name in fields:
            article = replace(article, **self._random_fields(name, article))
        return article

    def _random_moment(self) -> datetime:
        # Few different moments, so that several articles have the same date.
        return START + timedelta(hours=self.random.randrange(-2500, 300, 50))

    def _random_fields(self, name: str, article: Article | None = None) -> dict[str, object]:
        random = self.random
        tags = {
            tag_slug(title): Tag(id=tag_slug(title), title=title) for title in random.sample(_TAG_TITLES, random.randrange(5))
        }
        categories, authors = [*self.content.categories], [*self.content.authors]
        image = Image(url=f"{BASE}/{random.choice(MEDIA[:2])}", type="image/jpeg", width=1000, height=500)
        enclosure = Enclosure(url=f"{BASE}/media/c.pdf", type="application/pdf", length=3)
        return {
            "title": {"title": f"Title {random.randrange(100)}", "summary": random.choice(("", "A summary."))},
            "tags": {"tags": tuple(tags.values())},
            "categories": {"categories": tuple(random.sample(sorted({*categories} - {"old-c0"}), random.randrange(3)))},
            "authors": {"authors": tuple(random.sample(authors, random.randrange(3)))},
            "status": self._random_status(article),
            "dates": self._random_dates(),
            "slug": self._random_slug(article),
            "media": random.choice(
                (
                    {"image": image, "media": (image.url.removeprefix(f"{BASE}/"),), "enclosures": ()},
                    {"image": None, "media": ("media/c.pdf", "media/logo.png"), "enclosures": (enclosure,)},
                    {"image": None, "media": (), "enclosures": ()},
                )
            ),
            "language": {"language": random.choice(("", "", "ko", "ko-KR", "zh-Hant"))},
            "link": {"link": random.choice(("", "https://elsewhere.example/story"))},
            "translation": self._random_translation(),
        }[name]

    def _random_status(self, article: Article | None) -> dict[str, object]:
        status = self.random.choice((*ArticleStatus, ArticleStatus.PUBLISHED))
        is_withdrawn = status is ArticleStatus.WITHDRAWN
        return {
            "status": status,
            "withdrawn_at": self._random_moment() if is_withdrawn else None,
            "notice": "Wrong." if is_withdrawn else "",
        }

    def _random_dates(self) -> dict[str, object]:
        published = self._random_moment()
        return {
            "published": published,
            "updated": max(published, self._random_moment()) if self.random.random() < 0.5 else published,
            "expires": max(published + timedelta(hours=1), self._random_moment()) if self.random.random() < 0.5 else None,
        }

    def _random_translation(self) -> dict[str, object]:
        """Return a language, and mostly the id of an article: of one of few, of none, or of the article itself."""
        number = self.random.choice((0, 1, 2, 3, 5, 8))
        language = self.random.choice(("", "ko", "ja", "pt-BR"))
        is_translation = self.random.random() < 0.6
        return {"language": language, "translation_of": f"tag:news.example,2026:a{number}" if is_translation else ""}

    def _random_slug(self, article: Article | None) -> dict[str, object]:
        """Return a changed slug, with or without the former slug as an alias. The slugs of two articles never conflict."""
        slug = article.slug if article else "a0"
        new_slug = slug.removesuffix("x") if slug.endswith("x") else f"{slug}x"
        return {"slug": new_slug, "aliases": self.random.choice(((slug,), (), (slug, f"{slug}y")))}


def next_edition(publication: Publication, removed: Collection[Article], added: Collection[Article]) -> Publication:
    """Return the next edition after articles were removed and added."""
    before = publication.catalog
    articles = (*(article for article in before.content.articles if article not in removed), *added)
    content = replace(before.content, articles=articles)
    return publication.next_edition(before.apply_changes(content, START, removed=removed, added=added))
