"""An article's text as its page shows it: addresses of the site's own from its root, pictures with their place kept."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Final

from feedsvc.catalog.catalog import Catalog
from feedsvc.content.media import files
from feedsvc.model import Site
from feedsvc.pages.images import local, srcset
from feedsvc.routes import ArticleAt, PageAt, SingleAt, path_of, place_of
from feedsvc.uris import path_below, rooted

# In clean HTML each "<" begins a tag, and no value holds a quote. The names are those of _MAKERS.
_TAG: Final = re.compile(r'<(?P<name>a|audio|img|pre|source|video)(?P<rest>(?: [a-z]+(?:="[^"]*")?)*)>')
_LOADED: Final = re.compile(r'( (?:src|poster)=")([^"]*)')
_LEADING: Final = re.compile(r'( href=")([^"]*)')
_VALUE: Final = re.compile(r' (src|width|height)="([^"]*)"')
_TABLE: Final = re.compile(r"<(/?)table\b[^>]*>")
# The width of an article's text, and what of a screen a picture takes that is as wide as the text, as in article.html.
_MEASURE: Final = 672  # pixels: 42rem
_SIZES: Final = "(min-width: 44rem) 42rem, 100vw"


def shown(catalog: Catalog, text: str) -> str:
    """Clean HTML as a page shows it. What is wider than the page can be reached and scrolled with the keyboard."""
    made = _TAG.sub(lambda tag: _tag(catalog, tag["name"], tag["rest"]), text)
    return _wrapped(made) if "<table" in made else made


def _tag(catalog: Catalog, name: str, rest: str) -> str:
    return f"<{name}{_MAKERS[name](catalog, rest)}>"


def _loading(catalog: Catalog, rest: str) -> str:
    return _LOADED.sub(lambda found: found[1] + local(catalog.site, found[2]), rest)


def _picture(catalog: Catalog, rest: str) -> str:
    given = dict(_VALUE.findall(rest))
    size = _size(catalog, given)
    sources = _sources(catalog, {**given, **dict(_VALUE.findall(size))})
    return f'{_loading(catalog, rest)}{sources}{size} loading="lazy" decoding="async"'


def _sources(catalog: Catalog, given: Mapping[str, str]) -> str:
    """The attributes that let a browser choose a narrower copy, "" where there is none; `given` has the picture's width."""
    path = _path(catalog, given)
    several = srcset(catalog, path)
    width = int(given.get("width", _MEASURE))
    shown = f"(min-width: {width}px) {width}px, 100vw" if width < _MEASURE else _SIZES
    return f' srcset="{html.escape(several)}" sizes="{shown}"' if several else ""


def _path(catalog: Catalog, given: Mapping[str, str]) -> str:
    return path_below(catalog.site.base_url, html.unescape(given.get("src", "")))[1:]


def _size(catalog: Catalog, given: Mapping[str, str]) -> str:
    """The attributes that keep a picture's place, where the file tells; an author's one number decides the other."""
    file = catalog.media.get(_path(catalog, given))
    if file is None or {"width", "height"} <= given.keys():
        return ""
    try:
        width, height = files.size(file)
    except ValueError:
        return ""
    if "width" in given:
        return f' height="{max(1, round(int(given["width"]) * height / width))}"'
    if "height" in given:
        return f' width="{max(1, round(int(given["height"]) * width / height))}"'
    return f' width="{width}" height="{height}"'


def _link(catalog: Catalog, rest: str) -> str:
    return _LEADING.sub(lambda found: found[1] + _led(catalog.site, found[2]), rest)


def _led(site: Site, address: str) -> str:
    """A page of the site's own by its one spelling, so that nobody is sent there twice."""
    path = path_below(site.base_url, address)
    if not path:
        return address
    place = place_of(path)
    path = path_of(place) if isinstance(place, (ArticleAt, PageAt, SingleAt)) else path
    tail = re.search(r"[?#].*", address)
    return rooted(site.base_url, path) + (tail[0] if tail else "")


_MAKERS: Final[Mapping[str, Callable[[Catalog, str], str]]] = {
    "a": _link,
    "audio": _loading,
    "img": _picture,
    "pre": lambda _, rest: f'{rest} tabindex="0"',
    "source": _loading,
    "video": _loading,
}


def _wrapped(text: str) -> str:
    """Each table that lies in no other one, in a box that scrolls."""
    depth = 0

    def wrap(tag: re.Match[str]) -> str:
        nonlocal depth
        depth += -1 if tag[1] else 1
        if tag[1]:
            return tag[0] if depth else f"{tag[0]}</div>"
        return tag[0] if depth > 1 else f'<div class="wide" tabindex="0">{tag[0]}'

    return _TABLE.sub(wrap, text)
