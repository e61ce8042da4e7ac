"""Media types of the files in root/, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from feedsvc import pages
from feedsvc.catalog import Catalog
from feedsvc.content.media import MEDIA_TYPES
from feedsvc.publication.cache_control import content_type

# Not the system's table, as for media files: it differs from machine to machine.
_TYPES_BY_SUFFIX: Final[Mapping[str, str]] = {
    **MEDIA_TYPES,
    **pages.STATIC_TYPES,
    ".asc": "application/pgp-keys",
    ".htm": "text/html",
    ".html": "text/html",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".opml": "text/x-opml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml",
    ".xsl": "application/xslt+xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}
_JSON: Final = "application/json"
# Names without a suffix that programs ask for, with the type that they expect.
_TYPES_BY_NAME: Final[Mapping[str, str]] = {
    "apple-app-site-association": _JSON,
    "apple-developer-merchantid-domain-association": "text/plain",
    "host-meta": "application/xrd+xml",  # RFC 6415 section 2
    "nodeinfo": _JSON,
    "webfinger": "application/jrd+json",  # RFC 7033 section 10.2
    **{f"matrix/{name}": _JSON for name in ("client", "server")},
}
_OTHER_TYPE: Final = "application/octet-stream"


def root_media_type(path: str) -> str:
    """Return the media type, without charset, of the file with this path relative to root/, by the path alone.

    "application/octet-stream" if neither name nor folder is known.
    """
    parts = PurePosixPath(path)
    suffix = parts.suffix.lower()
    by_name = _TYPES_BY_NAME.get(parts.name) or _TYPES_BY_NAME.get("/".join(parts.parts[-2:]))
    by_folder = "text/plain" if parts.parent.name == "acme-challenge" else ""  # RFC 8555 section 8.3
    return by_name or by_folder or _TYPES_BY_SUFFIX.get(suffix, _OTHER_TYPE)


def root_content_types(catalog: Catalog) -> Mapping[str, str]:
    """Return {path: Content-Type} of all files in root/; the path is that of the address, decoded and with a leading slash."""
    return {f"/{path}": content_type(root_media_type(path)) for path in sorted(catalog.content.root_files)}
