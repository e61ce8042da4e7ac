"""Static files as a site serves them: stylesheets get its accent color. Also the addresses of the stylesheets of a page.

An address of a stylesheet has a digest of its bytes as the query, so that a browser never shows a new page with an old
stylesheet from its cache. The file itself is the same with any query, in a tree and in a bucket, too.
"""

from __future__ import annotations

from typing import Final

from feedsvc.model import Site
from feedsvc.pages.accent import derive_accent
from feedsvc.pages.theme import EXTRA_STYLESHEET, Theme
from feedsvc.support.digest import blake2b
from feedsvc.uris import root_relative

STATIC_ROOT: Final = "/static/"
_SITE_STYLESHEET: Final = "site.css"
_PAGE_STYLESHEETS: Final = (_SITE_STYLESHEET, EXTRA_STYLESHEET)  # in the order in which a page loads them
_STYLESHEETS_WITH_ACCENT: Final = frozenset((_SITE_STYLESHEET, "feed.css"))
_VERSION_SIZE: Final = 4  # bytes


def static_file(theme: Theme, site: Site, name: str) -> bytes | None:
    """Return the bytes of the file `name` below /static/ as the site serves it; None if there is no such file.

    The file is the theme's or, if the theme has none, the product's own. If the site has an accent color, rules for it are
    added to site.css and feed.css.
    """
    data = theme.static.get(name)
    if data is None or not site.accent or name not in _STYLESHEETS_WITH_ACCENT:
        return data
    accent = derive_accent(site.accent)
    return data + f"\n:root {{ --accent: light-dark({accent.light}, {accent.dark}); }}\n".encode()


def stylesheet_links(theme: Theme, site: Site) -> list[str]:
    """Return root-relative addresses of a page's stylesheets, with their versions: site.css, then extra.css if there is one."""
    files = ((name, static_file(theme, site, name)) for name in _PAGE_STYLESHEETS)
    return [
        f"{root_relative(site.base_url, STATIC_ROOT + name)}?v={blake2b(data, size=_VERSION_SIZE).hex()}"
        for name, data in files
        if data is not None
    ]
