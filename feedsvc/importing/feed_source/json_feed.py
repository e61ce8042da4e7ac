"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from feedsvc.importing.addresses import absolute
from feedsvc.importing.errors import DamagedFeedError, ImportSourceError
from feedsvc.importing.feed_source.dates import parse_date
from feedsvc.importing.feed_source.markup import absolute_links, text_to_html
from feedsvc.importing.feed_source.records import FeedDocument, FeedItem, FeedKind, FeedTerm, TitleForm
from feedsvc.importing.feed_source.shared_elements import date_faults, unique_authors
from feedsvc.importing.source import PostState, SourceAuthor, SourceMedium

_EXTENSION: Final = "_feedsvc"
_VERSION: Final = "jsonfeed.org/version/"


def parse_json_feed(data: bytes, place: str, address: str) -> FeedDocument:
    """Return the document of a JSON Feed. `place` names it in messages; `address` is that of the document, "" if unknown.

    Items that are no objects are left out; a version that is not JSON Feed's is in `faults` of the result. Raises
    ImportSourceError if `data` is no JSON object with a list as `items`; DamagedFeedError if it is invalid JSON, but contains the
    version of JSON Feed.
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
    page = absolute(address, _text(document, "home_page_url"))
    base = address or _text(document, "feed_url") or page
    version, names = _text(document, "version"), _Names(document)
    return FeedDocument(
        kind=FeedKind.JSON,
        place=place,
        title=_text(document, "title"),
        description=_text(document, "description"),
        address=page,
        language=_text(document, "language"),
        time_zone=names.time_zone,
        own_address=absolute(base, _text(document, "feed_url")),
        older_address=absolute(base, _text(document, "next_url")) if _text(document, "next_url") else "",
        authors=_authors(document, base),
        categories=names.categories,
        items=tuple(
            _item(item, f"{place}, item {number}", base, names)
            for number, item in enumerate(document["items"], 1)
            if isinstance(item, dict)
        ),
        faults=() if _VERSION in version else (f"its version is '{version[:80]}', not one of JSON Feed",),
    )


class _Names:
    """Authors and categories by id that `feedsvc export json` describes beside the items; no others have them.

    `time_zone` is that of the site, "" if unknown.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        value = document.get(_EXTENSION)
        extension = value if isinstance(value, dict) else {}
        self.time_zone = _text(extension, "time_zone")
        authors = [
            SourceAuthor(*(_text(author, key) for key in ("id", "name", "email", "url", "bio")))
            for author in _list(extension, "authors", dict)
        ]
        self._authors = {author.key: author for author in authors}
        self._authors_by_name = {author.name: author for author in authors}
        categories = [
            FeedTerm(name=_text(category, "title"), key=_text(category, "id"), description=_text(category, "description"))
            for category in _list(extension, "categories", dict)
        ]
        self._categories = {category.key: category for category in categories}

    @property
    def categories(self) -> tuple[FeedTerm, ...]:
        return tuple(category for category in self._categories.values() if category.key)

    def authors(self, item: dict[str, Any], people: tuple[SourceAuthor, ...]) -> tuple[SourceAuthor, ...]:
        """Return the authors of an item, whose own list, by name, is `people`.

        The ids that an export of feedsvc states beside them count if their names are the same: two authors may share one name.
        Otherwise each of `people` is replaced by the author of the same name that the export describes, if there is one.
        """
        own = _facts(item)
        keys = _list(own, "authors", str) or [_text(own, "author")]
        stated = [self._authors[key] for key in dict.fromkeys(keys) if key in self._authors]
        if {" ".join(author.name.split()) for author in stated} == {author.name for author in people}:
            return tuple(stated)
        return tuple(self._authors_by_name.get(author.name, author) for author in people)

    def terms(self, item: dict[str, Any]) -> tuple[FeedTerm, ...]:
        """Return the categories and then the tags of an item, each once.

        If an export of feedsvc describes categories, both come from its own lists, because JSON Feed's `tags` mixes them. In
        other feeds, there are only the item's `tags`.
        """
        own = _facts(item)
        keys = _list(own, "categories", str) or [_text(own, "category")]
        categories = [self._categories[key] for key in keys if key in self._categories]
        names = _list(own, "tags", str) if self._categories else _list(item, "tags", str)
        return tuple(dict.fromkeys((*categories, *(FeedTerm(name=name.strip()) for name in names if name.strip()))))


