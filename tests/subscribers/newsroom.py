"""A small newsroom, and what its editor does to it while people read."""

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
    words: str = "As it was first told."
    further: str = ""

    @property
    def dates(self) -> tuple[datetime, datetime]:
        """Published and, the same where nothing changed, updated."""
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
            f"body: {yaml_string(f'{self.words} ' + f'This is the story of {self.slug}. ' * 4)}",
            *([self.further] if self.further else []),
        ]
        return "".join(f"{line}\n" for line in lines)


def _day(number: int, hour: int = 9) -> datetime:
    return datetime(2026, 2, number, hour, 30, tzinfo=UTC)


NEW_WORDS: Final = "As it was told again, with the right number."
WITHDRAWN: Final = "status: withdrawn\nwithdrawn: {date: 2026-02-20, notice: It named the wrong harbour.}"

BY_TWO: Final = Article(slug="echo", title="Echoes of a choir", authors=("tuan", "mina"), section="culture", published=_day(3))
BY_NOBODY: Final = Article(slug="hangul", title="한국어 기사, 그리고 “따옴표”", authors=(), section="culture", published=_day(4))
BEFORE: Final = Article(slug="bay", title="A bridge over the bay", published=_day(5))
RENAMED: Final = Article(slug="bay", title="A ferry over the bay", published=_day(5), updated=_day(19))
FIRST_TOLD: Final = Article(slug="fish", title="Fish & <chips>", published=_day(6), updated=_day(7))
CORRECTED: Final = Article(slug="fish", title="Fish & <chips>", published=_day(6), updated=_day(18), words=NEW_WORDS)
ODD: Final = Article(slug="odd", title="R&D at <10 °C: why \"]]>\" isn't 'an end'", section="culture", published=_day(8))
LITERAL: Final = Article(slug="literal", title="What &amp; means", section="culture", published=_day(10))
WRONG: Final = Article(slug="wrong", title="The wrong harbour", published=_day(9))
GONE: Final = Article(slug="wrong", title="The wrong harbour", published=_day(9), further=WITHDRAWN)
NEWS: Final = Article(slug="news", title="Just in: naïve & new", published=_day(17))
AFTER_MOVE: Final = Article(slug="trade", title="Trade goes on", section="trade", published=_day(21))

CAPTION: Final = "The choir on its last evening"
NOTE: Final = "Counted by the choir itself."
SECOND_ATTACHMENT: Final = "notes.pdf"
RICH: Final = Article(
    slug="rich",
    title="An evening, recorded",
    section="culture",
    published=_day(11),
    words=f"Forty sang.[^1]\n\n[^1]: {NOTE}\n\n",
    further=(
        f"image: {{src: media/choir.png, alt: A choir, caption: {CAPTION}}}\n"
        f"enclosures: [{{src: media/evening.mp3}}, {{src: media/{SECOND_ATTACHMENT}}}]"
    ),
)

AT_FIRST: Final = (BY_TWO, BY_NOBODY, BEFORE, FIRST_TOLD, ODD, WRONG, LITERAL, RICH)
CHANGES: Final = (NEWS, CORRECTED, RENAMED, GONE)
IN_SECTION: Final = ("wrong", "bay", "fish", "news")  # the one that no feed shows comes first

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


class Desk:
    """The newsroom at `root`."""

    def __init__(self, root: Path) -> None:
        self.root = write(root, {**_SETTINGS, **_MEDIA})
        self.save(*AT_FIRST)

    def save(self, *articles: Article) -> None:
        write(self.root, {f"articles/{one.slug}.yaml": one.text() for one in articles})

    # A section moves in three steps of which each is sound.

    def add_section(self) -> None:
        write(self.root, {"categories.yaml": "business: {title: Business}\ntrade: {title: Trade}\nculture: {title: Culture}\n"})

    def move_articles(self) -> None:
        for slug in IN_SECTION:
            file = self.root / "articles" / f"{slug}.yaml"
            file.write_text(file.read_text().replace("category: business", "category: trade"))

    def retire_section(self) -> None:
        write(self.root, {"categories.yaml": "trade: {title: Trade, aliases: [business]}\nculture: {title: Culture}\n"})
