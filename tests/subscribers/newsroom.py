"""A small newsroom, and the changes its editor makes while programs poll its feeds."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.helpers.newsrooms import picture, write, yaml_string


@dataclass(frozen=True, kw_only=True)
class Article:
    slug: str
    title: str
    authors: tuple[str, ...] = ("mina",)
    section: str = "business"
    published: datetime
    updated: datetime | None = None
    lead: str = "As it was first told."
    extra_fields: str = ""

    @property
    def dates(self) -> tuple[datetime, datetime]:
        """The dates published and updated; the latter defaults to the former."""
        return self.published, self.updated or self.published

    def text(self) -> str:
        lines = [
            f"id: tag:news.example,2026:{self.slug}",
            f"title: {yaml_string(self.title)}",
            f"published: {self.published.isoformat()}",
            *([f"updated: {self.updated.isoformat()}"] if self.updated else []),
            f"authors: [{', '.join(self.authors)}]",
            f"category: {self.section}",
            f"summary: In short, {self.slug}.",
            f"body: {yaml_string(f'{self.lead} ' + f'This is the story of {self.slug}. ' * 4)}",
            *([self.extra_fields] if self.extra_fields else []),
        ]
        return "".join(f"{line}\n" for line in lines)


def _date(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 2, day, hour, 30, tzinfo=UTC)


CORRECTED_TEXT: Final = "As it was told again, with the right number."
_WITHDRAWN_FIELDS: Final = "status: withdrawn\nwithdrawn: {date: 2026-02-20, notice: It named the wrong harbour.}"

BY_TWO: Final = Article(slug="echo", title="Echoes of a choir", authors=("tuan", "mina"), section="culture", published=_date(3))
BY_NO_AUTHOR: Final = Article(
    slug="hangul", title="한국어 기사, 그리고 “따옴표”", authors=(), section="culture", published=_date(4)
)
BEFORE_RENAMING: Final = Article(slug="bay", title="A bridge over the bay", published=_date(5))
RENAMED: Final = Article(slug="bay", title="A ferry over the bay", published=_date(5), updated=_date(19))
FIRST_VERSION: Final = Article(slug="fish", title="Fish & <chips>", published=_date(6), updated=_date(7))
CORRECTED: Final = Article(slug="fish", title="Fish & <chips>", published=_date(6), updated=_date(18), lead=CORRECTED_TEXT)
SPECIAL_CHARACTERS: Final = Article(
    slug="odd", title="R&D at <10 °C: why \"]]>\" isn't 'an end'", section="culture", published=_date(8)
)
ENTITY_IN_TITLE: Final = Article(slug="literal", title="What &amp; means", section="culture", published=_date(10))
BEFORE_WITHDRAWAL: Final = Article(slug="wrong", title="The wrong harbour", published=_date(9))
WITHDRAWN_ARTICLE: Final = Article(slug="wrong", title="The wrong harbour", published=_date(9), extra_fields=_WITHDRAWN_FIELDS)
NEWS: Final = Article(slug="news", title="Just in: naïve & new", published=_date(17))
ARTICLE_AFTER_MOVE: Final = Article(slug="trade", title="Trade goes on", section="trade", published=_date(21))

CAPTION: Final = "The choir on its last evening"
FOOTNOTE: Final = "Counted by the choir itself."
SECOND_ATTACHMENT: Final = "notes.pdf"
WITH_ATTACHMENTS: Final = Article(
    slug="rich",
    title="An evening, recorded",
    section="culture",
    published=_date(11),
    lead=f"Forty sang.[^1]\n\n[^1]: {FOOTNOTE}\n\n",
    extra_fields=(
        f"image: {{src: media/choir.png, alt: A choir, caption: {CAPTION}}}\n"
        f"enclosures: [{{src: media/evening.mp3}}, {{src: media/{SECOND_ATTACHMENT}}}]"
    ),
)

INITIAL_ARTICLES: Final = (
    BY_TWO,
    BY_NO_AUTHOR,
    BEFORE_RENAMING,
    FIRST_VERSION,
    SPECIAL_CHARACTERS,
    BEFORE_WITHDRAWAL,
    ENTITY_IN_TITLE,
    WITH_ATTACHMENTS,
)
CHANGES: Final = (NEWS, CORRECTED, RENAMED, WITHDRAWN_ARTICLE)
SLUGS_OF_SECTION: Final = ("wrong", "bay", "fish", "news")  # the withdrawn one first, of which feeds have a notice

SITE: Final = "Harbour & Hills"
_SETTINGS: Final = {
    "site.yaml": f"title: {SITE}\nbase_url: https://news.example\nid_domain: news.example\nsince: 2026-01-01\n",
    "authors.yaml": "mina: {name: Mina Park}\ntuan: {name: Lê Tuấn}\n",
    "categories.yaml": "business: {title: Business}\nculture: {title: Culture}\n",
}


_MEDIA: Final = {
    "media/choir.png": picture(640, 480, "PNG"),
    "media/evening.mp3": b"ID3" + bytes(997),
    f"media/{SECOND_ATTACHMENT}": b"%PDF-1.4\n",
}


class Editor:
    """An editor of the newsroom in `root`."""

    def __init__(self, root: Path) -> None:
        self.root = write(root, {**_SETTINGS, **_MEDIA})
        self.save(*INITIAL_ARTICLES)

    def save(self, *articles: Article) -> None:
        write(self.root, {f"articles/{article.slug}.yaml": article.text() for article in articles})

    # A section moves in three steps; the newsroom is valid after each.

    def add_section(self) -> None:
        write(self.root, {"categories.yaml": "business: {title: Business}\ntrade: {title: Trade}\nculture: {title: Culture}\n"})

    def move_articles(self) -> None:
        for slug in SLUGS_OF_SECTION:
            file = self.root / "articles" / f"{slug}.yaml"
            file.write_text(file.read_text().replace("category: business", "category: trade"))

    def retire_section(self) -> None:
        write(self.root, {"categories.yaml": "trade: {title: Trade, aliases: [business]}\nculture: {title: Culture}\n"})
