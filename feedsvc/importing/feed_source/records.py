"""Frozen data of a parsed feed document, as it stands there: the base of imports and of comparisons with another feed."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from feedsvc.importing.feed_source.item_division import DamagedItem
from feedsvc.importing.source import PostState, SourceAuthor, SourceMedium

POST: Final = "post"
PAGE: Final = "page"


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
    pages, `left_out` are entries of other kinds. `faults` are sentences about the document as a whole. `early_end` is a sentence
    if the document ends early, else ""; the items before that end are there. `damaged_items` are not among `items`.
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
    left_out: tuple[FeedItem, ...] = ()
    faults: tuple[str, ...] = ()
    early_end: str = ""
    damaged_items: tuple[DamagedItem, ...] = ()

    @property
    def public_items(self) -> tuple[FeedItem, ...]:
        """The items that subscribers of the feed get: no drafts and no pages."""
        return tuple(item for item in self.items if item.kind == POST and item.state is PostState.PUBLISHED)

    @property
    def loss(self) -> str:
        """A sentence with the number of the damaged items, "" if there are none."""
        count = len(self.damaged_items)
        missing = "1 item is missing, because its XML is" if count == 1 else f"{count} items are missing, because their XML is"
        return f"{missing} not well-formed; correct the feed, and read it again" if count else ""
