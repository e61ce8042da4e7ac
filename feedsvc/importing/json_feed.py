"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/), and what `feedsvc export json` adds to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from feedsvc.importing.addresses import absolute
from feedsvc.importing.dates import parse_date
from feedsvc.importing.feed_document import (
    FeedDocument,
    FeedItem,
    FeedKind,
    FeedTerm,
    TitleForm,
    absolute_links,
    date_faults,
    text_to_html,
    unique_authors,
)
from feedsvc.importing.source import DamagedFeedError, ImportSourceError, PostState, SourceAuthor, SourceMedium

_EXTENSION: Final = "_feedsvc"
_VERSION: Final = "jsonfeed.org/version/"


def parse_json_feed(data: bytes, place: str, address: str) -> FeedDocument:
    """Return the document of a JSON Feed. Items that are no objects are left out.

    Raises ImportSourceError if `data` is no JSON object with a list as `items`; DamagedFeedError if it is invalid JSON, but
    contains the version of JSON Feed.
    """
    try:
        document = json.loads(data.decode("utf-8-sig", errors="replace"))
    except RecursionError:
        raise ImportSourceError(f"{place}: its JSON is nested too deeply") from None
    except ValueError as error:
        kind = DamagedFeedError if _VERSION.encode() in data else ImportSourceError
        raise kind(f"{place}: its JSON is invalid: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        needed = "a JSON Feed is an object with the keys version, title and items"
        raise ImportSourceError(f"{place}: it is JSON, but no JSON Feed: {needed}")
    page, version = absolute(address, _text(document, "home_page_url")), _text(document, "version")
    base = address or _text(document, "feed_url") or page
    names = _Names(_facts(document))
    items = ((number, item) for number, item in enumerate(document["items"], 1) if isinstance(item, dict))
    return FeedDocument(
        kind=FeedKind.JSON,
        place=place,
        title=_text(document, "title"),
        description=_text(document, "description"),
        address=page,
        language=_text(document, "language"),
        time_zone=_text(_facts(document), "time_zone"),
        own_address=absolute(base, _text(document, "feed_url")),
        older_address=absolute(base, _text(document, "next_url")),
        authors=_authors(document, base),
        categories=tuple(names.categories.values()),
        items=tuple(_item(item, f"{place}, item {number}", base, names) for number, item in items),
        faults=() if _VERSION in version else (f"its version is '{version[:80]}', not one of JSON Feed",),
    )


class _Names:
    """Authors and categories by id that `feedsvc export json` describes beside the items; no others have them."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        keys = ("id", "name", "email", "url", "bio")
        authors = [SourceAuthor(*(_text(author, key) for key in keys)) for author in _list(facts, "authors", dict)]
        self._authors = {author.key: author for author in authors}
        self._authors_by_name = {author.name: author for author in authors}
        described = ((_text(category, "id"), category) for category in _list(facts, "categories", dict))
        self.categories = {
            key: FeedTerm(name=_text(category, "title"), key=key, description=_text(category, "description"))
            for key, category in described
            if key
        }

    def authors(self, item: Mapping[str, Any], people: tuple[SourceAuthor, ...]) -> tuple[SourceAuthor, ...]:
        """Return the authors of an item, whose own list, by name, is `people`.

        The ids that an export of feedsvc states beside them count if their names are the same: two authors may share one name.
        Otherwise each of `people` is replaced by the author of the same name that the export describes, if there is one.
        """
        keys = dict.fromkeys(_list(_facts(item), "authors", str))
        stated = tuple(self._authors[key] for key in keys if key in self._authors)
        if {" ".join(author.name.split()) for author in stated} == {author.name for author in people}:
            return stated
        return tuple(self._authors_by_name.get(author.name, author) for author in people)

    def terms(self, item: Mapping[str, Any]) -> tuple[FeedTerm, ...]:
        """Return the categories and then the tags of an item, each once.

        If an export of feedsvc describes categories, both come from its own lists, because JSON Feed's `tags` mixes them.
        """
        own = _facts(item)
        categories = [self.categories[key] for key in _list(own, "categories", str) if key in self.categories]
        names = (name.strip() for name in _list(own if self.categories else item, "tags", str))
        return tuple(dict.fromkeys((*categories, *(FeedTerm(name=name) for name in names if name))))


def _item(item: Mapping[str, Any], place: str, base: str, names: _Names) -> FeedItem:
    link, facts = _text(item, "url"), _facts(item)
    address, dates = absolute(base, link), (_text(item, "date_published"), _text(item, "date_modified"))
    content = absolute_links(_text(item, "content_html") or text_to_html(_text(item, "content_text")), address or base)
    summary = text_to_html(_text(item, "summary"))
    image = absolute(base, _text(item, "image") or _text(item, "banner_image"))
    return FeedItem(
        place=place,
        id=_id(item.get("id")),
        link=link,
        address=address or absolute(base, _text(item, "external_url")),
        title=_text(item, "title"),
        title_form=TitleForm.TEXT,
        published_text=dates[0],
        updated_text=dates[1],
        published=parse_date(dates[0]),
        updated=parse_date(dates[1]),
        authors=names.authors(item, _authors(item, base)),
        terms=names.terms(item),
        summary=summary if content else "",
        content=content or summary,
        language=_text(item, "language"),
        lead_image=SourceMedium(image) if image else None,
        enclosures=tuple(_attachments(item, base)),
        state=PostState.PUBLISHED if facts.get("status", "published") == "published" else PostState.DRAFT,
        facts=facts,
        faults=tuple(date_faults(dates)),
    )


def _id(value: Any) -> str:
    """Return an id; a number as text, as the specification asks; "" for a value of another type."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _text({"id": str(value) if is_number else value}, "id")


def _text(mapping: Mapping[str, Any], key: str) -> str:
    """Return a text without lone surrogates, which JSON can contain and no file can; "" for a value of another type."""
    value = mapping.get(key)
    return value.encode(errors="ignore").decode() if isinstance(value, str) else ""


def _list(mapping: Mapping[str, Any], key: str, kind: type) -> list[Any]:
    values = mapping.get(key)
    return [value for value in values if isinstance(value, kind)] if isinstance(values, list) else []


def _facts(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of the object that `feedsvc export json` adds to a feed or item, {} without it."""
    extension = mapping.get(_EXTENSION)
    return extension if isinstance(extension, dict) else {}


def _authors(mapping: Mapping[str, Any], base: str) -> tuple[SourceAuthor, ...]:
    """Return the authors of a feed or item, from the key authors or, in version 1, author."""
    authors = []
    for person in _list(mapping, "authors", dict) or _list({"authors": [mapping.get("author")]}, "authors", dict):
        name, url = " ".join(_text(person, "name").split()), _text(person, "url")
        email = url[len("mailto:") :] if url.lower().startswith("mailto:") else ""
        if name or email:
            authors.append(SourceAuthor(name or email, name or email, email=email, url="" if email else absolute(base, url)))
    return unique_authors(authors)


def _attachments(item: Mapping[str, Any], base: str) -> Iterator[SourceMedium]:
    for attachment in _list(item, "attachments", dict):
        address, size = absolute(base, _text(attachment, "url")), attachment.get("size_in_bytes")
        if address:
            length = int(size) if isinstance(size, (int, float)) and 0 <= size < 2**53 else 0
            caption, media_type = _text(attachment, "title"), _text(attachment, "mime_type").lower()
            yield SourceMedium(address, caption=caption, media_type=media_type, length=length)