def _item(item: dict[str, Any], place: str, base: str, names: _Names) -> FeedItem:
    address = absolute(base, _text(item, "url"))
    published_text, updated_text = _text(item, "date_published"), _text(item, "date_modified")
    content = absolute_links(_text(item, "content_html") or text_to_html(_text(item, "content_text")), address or base)
    summary = text_to_html(_text(item, "summary"))
    image = absolute(base, _text(item, "image") or _text(item, "banner_image"))
    return FeedItem(
        place=place,
        id=_id(item.get("id")),
        link=_text(item, "url"),
        address=address or absolute(base, _text(item, "external_url")),
        title=_text(item, "title"),
        title_form=TitleForm.TEXT,
        published_text=published_text,
        updated_text=updated_text,
        published=parse_date(published_text),
        updated=parse_date(updated_text),
        authors=names.authors(item, _authors(item, base)),
        terms=names.terms(item),
        summary=summary if content else "",
        content=content or summary,
        language=_text(item, "language"),
        lead_image=SourceMedium(image) if image else None,
        enclosures=tuple(_enclosures(item, base)),
        state=PostState.PUBLISHED if _facts(item).get("status", "published") == "published" else PostState.DRAFT,
        facts=_facts(item),
        faults=tuple(date_faults((published_text, updated_text))),
    )


def _id(value: Any) -> str:
    """Return an id, without lone surrogates; a number as text, as the specification asks; "" for a value of another type."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _without_surrogates(value if isinstance(value, str) else str(value) if is_number else "")


def _without_surrogates(text: str) -> str:
    """Return a text without lone surrogates, which JSON can contain and no file can."""
    return text.encode(errors="ignore").decode()


def _text(mapping: dict[str, Any], key: str) -> str:
    value = mapping.get(key)
    return _without_surrogates(value) if isinstance(value, str) else ""


def _list(mapping: dict[str, Any], key: str, kind: type) -> list[Any]:
    values = mapping.get(key)
    return [value for value in values if isinstance(value, kind)] if isinstance(values, list) else []


def _authors(mapping: dict[str, Any], base: str) -> tuple[SourceAuthor, ...]:
    """Return the authors of a feed or item, from the key authors or, in version 1, author."""
    people = _list(mapping, "authors", dict) or [author for author in [mapping.get("author")] if isinstance(author, dict)]
    authors = []
    for person in people:
        name, url = " ".join(_text(person, "name").split()), _text(person, "url")
        email = url[len("mailto:") :] if url.lower().startswith("mailto:") else ""
        if name or email:
            authors.append(SourceAuthor(name or email, name or email, email=email, url="" if email else absolute(base, url)))
    return unique_authors(authors)


def _facts(item: dict[str, Any]) -> dict[str, Any]:
    """Return the members of the object that `feedsvc export json` adds to an item, {} without it."""
    extension = item.get(_EXTENSION)
    return extension if isinstance(extension, dict) else {}


def _enclosures(item: dict[str, Any], base: str) -> Iterator[SourceMedium]:
    for attachment in _list(item, "attachments", dict):
        address, size = absolute(base, _text(attachment, "url")), attachment.get("size_in_bytes")
        if address:
            length = int(size) if isinstance(size, (int, float)) and 0 <= size < 2**53 else 0
            yield SourceMedium(
                address, caption=_text(attachment, "title"), media_type=_text(attachment, "mime_type").lower(), length=length
            )
