"""Rules for JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): those of the specification and those for public feeds."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.validators import fragment
from tests.validators.values import (
    Check,
    any_text,
    check_plausible_date,
    language,
    media_type,
    non_blank,
    one_of,
    parse_date,
    person_address,
    rfc3339,
    web_address,
)
from tests.validators.xml import find_invalid_character, find_markup

Object = Mapping[str, Any]
ValueCheck = Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class JsonDocument:
    """A parsed document. `repeated` are keys that occur twice in an object, which a parser drops silently."""

    feed: Object
    repeated: tuple[str, ...]
    address: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The required and optional keys of an object. Custom keys start with "_"."""

    required: Mapping[str, ValueCheck] = field(default_factory=dict)
    optional: Mapping[str, ValueCheck] = field(default_factory=dict)


JsonRule = Callable[[JsonDocument], Iterator[str]]


def _string(check: Check = non_blank) -> ValueCheck:
    return lambda value: check(value) if isinstance(value, str) else "not a string"


def _check_boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "neither true nor false"


def _check_amount(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if number and value >= 0 else "not a number of 0 or more"


def _list_of(kind: type) -> ValueCheck:
    return lambda value: (
        "" if isinstance(value, list) and all(isinstance(item, kind) for item in value) else f"not a list of {kind.__name__}"
    )


# Shapes of the objects under a key.
AUTHOR: Final = Shape(optional={"name": _string(), "url": _string(person_address), "avatar": _string(web_address)})
HUB: Final = Shape(required={"type": _string(), "url": _string(web_address)})
ATTACHMENT: Final = Shape(
    required={"url": _string(web_address), "mime_type": _string(media_type)},
    optional={"title": _string(), "size_in_bytes": _check_amount, "duration_in_seconds": _check_amount},
)
ITEM: Final = Shape(
    required={"id": _string()},
    optional={
        **dict.fromkeys(("title", "summary", "content_html"), _string()),
        "content_text": _string(any_text),
        **dict.fromkeys(("url", "external_url", "image", "banner_image"), _string(web_address)),
        **dict.fromkeys(("date_published", "date_modified"), _string(rfc3339)),
        "language": _string(language),
        "tags": _list_of(str),
        **dict.fromkeys(("authors", "attachments"), _list_of(dict)),
    },
)
FEED: Final = Shape(
    required={
        "version": _string(one_of("https://jsonfeed.org/version/1.1")),
        "title": _string(),
        "home_page_url": _string(web_address),
        "feed_url": _string(web_address),
        "language": _string(language),
        "items": _list_of(dict),
    },
    optional={
        **dict.fromkeys(("description", "user_comment"), _string()),
        **dict.fromkeys(("next_url", "icon", "favicon"), _string(web_address)),
        "expired": _check_boolean,
        **dict.fromkeys(("authors", "hubs"), _list_of(dict)),
    },
)
_SHAPES_BY_KEY: Final = {"items": ITEM, "authors": AUTHOR, "attachments": ATTACHMENT, "hubs": HUB}
_PLAIN_TEXT_KEYS: Final = ("title", "description", "summary", "name")
_DATES: Final = ("date_published", "date_modified")


def parse(raw: bytes, address: str, now: datetime) -> JsonDocument:
    """Parse the document. Raises ValueError or TypeError if it is not a JSON object in UTF-8."""
    repeated: list[str] = []

    def collect_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    def reject_constant(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    feed = json.loads(raw.decode("utf-8"), object_pairs_hook=collect_pairs, parse_constant=reject_constant)
    if not isinstance(feed, dict):
        raise TypeError("the document is not a JSON object")
    return JsonDocument(feed=feed, repeated=tuple(repeated), address=address, now=now)


def _objects_in(parent: Object, key: str) -> list[Object]:
    value = parent.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _items(document: JsonDocument) -> Iterator[tuple[str, Object]]:
    return ((f"items[{index}]", item) for index, item in enumerate(_objects_in(document.feed, "items")))


def _objects(document: JsonDocument) -> Iterator[tuple[str, Shape, Object]]:
    """Return every object that has a Shape, with its path."""
    yield "feed", FEED, document.feed
    for path, parent in [("feed", document.feed), *_items(document)]:
        for key, shape in _SHAPES_BY_KEY.items():
            for index, object_ in enumerate(_objects_in(parent, key)):
                yield (f"{path}.{key}[{index}]".removeprefix("feed."), shape, object_)


def missing_key(document: JsonDocument) -> Iterator[str]:
    for path, shape, object_ in _objects(document):
        yield from (f"{path} has no {key}" for key in shape.required if key not in object_)


def unknown_key(document: JsonDocument) -> Iterator[str]:
    for path, shape, object_ in _objects(document):
        for key in object_.keys() - shape.required.keys() - shape.optional.keys():
            if not key.startswith("_"):
                yield f"{path}.{key} is not defined in JSON Feed 1.1"


def value(document: JsonDocument) -> Iterator[str]:
    for path, shape, object_ in _objects(document):
        for key, check in {**shape.required, **shape.optional}.items():
            if key in object_ and (fault := check(object_[key])):
                yield f"{path}.{key}: {object_[key]!r} is {fault}"


def extension(document: JsonDocument) -> Iterator[str]:
    """The name of a custom object starts with _ and a letter and contains no dot; its value is an object."""
    for path, _shape, object_ in _objects(document):
        for key in object_:
            if key.startswith("_") and (not key[1:2].isalpha() or "." in key or not isinstance(object_[key], dict)):
                yield f"{path}.{key} is not a custom object"


def repeated_key(document: JsonDocument) -> Iterator[str]:
    return (f"an object holds {key} twice" for key in document.repeated)


def self_link(document: JsonDocument) -> Iterator[str]:
    if document.feed.get("feed_url") != document.address:
        yield f"feed_url is {document.feed.get('feed_url')!r}, not {document.address!r}"


def link_cycle(document: JsonDocument) -> Iterator[str]:
    """next_url is not feed_url and does not lead back to it."""
    if document.feed.get("next_url") in {document.address, document.feed.get("feed_url", "")}:
        yield "next_url is the document itself"


def unique_id(document: JsonDocument) -> Iterator[str]:
    counted = Counter(str(item.get("id")) for _path, item in _items(document))
    return (f"items: id {item_id!r} occurs {count} times" for item_id, count in counted.items() if count > 1)


def content(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        if "content_html" not in item and "content_text" not in item:
            yield f"{path} has neither content_html nor content_text"


def empty_author(document: JsonDocument) -> Iterator[str]:
    """An author has at least one of name, url and avatar."""
    for path, shape, object_ in _objects(document):
        if shape is AUTHOR and not object_.keys() & AUTHOR.optional.keys():
            yield f"{path} has no name, url or avatar"


def html(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        yield from (f"{path}.content_html {fault}" for fault in fragment.find_faults(str(item.get("content_html", ""))))


def plain_text(document: JsonDocument) -> Iterator[str]:
    """No tags and no doubly escaped characters in text that readers show unchanged."""
    for path, _shape, object_ in _objects(document):
        texts = [(key, object_.get(key)) for key in _PLAIN_TEXT_KEYS] + [("tags", tag) for tag in object_.get("tags") or ()]
        for key, text in texts:
            if match := find_markup(str(text or "")):
                yield f"{path}.{key} is plain text, yet holds {match!r}"


def date(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        for key in _DATES:
            moment = parse_date(str(item.get(key, "")))
            if moment and (fault := check_plausible_date(moment, document.now)):
                yield f"{path}.{key}: {item[key]!r} is {fault}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, nested in value.items():
            yield from (key, *_strings(nested))
    elif isinstance(value, list):
        for nested in value:
            yield from _strings(nested)
    elif isinstance(value, str):
        yield value


def character(document: JsonDocument) -> Iterator[str]:
    for text in _strings(document.feed):
        if invalid := find_invalid_character(text):
            yield f"{text!r} holds {invalid}"
