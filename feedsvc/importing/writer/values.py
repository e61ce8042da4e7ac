"""Values of an article: its keys and body as plain data in one normal form, with digests for the comparison of versions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from feedsvc.support.digest import blake2b

BODY: Final = "body"
# Keys that an import writes, in the order of a file; only pages have `description`, `navigation` and `order`. The id is
# not among them, because it never changes.
KEYS: Final = (
    *("guid", "title", "published", "updated", "expires", "categories", "authors", "tags", "summary", "description"),
    *("image", "enclosures", "embeds", "sources", "corrections", "language", "translation_of", "link", "slug", "aliases"),
    *("navigation", "order", "status", "withdrawn", BODY),
)
# Keys of which article files also accept a form with one value.
_SINGULAR_KEYS: Final = {"category": "categories", "author": "authors"}
_LIST_KEYS: Final = ("categories", "authors", "tags", "aliases")
_EXACT_KEYS: Final = ("guid",)  # whose white space counts
_DIGEST_SIZE: Final = 4  # bytes: of 4,000 million changed values, one is taken for unchanged

ArticleValues = dict[str, Any]  # key of KEYS -> its value; a missing key has no value


def normalize_values(keys: Mapping[str, Any], body: str) -> ArticleValues:
    """Return the values of an article file in normal form, so that digests of equal values are equal.

    `keys` are the file's keys as YAML types them, `body` is the text of its body. Keys that no import writes are left out, and
    so are empty values and the status "published". `category` and `author` become lists.
    """
    values: ArticleValues = {}
    for name, value in keys.items():
        key = _SINGULAR_KEYS.get(name, name)
        if key in KEYS and key != BODY and (normal := normalize_value(key, value)) not in (None, "", [], {}):
            values[key] = normal
    if values.get("status") == "published":
        del values["status"]
    if text := normalize_body(body):
        values[BODY] = text
    return values


def normalize_body(body: str) -> str:
    """Return a body with Unix line ends, without empty lines around it."""
    return body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def normalize_value(key: str, value: Any) -> Any:
    """Return the value of a key of an article file in its normal form, with white space collapsed.

    Members of mappings that are None or "" are left out. One value of a list key becomes a list. `guid` stays as it is.
    """
    if key in _EXACT_KEYS:
        return value
    if key in _LIST_KEYS and not isinstance(value, list):
        value = [] if value in (None, "") else [value]
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return [normalize_value("", item) for item in value]
    if isinstance(value, dict):
        return {name: normal for name, inner in value.items() if (normal := normalize_value("", inner)) not in (None, "")}
    return value


def digest_of(value: Any) -> str:
    """Return a short digest of a value of JSON's types, "" for None. The order of a mapping's keys does not matter."""
    if value is None:
        return ""
    return blake2b(json.dumps(value, ensure_ascii=False, sort_keys=True), size=_DIGEST_SIZE).hex()


def digests_of(values: ArticleValues) -> dict[str, str]:
    """Return the digest of each key that has a value, in the order of KEYS."""
    return {key: digest_of(values[key]) for key in KEYS if key in values}


def format_digests(digests: Mapping[str, str]) -> str:
    """Return digests as one word for each key, as in "title=0a1b2c3d body=4e5f6071"."""
    return " ".join(f"{key}={digests[key]}" for key in KEYS if digests.get(key))


def parse_digests(words: Iterable[str]) -> dict[str, str]:
    """Return the digests in the words of `format_digests`. Other words are left out."""
    return {key: digest for key, _, digest in (word.partition("=") for word in words) if key in KEYS and digest}
