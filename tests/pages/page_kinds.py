"""One address of every kind of page that the sample newsroom has, and what a person's browser is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# kind -> (path, status)
KINDS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "home": ("/", 200),
        "older": ("/archive/2026/", 200),
        "section": ("/category/asia/", 200),
        "author with avatar": ("/author/jun-hasegawa/", 200),
        "author": ("/author/ritesh-nambiar/", 200),
        "tag": ("/tag/apec/", 200),
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
    }
)
ARTICLE: Final = KINDS["article"][0]
# A headless browser says so in its name, and is not counted as a reader.
PERSON: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
WIDTHS: Final = (360, 768, 1280)
SCHEMES: Final = ("light", "dark")
