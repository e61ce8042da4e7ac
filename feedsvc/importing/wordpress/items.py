"""Items of an export: their fields by usual prefixes, terms, authors, languages of Polylang, and dates with the site's offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final, NamedTuple

from lxml import etree

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
# Postmeta with the address that a post redirects to: Yoast SEO, Page Links To, Quick Page/Post Redirect.
_REDIRECT_KEYS: Final = ("_yoast_wpseo_redirect", "_links_to", "_pprredirect_url")
_MAX_TITLE_LENGTH: Final = 80  # characters of a title in a description
_NUMBER_LIMIT: Final = 2**63
_NO_YEAR: Final = "-0001"  # in the pubDate of drafts
_MAX_OFFSET: Final = timedelta(hours=14)
_OFFSET_STEP: Final = timedelta(minutes=15)


class ItemTerm(NamedTuple):
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

    def term(self, taxonomy: str) -> str:
        """Return the nicename of the first term of a taxonomy, such as LANGUAGE_TAXONOMY; "" if there is none."""
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

    def authors(self) -> Mapping[str, str]:
        """Return names by key of the authors of the plug-in Co-Authors Plus; without any, the login in `dc:creator` as both."""
        names = [(term.nicename or term.name, term.name) for term in self.terms if term.taxonomy == AUTHOR_TAXONOMY]
        co_authors = {key.strip().removeprefix(AUTHOR_PREFIX): name.strip() for key, name in names if key.strip()}
        creator = self.text("dc:creator")
        return co_authors or ({creator: creator} if creator else {})

    def categories_and_tags(self) -> Iterator[tuple[TermKind, str, str]]:
        """Yield (kind, key, name) of each category and tag, once.

        Terms without taxonomy, as in WXR 1.0, count as categories, and only if there are no terms with a taxonomy of TERM_KINDS.
        """
        terms = [term for term in self.terms if term.taxonomy in TERM_KINDS]
        terms = terms or [term._replace(taxonomy="category") for term in self.terms if not term.taxonomy]
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
        is_draft, pub_date = item.text("wp:status") in ("draft", "pending", "auto-draft"), item.text("pubDate")
        utc = parse_date(item.text("wp:post_date_gmt")) or parse_date("" if _NO_YEAR in pub_date else pub_date)
        return None if is_draft and not utc else self._with_offset(parse_date(item.text("wp:post_date")), utc)

    def updated(self, item: ItemFields) -> datetime | None:
        """Return when an item was changed, with the offset of the site's time from UTC; None if unknown.

        It is `wp:post_modified_gmt` (WordPress 5.7 or later), else `wp:post_modified` with the offset of the nearest month.
        """
        return self._with_offset(parse_date(item.text("wp:post_modified")), parse_date(item.text("wp:post_modified_gmt")))

    def _with_offset(self, local: datetime | None, utc: datetime | None) -> datetime | None:
        """Return `utc`, else `local`, with the offset between them, else that of the nearest month, else none."""
        known, date = _offset(local, utc), utc or local
        if known is None and date and self._offsets:
            month = _month(date)
            known = self._offsets[min(self._offsets, key=lambda one: (abs(one - month), one))]
        zone = timezone(known or timedelta())
        try:
            return utc.astimezone(zone) if utc else local and local.replace(tzinfo=zone)
        except OverflowError:
            return None


def _month(date: datetime) -> int:
    return 12 * date.year + date.month


def _offset(local: datetime | None, utc: datetime | None) -> timedelta | None:
    """Return local time, which is written like UTC, minus UTC if a zone can have it: at most 14 hours, in quarters. Else None."""
    offset = local.replace(tzinfo=UTC) - utc if local and utc else None
    return offset if offset is not None and abs(offset) <= _MAX_OFFSET and not offset % _OFFSET_STEP else None
