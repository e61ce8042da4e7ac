"""Values of an article from the facts that `feedsvc export` writes: the keys of its file that no format holds, and its Markdown.

Facts come from a foreign file and may be wrong, or older than the rest of the post if another system changed that. So a fact
counts only if it agrees with the rest, and the check of the article leaves out what is not valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedsvc import uris
from feedsvc.content.lint import is_reserved_name
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.dates import parse_instant
from feedsvc.content.schema.field_types import is_article_id
from feedsvc.importing.addresses import absolute, page_key
from feedsvc.importing.source import PostState, SourceMedium, SourcePost
from feedsvc.importing.writer.article_files import normalize_value

_NAME: Final = r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*"  # no hidden file, and no ".."
_ARTICLE_PATH: Final = re.compile(rf"{ARTICLES_FOLDER}/(?:{_NAME}/)*{_NAME}\.(?:md|yaml)")
_MAX_PATH_LENGTH: Final = 200
_PAGE_KEYS: Final = ("updated", "language", "aliases", "navigation", "order")
_PLAIN_KEYS: Final = ("expires", "sources", "corrections", "language", "translation_of", "link")


def stated_id(facts: Mapping[str, Any]) -> str:
    """Return the id of the article that the facts state, "" without a valid one. An export states it only beside a guid."""
    value = facts.get("id")
    return value if isinstance(value, str) and is_article_id(value) else ""


def stated_path(facts: Mapping[str, Any]) -> str:
    """Return the path of the article's file below the content folder, "" if the facts state none that a file can have.

    Its suffix is .md, because an import writes Markdown.
    """
    path = facts.get("path")
    if not isinstance(path, str) or not _ARTICLE_PATH.fullmatch(path) or len(path.encode()) > _MAX_PATH_LENGTH:
        return ""
    if any(map(is_reserved_name, path.split("/"))):
        return ""
    return str(PurePosixPath(path).with_suffix(".md"))


def stated_slug(facts: Mapping[str, Any]) -> str:
    """Return the slug that the facts state, else the name of the article's file without suffix; "" if that is no slug."""
    slug = facts.get("slug") or PurePosixPath(stated_path(facts)).stem
    return slug if isinstance(slug, str) and uris.is_slug(slug) else ""


def stated_body(facts: Mapping[str, Any]) -> str:
    """Return the Markdown that the facts state as the text of the article's file, "" without it."""
    body = facts.get("body")
    return body if isinstance(body, str) else ""


def stated_values(post: SourcePost, facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the values, in normal form, of the keys that no format holds, and the status of a withdrawn or expired article.

    They are expires, sources, corrections, language, translation_of and link, and not validated.
    """
    values = {key: normalize_value(key, facts[key]) for key in _PLAIN_KEYS if facts.get(key)}
    return values | _state(post, facts, now)


def stated_page_values(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values, in normal form and not validated, of a page's updated, language, aliases, navigation and order."""
    return {key: normalize_value(key, facts[key]) for key in _PAGE_KEYS if facts.get(key)}


def _state(post: SourcePost, facts: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the keys of the state of a withdrawn or expired article, which is a draft in other formats; {} for any other post.

    No post that is a draft becomes public by that.
    """
    if post.state is not PostState.DRAFT or post.is_page:
        return {}
    if facts.get("status") == "withdrawn":
        return {"status": "withdrawn", "withdrawn": normalize_value("withdrawn", facts.get("withdrawn"))}
    is_expired = facts.get("status") == "published" and _is_past(facts.get("expires"), now)
    return {"status": ""} if is_expired else {}


def _is_past(text: Any, now: datetime) -> bool:
    try:
        return isinstance(text, str) and parse_instant(text, ZoneInfo("UTC"))[0] <= now
    except ValueError:
        return False


def stated_media(
    value: Any, media: tuple[SourceMedium, ...], site_address: str, path_of: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Return the entries of the fact `image` or `enclosures` with the paths of their files in media/ as `src`.

    `value` is the value of the fact. Return [] if its files are not those of `media`, the media of the post. `path_of` returns
    the path in media/ for an address, "" if there is none; then `src` stays.
    """
    entries = _entries(value)
    addresses = [absolute(f"{site_address}/", str(entry.get("src", ""))) for entry in entries]
    if {*map(page_key, addresses)} != {page_key(medium.address) for medium in media}:
        return []
    paths = {page_key(medium.address): path_of(medium.address) for medium in media}
    found = [paths[page_key(address)] for address in addresses]
    return [normalize_value("", entry) | ({"src": path} if path else {}) for entry, path in zip(entries, found, strict=True)]


def stated_embeds(value: Any, site_address: str, path_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the entries of `embeds`, with the paths of their images here; an image without a path in media/ is left out."""
    embeds = []
    for entry in _entries(value):
        path = path_of(address) if (address := _embed_image(entry, site_address)) else ""
        others = {key: part for key, part in entry.items() if key != "image"}
        embeds.append(normalize_value("", others | ({"image": path} if path else {})))
    return embeds


def embed_images(facts: Mapping[str, Any], site_address: str) -> list[str]:
    """Return the absolute addresses of the images in the fact `embeds`; [] without it. Relative ones are below `site_address`."""
    return [address for entry in _entries(facts.get("embeds")) if (address := _embed_image(entry, site_address))]


def _embed_image(entry: Mapping[str, Any], site_address: str) -> str:
    image = entry.get("image")
    return absolute(f"{site_address}/", image) if isinstance(image, str) else ""


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict)]
