"""Sources in memory: posts with few facts each, and imports of them into real folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.importing.source import (
    Omission,
    PostState,
    SourceAuthor,
    SourcePost,
    SourceSite,
    SourceSystem,
    SourceTerm,
    TermKind,
)
from feedsvc.importing.writer import ImportOptions, ImportReport, import_source
from feedsvc.model import Article

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST: Final = datetime(2020, 1, 2, 9, 30, tzinfo=UTC)
OLD: Final = "https://old.example"
SITE: Final = SourceSite(
    system=SourceSystem.WORDPRESS,
    title="Harbour News",
    address=OLD,
    description="What the harbour says",
    language="en-US",
    time_zone="Europe/Lisbon",
    feed_entries=10,
    authors=(SourceAuthor("mina", "Mina Park", email="mina@old.example"), SourceAuthor("unused", "Never Wrote")),
    terms=(
        SourceTerm(TermKind.CATEGORY, "city", "City & Port", "All of the <b>city</b>"),
        SourceTerm(TermKind.CATEGORY, "ferries", "Ferries", parent="city"),
        SourceTerm(TermKind.TAG, "c", "C++", "A language"),
        SourceTerm(TermKind.TAG, "night", "Night"),
    ),
)


def post(number: int, **facts: Any) -> SourcePost:
    """Return a published post with an id and address as WordPress gives them; `facts` replace its own."""
    published = FIRST + timedelta(days=number)
    own = SourcePost(
        place=f"export.xml, line {100 * number}",
        id=f"http://old.example/?p={number}",
        title=f"Title {number}",
        state=PostState.PUBLISHED,
        address=f"{OLD}/{published:%Y/%m/%d}/title-{number}/",
        other_addresses=(f"/?p={number}",),
        published=published,
        authors=("mina",),
        categories=("ferries",),
        tags=("night",),
        summary=f"Summary {number}.",
        body=f"<p>Body of <strong>{number}</strong>.</p>",
    )
    return replace(own, **facts)


@dataclass
class MemorySource:
    """Source whose posts are a list."""

    items: Sequence[SourcePost | Omission]
    site: SourceSite = field(default=SITE)

    def posts(self, _main_language: str = "") -> Iterator[SourcePost | Omission]:
        return iter(self.items)


def run_import(root: Path, *items: SourcePost | Omission, site: SourceSite = SITE, **options: Any) -> ImportReport:
    """Import posts into a folder at NOW."""
    return import_source(MemorySource(items, site), root, ImportOptions(**{"now": NOW, **options}))


def load(root: Path) -> ContentSnapshot:
    """Load a folder, which must have no errors."""
    content = load_content(root, "")
    assert content.errors == ()
    return content


def articles(root: Path) -> dict[str, Article]:
    """Return the articles of a folder without errors, by id."""
    return {article.id: article for article in load(root).articles}


def former_addresses(root: Path) -> dict[str, str]:
    """Return the targets of former addresses of a folder without errors: of aliases of articles, and of rules without a "*"."""
    content = load(root)
    aliases = {address: f"/articles/{article.slug}/" for article in content.articles for address in article.addresses}
    assert not aliases.keys() & content.redirects.exact.keys()
    return aliases | dict(content.redirects.exact)


def files(root: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a folder by path."""
    return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def what(report: ImportReport) -> list[str]:
    """Return what a report lists as left out."""
    return [omission.what for omission in report.omissions]
