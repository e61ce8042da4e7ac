"""Lint of media files. Only `check` runs it, because it opens many of the files that public content refers to."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import PurePosixPath
from typing import Final

from feedsvc.content import images
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.images import ImageHeader
from feedsvc.content.lint import movies
from feedsvc.content.media import VARIANT_WIDTHS, is_truncated, variant_sizes, variant_widths
from feedsvc.content.safe_open import open_file
from feedsvc.errors import Problem, Rule
from feedsvc.model import Article, Author, CustomFeed, MediaFile
from feedsvc.page_model import StaticPage
from feedsvc.uris import path_below

MAX_IMAGE_BYTES: Final = 5_000_000
MAX_IMAGE_WIDTH: Final = 2 * VARIANT_WIDTHS[-1]  # pixels; wider than screens, twice the widest variant
_IMG_SRC: Final = re.compile(r'<img(?: [a-z]+(?:="[^"]*")?)*? src="([^"]*)"')
_MOVIE_TYPES: Final = frozenset({"video/mp4", "video/quicktime", "audio/mp4"})
_UNCLEANED_SUFFIXES: Final = frozenset({".heic", ".heif", ".tif", ".tiff", ".jxl", ".dng", ".3gp"})
_MEGAPIXEL_HINTS: Final = {
    "image/avif": "save it with at most 22 megapixels",
    "image/jpeg": "save it as a JPEG that is not progressive, or with at most 50 megapixels",
    "image/png": "save it without interlacing, or with at most 50 megapixels",
}
_Warning = tuple[Rule, str, str]  # rule, message without the path, hint


def lint_media(content: ContentSnapshot, articles: Iterable[Article]) -> Iterator[Problem]:
    """Yield warnings about the files in media/ that settings, these articles and published pages refer to, in order of path.

    They are about films with location data, types whose metadata is not removed, images that are shown and too large, too wide
    or without variants, and images that are cut off. Settings include private feeds. Raises TextUnavailableError if the text of
    an article is lost.
    """
    texts: tuple[Article | StaticPage, ...] = (*articles, *content.published_pages)
    images_shown = {*_settings_images(content), *(path for text in texts for path in _images(content, text))}
    references = {*images_shown, *(path for text in texts for path in text.media)}
    for path in sorted(references & content.media.keys()):
        file = content.media[path]
        checks = _IMAGE_CHECKS if path in images_shown else _FILE_CHECKS
        for rule, message, hint in (warning for check in checks if (warning := check(file))):
            yield Problem(path=path, message=f"'{path}' {message}", hint=hint, rule=rule)


def _settings_images(content: ContentSnapshot) -> Iterator[str]:
    yield from content.site.media
    entries: Iterable[Author | CustomFeed] = chain(
        content.authors.values(), content.custom_feeds.values(), content.private_feeds.values()
    )
    yield from (path for entry in entries for path in entry.media)


def _images(content: ContentSnapshot, text: Article | StaticPage) -> Iterator[str]:
    """Yield the path, such as media/a.jpg, of each image in a body and of the lead image; "" for an image on another site."""
    body, image = (content.html(text), text.image) if isinstance(text, Article) else (content.page_html(text), None)
    for address in (*map(html.unescape, _IMG_SRC.findall(body)), *((image.url,) if image else ())):
        yield path_below(content.site.base_url, address)[1:]


def _check_location(file: MediaFile) -> _Warning | None:
    if file.type not in _MOVIE_TYPES:
        return None
    with suppress(OSError, ValueError), open_file(file.location) as stream:
        if movies.has_location(stream):
            command = f"ffmpeg -i {PurePosixPath(file.path).name} -map_metadata -1 -c copy NEW"
            return (
                "metadata",
                "contains the place of the recording, and feedsvc does not remove it",
                f"save it without metadata, for example with '{command}'",
            )
    return None


def _check_metadata(file: MediaFile) -> _Warning | None:
    if PurePosixPath(file.path).suffix.lower() not in _UNCLEANED_SUFFIXES:
        return None
    return "metadata", "is sent with all its metadata, such as camera and location", "save it as JPEG, PNG, WebP, AVIF or MP4"


def _check_end(file: MediaFile) -> _Warning | None:
    with suppress(OSError):
        return ("incomplete-file", "is cut off; readers see a part of it", "save it again") if is_truncated(file) else None
    return None


def _check_file_size(file: MediaFile) -> _Warning | None:
    if file.length <= MAX_IMAGE_BYTES:
        return None
    size = f"has {file.length / 1_000_000:.1f} MB; a picture needs no more than {MAX_IMAGE_BYTES // 1_000_000}"
    return "large-image", size, f"save it with a lower quality, or {MAX_IMAGE_WIDTH} pixels wide"


def _check_width(file: MediaFile) -> _Warning | None:
    header = _header(file)
    if header is None or header.size[0] <= MAX_IMAGE_WIDTH:
        return None
    return (
        "wide-image",
        f"is {header.size[0]} pixels wide; no screen shows more than {MAX_IMAGE_WIDTH}",
        f"save it {MAX_IMAGE_WIDTH} pixels wide",
    )


def _check_variants(file: MediaFile) -> _Warning | None:
    header = _header(file)
    if header is None or not header.is_still or not variant_widths(*header.size) or variant_sizes(header, file.length):
        return None
    megapixels = header.width * header.height / 1_000_000
    return (
        "no-variants",
        f"has {megapixels:.0f} megapixels, too many for narrower copies, so feeds and pages use the file itself",
        _MEGAPIXEL_HINTS.get(file.type, f"save it {MAX_IMAGE_WIDTH} pixels wide"),
    )


def _header(file: MediaFile) -> ImageHeader | None:
    if file.type not in images.IMAGE_TYPES:
        return None
    with suppress(OSError, ValueError, OverflowError), open_file(file.location) as stream:
        return images.read_header(stream)
    return None


_Check = Callable[[MediaFile], _Warning | None]
_FILE_CHECKS: Final[tuple[_Check, ...]] = (_check_location, _check_metadata, _check_end)
_IMAGE_CHECKS: Final[tuple[_Check, ...]] = (*_FILE_CHECKS, _check_file_size, _check_width, _check_variants)  # of images shown
