"""Frozen data of a parsed feed document, as it stands there: the base of imports and of comparisons with another feed."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape, unescape
from typing import Any, Final

from lxml import etree, html

from feedsvc.importing.addresses import absolute
from feedsvc.importing.dates import has_zone, parse_date
from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import Omission, PostState, SourceAuthor, SourceMedium

POST: Final = "post"
PAGE: Final = "page"
_MAY_LINK: Final = re.compile(r"\b(?:href|src|srcset|poster|data|cite|background|action)\s*=", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>")
_SCHEME: Final = re.compile(r"#|\s*[A-Za-z][A-Za-z0-9+.-]*:")
_BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n")
MAX_FAULT_TEXT: Final = 60  # characters of a quoted value


class FeedKind(enum.Enum):
    """Family of feed formats; each value is its usual name. RSS is RSS 0.9x without RDF, and 2.0."""

    RSS = "RSS"
    RDF = "RSS 1.0"
    ATOM = "Atom"
    JSON = "JSON Feed"


class TitleForm(enum.Enum):
    """Form of a title. UNKNOWN is that of RSS, which does not say it: `title_text` takes it for HTML if it has a tag."""

    TEXT = "text"
    HTML = "html"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedTerm:
    """Category of an item. `scheme` is an address or text that tells it from others of the same name, "" if there is none.

    `key` is its id in an export of feedsvc, which also has a `description`; "" elsewhere.
    """

    name: str
    scheme: str = ""
    key: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedItem:
    """Item or entry of a feed document.

    `place` tells an editor where it stands. `id` is the guid (else dc:identifier, else rdf:about), atom:id or JSON id with its
    characters unchanged, also white space around them; "" if there is none. `link` is that to its page as written, `address`
    the absolute address of its page, which need not be the same; "" if there is none. In a file of Blogger that names no host,
    it is the path of its page. `title` is as written, in its `title_form`. `published_text` and `updated_text` are the dates as
    written; `published` and `updated` have a zone and are None if missing or unreadable. `summary` and `content` are HTML with
    absolute links; the only text of an item is its `content`, and `summary` is "" then. `is_summary_text`: it is of Atom, with
    an atom:summary in plain text. `kind` is POST, PAGE or another word, such as "comment". `facts` are those of an export of
    feedsvc: JSON values by name, such as `corrections`; else {}. `faults` are sentences about parts that could not be read.
    """

    place: str
    id: str = ""
    link: str = ""
    address: str = ""
    title: str = ""
    title_form: TitleForm = TitleForm.UNKNOWN
    published_text: str = ""
    updated_text: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[SourceAuthor, ...] = ()
    terms: tuple[FeedTerm, ...] = ()
    summary: str = ""
    content: str = ""
    is_summary_text: bool = False
    language: str = ""
    lead_image: SourceMedium | None = None
    enclosures: tuple[SourceMedium, ...] = ()
    kind: str = POST
    state: PostState = PostState.PUBLISHED
    facts: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedDocument:
    """One parsed document of a feed. Addresses are absolute; `address` is that of the feed's page. `title` is plain text.

    `place` names it in messages. `own_address` is its rel=self (JSON Feed: feed_url), `older_address` the address of the next
    older document (RFC 5005: prev-archive, else next; JSON Feed: next_url). Only an export of feedsvc has a `time_zone`, and
    `categories`: all of the newsroom, whether or not an item has them. Each text is "" if there is none. `items` are posts and
    pages. `faults` are sentences about the document as a whole. `left_out` has entries of other kinds, elements of podcasts, and
    what is missing if the document ends early.
    """

    kind: FeedKind
    place: str
    title: str = ""
    description: str = ""
    address: str = ""
    language: str = ""
    time_zone: str = ""
    own_address: str = ""
    older_address: str = ""
    authors: tuple[SourceAuthor, ...] = ()
    categories: tuple[FeedTerm, ...] = ()
    items: tuple[FeedItem, ...] = ()
    faults: tuple[str, ...] = ()
    left_out: tuple[Omission, ...] = ()

    @property
    def public_items(self) -> tuple[FeedItem, ...]:
        """The items that subscribers of the feed get: no drafts and no pages."""
        return tuple(item for item in self.items if item.kind == POST and item.state is PostState.PUBLISHED)


def date_faults(texts: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each date, once, that cannot be read or has no known zone; nothing for ""."""
    for value in dict.fromkeys(filter(None, texts)):
        shown = value[:MAX_FAULT_TEXT]
        if parse_date(value) is None:
            yield f"the date '{shown}' cannot be read"
        elif not has_zone(value):
            yield f"the date '{shown}' names no known time zone; it is read as UTC"


def unique_authors(authors: Iterable[SourceAuthor]) -> tuple[SourceAuthor, ...]:
    """Return the authors, each key once: the first, with e-mail, URL and bio of later ones where it lacks them."""
    unique: dict[str, SourceAuthor] = {}
    for author in authors:
        known = unique.get(author.key, author)
        email, url, bio = known.email or author.email, known.url or author.url, known.bio or author.bio
        unique[author.key] = replace(known, email=email, url=url, bio=bio)
    return tuple(unique.values())


def title_text(title: str, form: TitleForm) -> str:
    """Return a title as plain text in one line. With TitleForm.UNKNOWN it is HTML if it has a tag; else entities are decoded."""
    if form is TitleForm.TEXT:
        return " ".join(title.split())
    return to_plain_text(title) if form is TitleForm.HTML or _TAG.search(title) else " ".join(unescape(title).split())


def text_to_html(text: str) -> str:
    """Return plain text as HTML, escaped: a paragraph for each part between blank lines, a `br` for each other line break."""
    paragraphs = (escape(part.strip(), quote=False).replace("\n", "<br>\n") for part in _BLANK_LINE.split(text.strip()))
    return "\n".join(f"<p>{part}</p>" for part in paragraphs if part)


def absolute_links(markup: str, base: str) -> str:
    """Return HTML with references in `href`, `src` and the like (not `srcset`, `poster`) resolved against `base`; #a stays.

    HTML without relative addresses, or that cannot be parsed, is returned unchanged, and so is any if `base` is "".
    """
    if not base or not _MAY_LINK.search(markup):
        return markup
    try:
        root: etree._Element = html.fragment_fromstring(markup, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return markup
    has_changed = False
    for element, attribute, reference, _ in list(html.iterlinks(root)):
        target = absolute(base, reference) if attribute and not _SCHEME.match(reference) else ""
        if target and element.get(attribute) == reference:
            element.set(attribute, target)
            has_changed = True
    etree.strip_elements(root, etree.Comment, with_tail=False)
    return inner_html(root) if has_changed else markup


def inner_html(element: etree._Element) -> str:
    """Return the content of an element, without its own tags, as HTML without namespaces."""
    parts = [escape(element.text or "", quote=False)]
    for found in element:
        detached = deepcopy(found)  # lxml writes the namespaces of elements around an element, too
        for node in detached.iter(etree.Element):
            node.tag = etree.QName(node).localname
        etree.cleanup_namespaces(detached)
        parts.append(html.tostring(detached, encoding="unicode"))
    return "".join(parts)
