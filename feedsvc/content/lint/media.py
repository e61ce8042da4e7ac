"""Advice on media files: given by `check` alone, since it opens every file that something public refers to."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from feedsvc.content import images
from feedsvc.content.folder.snapshot import Content
from feedsvc.content.images import Header
from feedsvc.content.lint import movies
from feedsvc.content.media import image_widths
from feedsvc.content.safe_open import open_file
from feedsvc.errors import Problem
from feedsvc.model import Article, MediaFile
from feedsvc.uris import path_below

HEAVIEST: Final = 5_000_000  # bytes of a picture
WIDEST: Final = 2 * image_widths.WIDTHS[-1]  # pixels: screens have no more, and the widest copy is half as wide
_SOURCE: Final = re.compile(r'<img(?: [a-z]+(?:="[^"]*")?)*? src="([^"]*)"')
_MOVIES: Final = frozenset({"video/mp4", "video/quicktime", "audio/mp4"})
_UNCLEANED: Final = frozenset({".heic", ".heif", ".tif", ".tiff", ".jxl", ".dng", ".3gp"})
_FEWER: Final = {
    "image/avif": "save it with at most 22 megapixels",
    "image/jpeg": "save it as a JPEG that is not progressive, or with at most 50 megapixels",
    "image/png": "save it without interlacing, or with at most 50 megapixels",
}


def media_advice(content: Content, articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield warnings of the files that the settings and these articles refer to."""
    several = tuple(articles)
    pictures = {*_of_settings(content), *(path for article in several for path in _pictures(content, article))}
    named = {*pictures, *(path for article in several for path in article.media)}
    for path in sorted(named & content.media.keys()):
        file = content.media[path]
        rules = _RULES if path in pictures else _RULES[:_OF_ANY_FILE]
        for message, hint in (said for rule in rules if (said := rule(file))):
            yield Problem(path=path, message=f"'{path}' {message}", hint=hint, severity="warning")


def _of_settings(content: Content) -> Iterator[str]:
    yield from content.site.media
    yield from (path for author in content.authors.values() for path in author.media)


def _pictures(content: Content, article: Article) -> Iterator[str]:
    """The files that an article shows as pictures."""
    shown = [html.unescape(address) for address in _SOURCE.findall(content.html(article))]
    for address in (*shown, *((article.image.url,) if article.image else ())):
        yield path_below(content.site.base_url, address)[1:]


def _located(file: MediaFile) -> tuple[str, str] | None:
    if file.type not in _MOVIES:
        return None
    with suppress(OSError, ValueError), open_file(file.location) as opened:
        if movies.has_location(opened):
            again = f"ffmpeg -i {PurePosixPath(file.path).name} -map_metadata -1 -c copy NEW"
            return "tells where it was recorded, and is sent as it is", f"write it without its metadata, as by '{again}'"
    return None


def _uncleaned(file: MediaFile) -> tuple[str, str] | None:
    if PurePosixPath(file.path).suffix.lower() not in _UNCLEANED:
        return None
    return "is sent with all metadata, camera and location data too", "save it as JPEG, PNG, WebP, AVIF or MP4"


def _heavy(file: MediaFile) -> tuple[str, str] | None:
    if file.length <= HEAVIEST:
        return None
    size = f"has {file.length / 1_000_000:.1f} MB; a picture needs no more than {HEAVIEST // 1_000_000}"
    return size, f"save it with a lower quality, or {WIDEST} pixels wide"


def _wide(file: MediaFile) -> tuple[str, str] | None:
    header = _header(file)
    if header is None or header.size[0] <= WIDEST:
        return None
    return f"is {header.size[0]} pixels wide; no screen shows more than {WIDEST}", f"save it {WIDEST} pixels wide"


def _copyless(file: MediaFile) -> tuple[str, str] | None:
    header = _header(file)
    if header is None or not header.is_still or not image_widths.widths(*header.size) or image_widths.sizes(header, file.length):
        return None
    megapixels = header.width * header.height / 1_000_000
    return (
        f"has {megapixels:.0f} megapixels, too much to make narrower copies of: feeds and pages name the file itself",
        _FEWER.get(file.type, f"save it {WIDEST} pixels wide"),
    )


def _header(file: MediaFile) -> Header | None:
    if file.type not in images.TYPES:
        return None
    with suppress(OSError, ValueError, OverflowError), open_file(file.location) as opened:
        return images.read_header(opened)
    return None


_Rule = Callable[[MediaFile], tuple[str, str] | None]
# The first hold for any file, the others for what is shown as a picture.
_RULES: Final[tuple[_Rule, ...]] = (_located, _uncleaned, _heavy, _wide, _copyless)
_OF_ANY_FILE: Final = 2
