"""Static files as a site serves them: stylesheets get its accent color. Also the addresses of the stylesheets of a page.

An address of a stylesheet has a digest of its bytes as the query, so that a browser never shows a new page with an old
stylesheet from its cache. The file itself is the same with any query, in a tree and in a bucket, too.

The contrast is that of WCAG 2.2 (section 1.4.3): at least 4.5 to 1. Lightness is changed in OKLCH, which keeps the hue that
people see (Björn Ottosson, "A perceptual color space for image processing"; CSS Color Module Level 4, section 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from feedsvc.model import Site
from feedsvc.pages.theme import EXTRA_STYLESHEET, Theme
from feedsvc.support.digest import blake2b
from feedsvc.uris import root_relative

STATIC_ROOT: Final = "/static/"
_SITE_STYLESHEET: Final = "site.css"
_PAGE_STYLESHEETS: Final = (_SITE_STYLESHEET, EXTRA_STYLESHEET)  # in the order in which a page loads them
_STYLESHEETS_WITH_ACCENT: Final = frozenset((_SITE_STYLESHEET, "feed.css"))
_VERSION_SIZE: Final = 4  # bytes
MIN_CONTRAST: Final = 4.5
# The colors --paper and --tint of static/site.css, on which links stand.
LIGHT_BACKGROUNDS: Final = ("#fdfcfa", "#f5f1ea")
DARK_BACKGROUNDS: Final = ("#171614", "#22201d")
_STEPS: Final = 12  # halvings of an interval: a difference of less than one of 256 values of a channel remains
_ROUNDING: Final = 1e-4  # of a channel, by which a color of sRGB may miss its limits after conversions

Channels = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Accent:
    """The colors of accents on light and on dark pages, each as # and six hexadecimal digits."""

    light: str
    dark: str


@lru_cache(maxsize=16)
def derive_accent(color: str) -> Accent:
    """Return the accents for a color (# and six hexadecimal digits).

    On each kind of page, the accent is the color itself if its contrast with each background of that kind is at least
    MIN_CONTRAST. Otherwise it is the color made darker (light pages) or lighter (dark pages) as little as that contrast needs,
    in the same hue.
    """
    return Accent(light=_readable(color, LIGHT_BACKGROUNDS, 0.0), dark=_readable(color, DARK_BACKGROUNDS, 1.0))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors (# and six hexadecimal digits), 1 to 21 (WCAG 2.2)."""
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _readable(color: str, backgrounds: Sequence[str], extreme: float) -> str:
    """Return the color if its contrast with each of `backgrounds` is at least MIN_CONTRAST, else one that has this contrast.

    Its lightness is that of the color, changed as little as possible towards `extreme` (0 is black, 1 is white).
    """

    def is_readable(candidate: str) -> bool:
        return all(contrast(candidate, background) >= MIN_CONTRAST for background in backgrounds)

    if is_readable(color):
        return color
    lightness, chroma, hue = _to_oklch(color)
    unreadable, readable, result = lightness, extreme, _from_oklch(extreme, chroma, hue)
    for _ in range(_STEPS):
        middle = (unreadable + readable) / 2
        candidate = _from_oklch(middle, chroma, hue)
        if is_readable(candidate):
            readable, result = middle, candidate
        else:
            unreadable = middle
    return result


def _luminance(color: str) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(color: str) -> Channels:
    """Return the channels of a color of sRGB in linear light, from 0 to 1."""
    red, green, blue = (int(color[index : index + 2], 16) / 255 for index in (1, 3, 5))
    return _to_linear(red), _to_linear(green), _to_linear(blue)


def _to_linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - IEC 61966-2-1


def _to_gamma(value: float) -> float:
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055  # noqa: PLR2004 - IEC 61966-2-1


def _to_oklch(color: str) -> Channels:
    red, green, blue = _linear(color)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    green_red = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    blue_yellow = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(green_red, blue_yellow), math.atan2(blue_yellow, green_red)


def _from_oklch(lightness: float, chroma: float, hue: float) -> str:
    """Return the sRGB color (# and six hexadecimal digits) with this lightness (0 to 1) and hue (radians).

    Its chroma is `chroma`, or the largest one that sRGB has at this lightness and hue if that is smaller.
    """
    low, high = 0.0, chroma
    if _is_in_srgb(_oklch_to_linear(lightness, high, hue)):
        low = high
    for _ in range(_STEPS if low < high else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if _is_in_srgb(_oklch_to_linear(lightness, middle, hue)) else (low, middle)
    channels = _oklch_to_linear(lightness, low, hue)
    return "#" + "".join(f"{round(255 * _to_gamma(min(1.0, max(0.0, value)))):02x}" for value in channels)


def _is_in_srgb(channels: Channels) -> bool:
    return all(-_ROUNDING <= value <= 1 + _ROUNDING for value in channels)


def _oklch_to_linear(lightness: float, chroma: float, hue: float) -> Channels:
    green_red, blue_yellow = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * green_red + 0.2158037573 * blue_yellow) ** 3
    medium = (lightness - 0.1055613458 * green_red - 0.0638541728 * blue_yellow) ** 3
    short = (lightness - 0.0894841775 * green_red - 1.2914855480 * blue_yellow) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


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
