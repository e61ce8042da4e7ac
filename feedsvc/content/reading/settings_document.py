"""Settings document: a settings file as YAML, the names of these files, and references from them to media files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from feedsvc import uris
from feedsvc.content import safe_read, text
from feedsvc.content.media import MEDIA_PREFIX, MediaFolder
from feedsvc.content.schema.field_types import http_url
from feedsvc.content.yaml import KeyPath, YamlDocument, parse_yaml
from feedsvc.redirects import REDIRECTS_FILE

SITE_FILE: Final = "site.yaml"
CATEGORIES_FILE: Final = "categories.yaml"
AUTHORS_FILE: Final = "authors.yaml"
TAGS_FILE: Final = "tags.yaml"
FEEDS_FILE: Final = "feeds.yaml"
SETTINGS_FILES: Final = (SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE, TAGS_FILE, FEEDS_FILE, REDIRECTS_FILE)
_WEB_ADDRESS: Final = re.compile(r"https?:", re.IGNORECASE)


def parse_settings_file(path: str, data: bytes) -> YamlDocument:
    """Parse a settings file as YAML, without validation. The document has the problems of the encoding, then those of YAML.

    Its value is None if the file cannot be decoded or parsed, or is empty. An empty file is a problem.
    """
    content, problems, is_printable = text.decode(path, data)
    if not content and problems:
        return YamlDocument(path, problems=problems)
    document = parse_yaml(path, content, is_printable=is_printable)
    document.problems[:0] = problems
    return document


@dataclass(slots=True)
class MediaResolver:
    """Resolver of a path like media/logo.png, or a web address, in `document` to a URL.

    The paths of usable files in media/ are added to `media_paths`. Unless `keep_metadata`, an image is usable only if its
    metadata can be removed.
    """

    document: YamlDocument
    base_url: str
    media: MediaFolder
    keep_metadata: bool
    media_paths: list[str] = field(default_factory=list)

    def resolve(self, at: KeyPath, reference: str | None) -> str:
        """Return the absolute URL of a reference; "" for None or "".

        An invalid reference, or a file that is missing or unusable, adds an error at the key path `at`; its URL must not be
        used.
        """
        if not reference:
            return ""
        reference = own_media_path(self.base_url, reference)
        try:
            if is_web_address(reference):
                return http_url(reference)
            self.media_paths.append(self.media.sendable_file(reference, keep_metadata=self.keep_metadata).path)
        except ValueError as error:
            self.document.problems.append(self.document.problem(at, f"{at[-1]}: {error}"))
        return uris.absolute(self.base_url, f"/{reference}")


def is_web_address(reference: str) -> bool:
    """Return True if a reference begins with http: or https:, in any letter case. Otherwise it should be a path in media/."""
    return bool(_WEB_ADDRESS.match(reference))


def own_media_path(base_url: str, reference: str) -> str:
    """Return the path, such as media/a.jpg, of an absolute address in the site's own media/; any other reference unchanged.

    A file has an address only while something refers to it, so such an address must count as a reference to the file.
    """
    if not is_web_address(reference):
        return reference
    try:
        path = uris.path_below(base_url, uris.uri(reference))
    except (ValueError, UnicodeError):
        return reference
    return path[1:] if path.startswith(f"/{MEDIA_PREFIX}") else reference


def normalize_id(name: str) -> str:
    """Return the id of an entry for its key in a settings file: the key in Unicode form NFC."""
    return unicodedata.normalize("NFC", name)


def known_names(root: Path, file: str) -> list[str]:
    """Return the ids, then the aliases, of the entries in `file` (authors.yaml or categories.yaml) below `root`, unvalidated.

    Return [] if the file is missing or cannot be read or parsed.
    """
    data = safe_read.read_file(root, file)
    return names_in(file, data) if isinstance(data, bytes) else []


def names_in(file: str, data: bytes) -> list[str]:
    """Return the ids, then the aliases, of the entries in the bytes of `file` (authors.yaml or categories.yaml), unvalidated.

    Return [] if they cannot be parsed.
    """
    entries = parse_settings_file(file, data).value
    if not isinstance(entries, dict):
        return []
    aliases = [alias for entry in entries.values() if isinstance(entry, dict) for alias in _strings(entry.get("aliases"))]
    return list(dict.fromkeys(normalize_id(name) for name in (*entries, *aliases)))


def _strings(value: Any) -> list[str]:
    """Return the strings in a list; [value] for a string; [] for any other value."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
