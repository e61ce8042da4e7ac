"""The accent color of site.yaml can be read on light and on dark pages, whatever color an editor chooses."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc.pages.stylesheets import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, MIN_CONTRAST, contrast, derive_accent
from feedsvc.pages.theme import Theme
from tests.helpers import newsrooms

COLORS: Final = st.tuples(*3 * [st.integers(0, 255)]).map(lambda channels: "#" + bytes(channels).hex())
# Extremes, and greys at the limit: light pages show #6e6e6e as it is, dark ones #878787, and neither their neighbours.
BOUNDARIES: Final = (
    *("#000000", "#ffffff", "#0000ff", "#00ff00", "#ffff00"),
    *("#6e6e6e", "#6f6f6f", "#868686", "#878787", *LIGHT_BACKGROUNDS, *DARK_BACKGROUNDS),
)
SITE_CSS: Final = Theme({}).static["site.css"].decode()


def with_boundaries(test: Callable[..., None]) -> Callable[..., None]:
    """Add the BOUNDARIES to the examples of a test with a color."""
    for color in BOUNDARIES:
        test = example(color=color)(test)
    return test


def test_the_boundary_colors_are_on_both_sides_of_the_limit() -> None:
    assert lowest_contrasts("#6e6e6e")[0] >= MIN_CONTRAST > lowest_contrasts("#6f6f6f")[0]
    assert lowest_contrasts("#878787")[1] >= MIN_CONTRAST > lowest_contrasts("#868686")[1]


def lowest_contrasts(color: str) -> tuple[float, float]:
    return (
        min(contrast(color, background) for background in LIGHT_BACKGROUNDS),
        min(contrast(color, background) for background in DARK_BACKGROUNDS),
    )


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#0000ff", "#ffffff") == contrast("#ffffff", "#0000ff") == pytest.approx(8.59, abs=0.01)


@with_boundaries
@given(color=COLORS)
def test_any_color_becomes_readable_on_light_and_on_dark_pages(color: str) -> None:
    accent = derive_accent(color)
    assert re.fullmatch("#[0-9a-f]{6}", accent.light)
    assert re.fullmatch("#[0-9a-f]{6}", accent.dark)
    assert lowest_contrasts(accent.light)[0] >= MIN_CONTRAST
    assert lowest_contrasts(accent.dark)[1] >= MIN_CONTRAST


@with_boundaries
@given(color=COLORS)
def test_a_readable_color_is_used_as_it_is_and_any_other_is_changed_no_further_than_needed(color: str) -> None:
    accent = derive_accent(color)
    for shown, index in ((accent.light, 0), (accent.dark, 1)):
        if lowest_contrasts(color)[index] >= MIN_CONTRAST:
            assert shown == color
        else:
            assert lowest_contrasts(shown)[index] <= MIN_CONTRAST + 0.15


@pytest.mark.parametrize("color", ["#d21404", "#0b6fa4", "#1f8f3a", "#8a2be2"])
def test_the_derived_color_has_the_hue_of_the_editors_color(color: str) -> None:
    accent = derive_accent(color)
    for shown in (accent.light, accent.dark):
        difference = abs(_hue(color) - _hue(shown))
        assert min(difference, 1 - difference) < 0.06, shown


def _hue(color: str) -> float:
    return colorsys.rgb_to_hls(*(int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)))[0]


def test_the_backgrounds_are_those_of_the_stylesheet() -> None:
    colors = {name: pair for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\);", SITE_CSS)}
    assert [*zip(colors["paper"], colors["tint"], strict=True)] == [LIGHT_BACKGROUNDS, DARK_BACKGROUNDS]
    light, dark = colors["accent"]
    assert (derive_accent(light).light, derive_accent(dark).dark) == (light, dark)


def write_with_line(root: Path, line: str) -> Path:
    """Write the sample with one more line in site.yaml."""
    settings = newsrooms.SITE["site.yaml"]
    assert isinstance(settings, str)
    return newsrooms.write(
        newsrooms.write_sample(root), {"site.yaml": settings.replace("        feed:", f"        {line}\n        feed:")}
    )


def body(root: Path, path: str) -> str:
    return newsrooms.text_of(newsrooms.load_publication(root), path)


def test_stylesheets_of_pages_and_of_feeds_get_the_accent_color(tmp_path: Path) -> None:
    root = write_with_line(tmp_path, 'accent: "#0B6FA4"')
    expected = ":root { --accent: light-dark(#0b6fa4, #378ec4); }"
    for name in ("site.css", "feed.css"):
        assert body(root, f"/static/{name}").rstrip().endswith(expected)
    assert "--accent: light-dark" not in body(root, "/static/site.js")


def test_without_an_accent_color_the_stylesheet_is_the_built_in_one(tmp_path: Path) -> None:
    assert body(newsrooms.write_sample(tmp_path), "/static/site.css") == SITE_CSS


def test_the_address_of_the_stylesheet_changes_with_the_color_and_leads_to_it(tmp_path: Path) -> None:
    links = set()
    for number, line in enumerate(('accent: "#0b6fa4"', "accent: '#b00'", "")):
        root = write_with_line(tmp_path / str(number), line)
        [link] = re.findall(r'<link rel="stylesheet" href="([^"]+)">', body(root, "/"))
        assert re.fullmatch(r"/daily/static/site\.css\?v=[0-9a-f]{8}", link)
        links.add(link)
    assert len(links) == 3
