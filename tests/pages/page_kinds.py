"""One path of every kind of page of the sample newsroom, and the user agent of a person's browser."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# kind -> (path, status)
PAGE_KINDS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "home": ("/", 200),
        "older": ("/archive/2026/", 200),
        "section": ("/category/asia/", 200),
        "author with avatar": ("/author/jun-hasegawa/", 200),
        "author": ("/author/ritesh-nambiar/", 200),
        "tag": ("/tag/apec/", 200),
        "digest": ("/feeds/weekly/", 200),
        "issue": ("/feeds/weekly/2026-02-02/", 200),
        "language": ("/language/ar/", 200),
        "article": ("/articles/second-summit/", 200),
        "markup": ("/articles/feed-formats/", 200),
        "enclosures": ("/articles/monday-briefing/", 200),
        "external": ("/articles/translators-notes/", 200),
        "korean": ("/articles/night-bookshop/", 200),
        "chinese": ("/articles/stone-bridge/", 200),
        "arabic": ("/articles/floating-library/", 200),
        "withdrawn": ("/articles/cable-car-trial/", 410),
        "missing": ("/nothing-here/", 404),
        "subscribe": ("/subscribe/", 200),
        "tags": ("/tags/", 200),
        "static page": ("/about/", 200),
        "archive": ("/archive/", 200),
        "month": ("/archive/2026/11/", 200),
    }
)
ARTICLE_PATH: Final = PAGE_KINDS["article"][0]
COUNTED_ARTICLE_PATH: Final = "/articles/visa-desk/"  # tests count its reads
# The default user agent of a headless browser names it, so that its reads are not counted.
USER_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
WIDTHS: Final = (360, 768, 1280)
COLOR_SCHEMES: Final = ("light", "dark")
