"""Items of an export: their fields by usual prefixes, terms, authors, languages of Polylang, and dates with the site's offset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from lxml import etree

from feedsvc.content.schema.field_types import is_language_tag
from feedsvc.importing.dates import parse_date
from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import TermKind
from feedsvc.importing.xml_items import children, name_of, raw_text

# Taxonomy of an item's term -> kind. "tag" is that of WXR 1.0.
TERM_KINDS: Final = {"category": TermKind.CATEGORY, "post_tag": TermKind.TAG, "tag": TermKind.TAG}
AUTHOR_TAXONOMY: Final = "author"  # of the plug-in Co-Authors Plus
AUTHOR_PREFIX: Final = "cap-"
# Taxonomies of Polylang. A term of the first is the language of a post, one of the second the group of its translations.
LANGUAGE_TAXONOMY: Final = "language"
GROUP_TAXONOMY: Final = "post_translations"
# In front of a language in addresses, unless Polylang is set to remove it: /language/de/a-post/.
LANGUAGE_FOLDER: Final = "language/"
# Postmeta with the address that a post redirects to: Yoast SEO, Page Links To, Quick Page/Post Redirect.
_REDIRECT_KEYS: Final = ("_yoast_wpseo_redirect", "_links_to", "_pprredirect_url")
_MAX_TITLE_LENGTH: Final = 80  # characters of a title in a description
_NUMBER_LIMIT: Final = 2**63
_NO_YEAR: Final = "-0001"  # in the pubDate of drafts
_MAX_OFFSET: Final = timedelta(hours=14)
_OFFSET_STEP: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ItemTerm:
    """A `category` element of an item: taxonomy ("category", "post_tag", ...), nicename and name. The first two may be ""."""

    taxonomy: str
    nicename: str
    name: str


@dataclass(frozen=True, slots=True)
class ItemFields:
    """Fields of an item. `texts` has its child elements by name ("title", "wp:post_id"), each the first that is not empty.

    `place` is where it begins. `meta` has keys and values of its postmeta, in order; a key may stand there several times.
    `has_html_title` is True if the title is HTML, as in WordPress 5.7 or later, else it is plain text.
    """

    place: str
    texts: Mapping[str, str]
    terms: tuple[ItemTerm, ...]
    meta: tuple[tuple[str, str], ...]
    comment_count: int
    has_html_title: bool

    def text(self, name: str) -> str:
        """Return the text of an element without white space around it, "" if it is missing."""
        return self.texts.get(name, "").strip()

    def number(self, name: str) -> int:
        """Return the number in an element, 0 if it is missing."""
        return parse_number(self.text(name))

    def meta_value(self, *keys: str) -> str:
        """Return the first value, without white space, of the first of these postmeta keys that has one; "" if none has."""
        values = (value.strip() for key in keys for name, value in self.meta if name == key)
        return next(filter(None, values), "")

    @property
    def title(self) -> str:
        """The title as plain text."""
        title = self.text("title")
        return to_plain_text(title) if self.has_html_title else " ".join(title.split())

    @property
    def language(self) -> str:
        """The language of a post as Polylang names it, such as de; "" if it has none."""
        return self._term(LANGUAGE_TAXONOMY)

    @property
    def translation_group(self) -> str:
        """The name that a post has in common with its translations; "" if it has no translation."""
        return self._term(GROUP_TAXONOMY)

    def _term(self, taxonomy: str) -> str:
        return next((term.nicename.strip() for term in self.terms if term.taxonomy == taxonomy), "")

    @property
    def description(self) -> str:
        """A name for reports, in one line: 'post "Title" (number 12)'."""
        title, number, kind = (" ".join(self.text(name).split()) for name in ("title", "wp:post_id", "wp:post_type"))
        name = f'{kind or "item"} "{title[:_MAX_TITLE_LENGTH]}"' if title else kind or "item"
        return f"{name} (number {number})" if number else name

    @property
    def redirect_target(self) -> str:
        """The address to which a plug-in of WordPress redirected a published post or page, "" if none did."""
        is_reachable = self.text("wp:status") == "publish" and self.text("link")
        return self.meta_value(*_REDIRECT_KEYS) if is_reachable else ""

    def authors(self) -> Iterator[tuple[str, str]]:
        """Yield (key, name) of the authors of the plug-in Co-Authors Plus; without any, the login in `dc:creator` as both."""
        names = [(term.nicename or term.name, term.name) for term in self.terms if term.taxonomy == AUTHOR_TAXONOMY]
        co_authors = {key.strip().removeprefix(AUTHOR_PREFIX): name.strip() for key, name in names if key.strip()}
        creator = self.text("dc:creator")
        yield from co_authors.items() if co_authors else [(creator, creator)] if creator else ()

    def categories_and_tags(self) -> Iterator[tuple[TermKind, str, str]]:
        """Yield (kind, key, name) of each category and tag, once.

        Terms without taxonomy, as in WXR 1.0, count as categories, and only if there are no terms with a taxonomy of TERM_KINDS.
        """
        terms = [term for term in self.terms if term.taxonomy in TERM_KINDS]
        terms = terms or [ItemTerm("category", term.nicename, term.name) for term in self.terms if not term.taxonomy]
        # WXR 1.0 writes each term with a taxonomy a second time without nicename.
        named = {(term.taxonomy, to_plain_text(term.name)) for term in terms if term.nicename}
        found: dict[tuple[TermKind, str], str] = {}
        for term in terms:
            name = to_plain_text(term.name)
            key = term.nicename.strip() or name
            if key and (term.nicename or (term.taxonomy, name) not in named):
                found.setdefault((TERM_KINDS[term.taxonomy], key), name or key)
        yield from ((kind, key, name) for (kind, key), name in found.items())


def item_fields(item: etree._Element, place: str, *, has_html_title: bool) -> ItemFields:
    """Return the fields of an item that was parsed."""
    texts: dict[str, str] = {}
    terms, meta, comment_count = [], [], 0
    for child in children(item):
        name = name_of(child)
        if name == "category":
            terms.append(ItemTerm(child.get("domain", ""), child.get("nicename", ""), raw_text(child)))
        elif name == "wp:postmeta":
            values = texts_of(child)
            meta.append((values.get("wp:meta_key", ""), values.get("wp:meta_value", "")))
        elif name == "wp:comment":
            comment_count += 1
        elif not texts.get(name):
            texts[name] = raw_text(child)
    return ItemFields(place, texts, tuple(terms), tuple(meta), comment_count, has_html_title)


def texts_of(element: etree._Element) -> dict[str, str]:
    """Return the texts of the children of an element by name, of each name the first that is not empty."""
    texts: dict[str, str] = {}
    for child in children(element):
        texts[name_of(child)] = texts.get(name_of(child)) or raw_text(child)
    return texts


def parse_number(text: str) -> int:
    """Return a positive number of WordPress; 0 for other text and numbers that no database has."""
    text = text.strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_NUMBER_LIMIT)) else 0
    return number if number < _NUMBER_LIMIT else 0


def sort_languages(counts: Counter[str], site_language: str) -> tuple[str, ...]:
    """Return the languages of a site's published posts, the main one first, the others by name; () if there are not two.

    `counts` has the number of posts by language. The front page and feed of WordPress show only posts in the main language. It
    is that of the channel (`site_language`), or else the one with most posts. Names may have "_" in place of "-". If one is no
    language tag, the result is ().
    """
    by_tag = {language.replace("_", "-").lower(): language for language in sorted(counts)}
    if len(counts) < 2 or not all(is_language_tag(language.replace("_", "-")) for language in counts):  # noqa: PLR2004
        return ()
    channel = site_language.strip().replace("_", "-").lower()
    wanted = (channel, channel.partition("-")[0])
    main = next((by_tag[tag] for tag in wanted if tag in by_tag), max(sorted(counts), key=counts.__getitem__))
    return (main, *(language for language in sorted(counts) if language != main))


class SiteOffsets:
    """Offsets of the site's time from UTC, one for each month, from posts that have both times."""

    def __init__(self) -> None:
        self._offsets: dict[int, timedelta] = {}  # by month: 12 * year + month

    def add(self, item: ItemFields) -> None:
        """Record the offset of an item that has both times, if a zone can have it and its month has no offset yet."""
        local = parse_date(item.text("wp:post_date"))
        offset = _offset(local, parse_date(item.text("wp:post_date_gmt")))
        if local and offset is not None:
            self._offsets.setdefault(_month(local), offset)

    def published(self, item: ItemFields) -> datetime | None:
        """Return when an item was published, with the offset of the site's time from UTC; None if it has no date.

        It is `wp:post_date_gmt`, else `pubDate`, else `wp:post_date` with the offset of the nearest month. For an item with the
        status draft, pending or auto-draft, `wp:post_date` does not count.
        """
        is_draft = item.text("wp:status") in ("draft", "pending", "auto-draft")
        pub_date = item.text("pubDate")
        utc = parse_date(item.text("wp:post_date_gmt")) or parse_date("" if _NO_YEAR in pub_date else pub_date)
        return self._with_offset(parse_date(item.text("wp:post_date")), utc, is_local_enough=not is_draft)

    def updated(self, item: ItemFields) -> datetime | None:
        """Return when an item was changed, with the offset of the site's time from UTC; None if unknown.

        It is `wp:post_modified_gmt` (WordPress 5.7 or later), else `wp:post_modified` with the offset of the nearest month.
        """
        utc = parse_date(item.text("wp:post_modified_gmt"))
        return self._with_offset(parse_date(item.text("wp:post_modified")), utc, is_local_enough=True)

    def _with_offset(self, local: datetime | None, utc: datetime | None, *, is_local_enough: bool) -> datetime | None:
        known = _offset(local, utc)
        nearest = self._at(utc or local) if known is None else known
        zone = timezone(nearest) if nearest else UTC
        try:
            if utc:
                return utc.astimezone(zone)
            return local.replace(tzinfo=zone) if local and is_local_enough else None
        except OverflowError:
            return None

    def _at(self, date: datetime | None) -> timedelta:
        """Return the offset of the month nearest to that of a date that has one; 0 if none has."""
        if not self._offsets or not date:
            return timedelta()
        return self._offsets[min(self._offsets, key=lambda month: (abs(month - _month(date)), month))]


def _month(date: datetime) -> int:
    return 12 * date.year + date.month


def _offset(local: datetime | None, utc: datetime | None) -> timedelta | None:
    """Return local time, which is written like UTC, minus UTC if a zone can have it: at most 14 hours, in quarters. Else None."""
    if not local or not utc:
        return None
    offset = local.replace(tzinfo=UTC) - utc
    return offset if abs(offset) <= _MAX_OFFSET and not offset % _OFFSET_STEP else None
