"""Lint of files: their names, and the metadata, size and end of media files that public content refers to.

On Windows, a clone of a git repository leaves files out, or fails, whose names it cannot have or takes for equal. Locations in
films are found by ISO/IEC 14496-12 and the QuickTime File Format.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from feedsvc.content import images
from feedsvc.content.folder import ROOT_FOLDER, THEME_FOLDER, ContentSnapshot
from feedsvc.content.images import ImageHeader
from feedsvc.content.lint.context import LintContext
from feedsvc.content.media import VARIANT_WIDTHS, is_truncated, variant_sizes, variant_widths
from feedsvc.content.reading.files import usual_suffix
from feedsvc.content.safe_open import open_file
from feedsvc.errors import Problem, Rule
from feedsvc.model import Article, Author, CustomFeed, MediaFile
from feedsvc.page_model import StaticPage
from feedsvc.uris import path_below

# Windows allows 259 characters for a whole path, of which the folder of the newsroom takes some.
MAX_PATH_LENGTH: Final = 200
# Names of devices, in any letter case and with any suffix.
_RESERVED_NAME: Final = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN_CHARACTER: Final = re.compile(r'[<>:"\\|?*]')
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
_HEADER_SIZE: Final = 8  # bytes of a box header with a 32-bit size
_SIZE_IS_64_BIT, _SIZE_TO_END_OF_FILE = 1, 0
_MAX_KEYS_SIZE: Final = 1024 * 1024  # bytes of a box with keys that are searched
_LOCATION_BOXES: Final = frozenset({b"\xa9xyz", b"loci"})
_LOCATION_KEY: Final = b"com.apple.quicktime.location."
# Boxes that contain boxes. A meta box begins with four bytes of version and flags in MP4, but not in QuickTime.
_CONTAINER_BOXES: Final = frozenset({b"moov", b"trak", b"udta", b"mdia", b"meta"})
_VERSION_SIZE: Final = 4
_MAX_DEPTH: Final = 8  # of nested boxes
_Warning = tuple[Rule, str, str]  # rule, message without the path, hint


def lint_media(context: LintContext) -> Iterator[Problem]:
    """Yield warnings about the files in media/ that settings, public articles and published pages refer to, in order of path.

    They are about films with location data, types whose metadata is not removed, images that are shown and too large, too wide
    or without variants, and images that are cut off. Settings include private feeds. Raises TextUnavailableError if the text of
    an article is lost.
    """
    content = context.content
    texts: tuple[Article | StaticPage, ...] = (*context.public_articles, *content.published_pages)
    images_shown = {*_settings_images(content), *(path for text in texts for path in _images(content, text))}
    references = {*images_shown, *(path for text in texts for path in text.media)}
    for path in sorted(references & content.media.keys()):
        file = content.media[path]
        found = chain(_file_warnings(file), _image_warnings(file) if path in images_shown else ())
        yield from (Problem(path=path, message=f"'{path}' {message}", hint=hint, rule=rule) for rule, message, hint in found)


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


def _file_warnings(file: MediaFile) -> Iterator[_Warning]:
    """Yield the warnings about the metadata and the end of a file, which need not be an image."""
    with suppress(OSError):
        if file.type in _MOVIE_TYPES and _has_location_metadata(file):
            message = "contains the place of the recording, and feedsvc does not remove it"
            command = f"ffmpeg -i {PurePosixPath(file.path).name} -map_metadata -1 -c copy NEW"
            yield "metadata", message, f"save it without metadata, for example with '{command}'"
    if PurePosixPath(file.path).suffix.lower() in _UNCLEANED_SUFFIXES:
        message = "is sent with all its metadata, such as camera and location"
        yield "metadata", message, "save it as JPEG, PNG, WebP, AVIF or MP4"
    with suppress(OSError):
        if is_truncated(file):
            yield "incomplete-file", "is cut off; readers see a part of it", "save it again"


def _has_location_metadata(file: MediaFile) -> bool:
    with open_file(file.location) as stream:
        return has_location(stream)


def _image_warnings(file: MediaFile) -> Iterator[_Warning]:
    """Yield the warnings about the size of a file that is shown as an image."""
    narrow_hint = f"save it {MAX_IMAGE_WIDTH} pixels wide"
    if file.length > MAX_IMAGE_BYTES:
        message = f"has {file.length / 1_000_000:.1f} MB; a picture needs no more than {MAX_IMAGE_BYTES // 1_000_000}"
        yield "large-image", message, f"save it with a lower quality, or {MAX_IMAGE_WIDTH} pixels wide"
    header = _header(file)
    if header is None:
        return
    width, height = header.size
    if width > MAX_IMAGE_WIDTH:
        message = f"is {width} pixels wide; no screen shows more than {MAX_IMAGE_WIDTH}"
        yield "wide-image", message, narrow_hint
    if header.is_still and variant_widths(width, height) and not variant_sizes(header, file.length):
        megapixels = width * height / 1_000_000
        message = f"has {megapixels:.0f} megapixels, too many for narrower copies, so feeds and pages use the file itself"
        yield "no-variants", message, _MEGAPIXEL_HINTS.get(file.type, narrow_hint)


def _header(file: MediaFile) -> ImageHeader | None:
    if file.type not in images.IMAGE_TYPES:
        return None
    with suppress(OSError, ValueError, OverflowError), open_file(file.location) as stream:
        return images.read_header(stream)
    return None


def has_location(file: BinaryIO) -> bool:
    """Return whether a box of an MP4 or QuickTime file states the place of recording.

    The search of a box ends with an inner box that is shorter than its header.
    """
    return _has_location_box(file, 0, file.seek(0, 2), _MAX_DEPTH)


def _has_location_box(file: BinaryIO, start: int, end: int, max_depth: int) -> bool:
    """Return whether a box between two offsets, or nested at most `max_depth` levels below it, states a location."""
    while start + _HEADER_SIZE <= end:
        file.seek(start)
        header = file.read(2 * _HEADER_SIZE)
        kind, size, content = header[4:8], int.from_bytes(header[:4]), start + _HEADER_SIZE
        if size == _SIZE_IS_64_BIT:
            size, content = int.from_bytes(header[8:]), content + 8
        box_end = min(start + size, end) if size != _SIZE_TO_END_OF_FILE else end
        if box_end < content:
            return False
        if kind in _LOCATION_BOXES or (kind == b"keys" and _LOCATION_KEY in _read(file, content, box_end)):
            return True
        if kind == b"meta" and not any(_read(file, content, content + _VERSION_SIZE)):
            content += _VERSION_SIZE
        if kind in _CONTAINER_BOXES and max_depth and _has_location_box(file, content, box_end, max_depth - 1):
            return True
        start = box_end
    return False


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(min(end - start, _MAX_KEYS_SIZE))


def is_reserved_name(name: str) -> bool:
    """Return whether a name, with or without suffix, is that of a device of Windows, where no file can have it."""
    return _RESERVED_NAME.fullmatch(name) is not None


def lint_file_names(content: ContentSnapshot) -> Iterator[Problem]:
    """Yield warnings about paths that Windows cannot have or that have over 200 characters, those taken for equal, and suffixes.

    Windows and macOS take paths for equal that differ only in letter case or in the Unicode form of accents. Checked are the
    files of articles and pages, drafts included, the files in root/ and theme/, and the files in media/ that articles, pages or
    settings refer to.
    """
    texts: tuple[Article | StaticPage, ...] = (*content.articles, *content.pages.values())
    folders = ((ROOT_FOLDER, content.root_files), (THEME_FOLDER, content.theme))
    names = (f"{folder}/{name}" for folder, files in folders for name in files)
    paths = sorted({*(text.path for text in texts), *names, *content.media})
    for path in paths:
        message, hint = _fault(path)
        if message:
            yield Problem(path=path, message=message, hint=hint, rule="windows-name")
    for path in sorted({text.path for text in texts}):
        if not path.endswith(usual := usual_suffix(path)):
            yield Problem(path=path, message=f"names of such files end in {usual}", hint="rename it", rule="file-suffix")
    yield from _equal_path_warnings(paths)


def _fault(path: str) -> tuple[str, str]:
    """Return message and hint about the first fault of a path, both "" if Windows can have it and it is not too long."""
    for name in path.split("/"):
        if is_reserved_name(name):
            return f"'{name}' is the name of a device on Windows, where no file can have it", "rename it"
        if match := _FORBIDDEN_CHARACTER.search(name):
            return f"'{name}' cannot be a name on Windows, because of {match[0]}", "rename it without that character"
        if name[-1] in ". ":
            return f"'{name}' cannot be a name on Windows, because of its last character", "rename it without that character"
    if len(path) > MAX_PATH_LENGTH:
        return f"the path has {len(path)} characters; Windows opens files up to 259, folders above included", "use shorter names"
    return "", ""


def _equal_path_warnings(paths: list[str]) -> Iterator[Problem]:
    """Yield a warning for each path that differs from an earlier one only in letter case or in the form of accents."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[unicodedata.normalize("NFC", path).casefold()].append(path)
    for first, *others in groups.values():
        for other in others:
            message = f"Windows and macOS take this file for {first}, because only letter case or accents differ"
            yield Problem(path=other, message=message, hint="rename one of them", rule="equal-names")
