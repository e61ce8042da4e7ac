"""Files at the root of the site: those in root/ with their media types by name, and the icon as favicon.ico."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from feedsvc import pages
from feedsvc.catalog import Catalog
from feedsvc.content.media import MEDIA_TYPES
from feedsvc.publication.cache_control import content_type
from feedsvc.uris import path_below

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
FAVICON: Final = "favicon.ico"  # browsers ask for it on documents that name no icon, such as feeds and pictures
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


def favicon_path(catalog: Catalog) -> str:
    """Return the path (media/...) of the icon in site.yaml if it stands at /favicon.ico.

    "" if there is none, if it is at another site, or if root/ has a favicon.ico.
    """
    path = path_below(catalog.site.base_url, catalog.site.icon)[1:]
    return path if path in catalog.media and FAVICON not in catalog.content.root_files else ""


def has_root_file(catalog: Catalog, path: str) -> bool:
    return path in catalog.content.root_files or (path == FAVICON and bool(favicon_path(catalog)))


def root_content_types(catalog: Catalog) -> Mapping[str, str]:
    """Return {path: Content-Type} of all files at the root; the path is that of the address, with a leading slash."""
    icon = favicon_path(catalog)
    types = {f"/{FAVICON}": catalog.media[icon].type} if icon else {}
    return types | {f"/{path}": content_type(root_media_type(path)) for path in sorted(catalog.content.root_files)}
