"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/): its musts, and what it asks of feeds on the public web."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.validators import fragment
from tests.validators.values import (
    Check,
    anything,
    instant,
    language,
    media_type,
    one_of,
    person_address,
    plausible,
    rfc3339,
    web_address,
    words,
)
from tests.validators.xml import markup, unfit_character

Object = Mapping[str, Any]
ValueCheck = Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class JsonDocument:
    """`repeated` are the keys that one object holds twice, which a parser drops without a word."""

    feed: Object
    repeated: tuple[str, ...]
    address: str
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What one object must hold and may hold; a key of its own begins with "_"."""

    required: Mapping[str, ValueCheck] = field(default_factory=dict)
    optional: Mapping[str, ValueCheck] = field(default_factory=dict)


JsonRule = Callable[[JsonDocument], Iterator[str]]


def _text(check: Check = words) -> ValueCheck:
    return lambda value: check(value) if isinstance(value, str) else "no string"


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "neither true nor false"


def _amount(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if number and value >= 0 else "no number of 0 or more"


def _list_of(kind: type) -> ValueCheck:
    return lambda value: (
        "" if isinstance(value, list) and all(isinstance(one, kind) for one in value) else f"no list of {kind.__name__}"
    )


# The objects that lie under a key, and what they may hold.
AUTHOR: Final = Shape(optional={"name": _text(), "url": _text(person_address), "avatar": _text(web_address)})
HUB: Final = Shape(required={"type": _text(), "url": _text(web_address)})
ATTACHMENT: Final = Shape(
    required={"url": _text(web_address), "mime_type": _text(media_type)},
    optional={"title": _text(), "size_in_bytes": _amount, "duration_in_seconds": _amount},
)
ITEM: Final = Shape(
    required={"id": _text()},
    optional={
        **dict.fromkeys(("title", "summary", "content_html"), _text()),
        "content_text": _text(anything),
        **dict.fromkeys(("url", "external_url", "image", "banner_image"), _text(web_address)),
        **dict.fromkeys(("date_published", "date_modified"), _text(rfc3339)),
        "language": _text(language),
        "tags": _list_of(str),
        **dict.fromkeys(("authors", "attachments"), _list_of(dict)),
    },
)
FEED: Final = Shape(
    required={
        "version": _text(one_of("https://jsonfeed.org/version/1.1")),
        "title": _text(),
        "home_page_url": _text(web_address),
        "feed_url": _text(web_address),
        "language": _text(language),
        "items": _list_of(dict),
    },
    optional={
        **dict.fromkeys(("description", "user_comment"), _text()),
        **dict.fromkeys(("next_url", "icon", "favicon"), _text(web_address)),
        "expired": _boolean,
        **dict.fromkeys(("authors", "hubs"), _list_of(dict)),
    },
)
_INSIDE: Final = {"items": ITEM, "authors": AUTHOR, "attachments": ATTACHMENT, "hubs": HUB}
_PLAIN: Final = ("title", "description", "summary", "name")
_DATES: Final = ("date_published", "date_modified")


def parsed(raw: bytes, address: str, now: datetime) -> JsonDocument:
    """ValueError: not a JSON object in UTF-8."""
    repeated: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    feed = json.loads(raw.decode("utf-8"), object_pairs_hook=collect, parse_constant=refuse)
    if not isinstance(feed, dict):
        raise TypeError("the document is no JSON object")
    return JsonDocument(feed=feed, repeated=tuple(repeated), address=address, now=now)


def _dicts(holder: Object, key: str) -> list[Object]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _items(document: JsonDocument) -> Iterator[tuple[str, Object]]:
    return ((f"items[{index}]", item) for index, item in enumerate(_dicts(document.feed, "items")))


def _objects(document: JsonDocument) -> Iterator[tuple[str, Shape, Object]]:
    """Every object that the format gives a shape, with its path."""
    yield "feed", FEED, document.feed
    for path, holder in [("feed", document.feed), *_items(document)]:
        for key, shape in _INSIDE.items():
            for index, one in enumerate(_dicts(holder, key)):
                yield (f"{path}.{key}[{index}]".removeprefix("feed."), shape, one)


def missing_key(document: JsonDocument) -> Iterator[str]:
    for path, shape, one in _objects(document):
        yield from (f"{path} has no {key}" for key in shape.required if key not in one)


def unknown_key(document: JsonDocument) -> Iterator[str]:
    for path, shape, one in _objects(document):
        for key in one.keys() - shape.required.keys() - shape.optional.keys():
            if not key.startswith("_"):
                yield f"{path}.{key} is not defined in JSON Feed 1.1"


def value(document: JsonDocument) -> Iterator[str]:
    for path, shape, one in _objects(document):
        for key, check in {**shape.required, **shape.optional}.items():
            if key in one and (fault := check(one[key])):
                yield f"{path}.{key}: {one[key]!r} is {fault}"


def extension(document: JsonDocument) -> Iterator[str]:
    """A custom object's name begins with _ and a letter and holds no dot; its value is an object."""
    for path, _shape, one in _objects(document):
        for key in one:
            if key.startswith("_") and (not key[1:2].isalpha() or "." in key or not isinstance(one[key], dict)):
                yield f"{path}.{key} is no custom object"


def repeated_key(document: JsonDocument) -> Iterator[str]:
    return (f"an object holds {key} twice" for key in document.repeated)


def own_address(document: JsonDocument) -> Iterator[str]:
    if document.feed.get("feed_url") != document.address:
        yield f"feed_url is {document.feed.get('feed_url')!r}, not {document.address!r}"


def no_circle(document: JsonDocument) -> Iterator[str]:
    """next_url must not be feed_url, nor lead back to itself."""
    if document.feed.get("next_url") in {document.address, document.feed.get("feed_url", "")}:
        yield "next_url is the document itself"


def unique_id(document: JsonDocument) -> Iterator[str]:
    counted = Counter(str(item.get("id")) for _path, item in _items(document))
    return (f"items: id {identity!r} stands {count} times" for identity, count in counted.items() if count > 1)


def content(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        if "content_html" not in item and "content_text" not in item:
            yield f"{path} has neither content_html nor content_text"


def silent_author(document: JsonDocument) -> Iterator[str]:
    """An author has at least one of name, url and avatar."""
    for path, shape, one in _objects(document):
        if shape is AUTHOR and not one.keys() & AUTHOR.optional.keys():
            yield f"{path} has no name, url or avatar"


def html(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        yield from (f"{path}.content_html {fault}" for fault in fragment.faults(str(item.get("content_html", ""))))


def plain_text(document: JsonDocument) -> Iterator[str]:
    """No tags and nothing escaped twice where a text is shown as it stands."""
    for path, _shape, one in _objects(document):
        texts = [(key, one.get(key)) for key in _PLAIN] + [("tags", tag) for tag in one.get("tags") or ()]
        for key, text in texts:
            if found := markup(str(text or "")):
                yield f"{path}.{key} is plain text, yet holds {found!r}"


def date(document: JsonDocument) -> Iterator[str]:
    for path, item in _items(document):
        for key in _DATES:
            moment = instant(str(item.get(key, "")))
            if moment and (fault := plausible(moment, document.now)):
                yield f"{path}.{key}: {item[key]!r} is {fault}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from (key, *_strings(inside))
    elif isinstance(value, list):
        for inside in value:
            yield from _strings(inside)
    elif isinstance(value, str):
        yield value


def character(document: JsonDocument) -> Iterator[str]:
    for text in _strings(document.feed):
        if unfit := unfit_character(text):
            yield f"{text!r} holds {unfit}"
