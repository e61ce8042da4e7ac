"""The slug of a tag depends only on its spelling; it changed only for tags with + # & @ or a leading dot."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.tag_slugs import spelling_key, tag_slug
from feedsvc.uris import is_slug, slugify

SIGNS: Final = "+#&@"
TITLES: Final = (
    st.text() | st.text(st.sampled_from("aB1é국 .-_+#&@＋＃＆＠．…'/")) | st.text(st.characters(categories=["L", "M", "N"]))
)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("F#", "f-sharp"),
        ("C++17", "c-plus-plus-17"),
        (".NET", "dot-net"),
        ("net", "net"),
        ("ASP.NET", "asp-net"),
        ("R&D", "r-and-d"),
        ("R & D", "r-and-d"),
        ("R D", "r-d"),
        ("AT&T", "at-and-t"),
        ("Q&A", "q-and-a"),
        ("R&amp;D", "r-and-amp-d"),
        ("A+", "a-plus"),
        ("@home", "at-home"),
        ("Ｃ＋＋", "c-plus-plus"),
        ("Ｃ＃", "c-sharp"),
        ("Ｒ＆Ｄ", "r-and-d"),
        ("＠home", "at-home"),
        ("．NET", "dot-net"),
        ("+", "plus"),
        ("&", "and"),
        ("@", "at"),
        ("#metoo", "metoo"),
        ("##metoo", "metoo"),
        ("# metoo", "metoo"),
        ("#C#", "c-sharp"),
        ("\u200e.NET", "dot-net"),  # as copied from right-to-left text
        ("\u2067C++\u2069", "c-plus-plus"),
        ("\ufeff#metoo", "metoo"),
        ("#.NET", "dot-net"),
        ("MeToo #TimesUp", "metoo-timesup"),
        ("C #", "c-sharp"),
        ("हिन्दी#", "हिन्दी-sharp"),
        ("#", ""),
        ("...", ""),
        (".", ""),
        ("...and justice for all", "and-justice-for-all"),
        ("St. Louis", "st-louis"),
        ("St Louis", "st-louis"),
        ("정상 회담", "정상-회담"),
        ("Café", "café"),
        ("+" * 200, "-".join(["plus"] * 40)),
    ],
)
def test_slug_of_a_tag(title: str, slug: str) -> None:
    assert tag_slug(title) == slug


@given(TITLES)
def test_slug_of_a_tag_is_a_valid_path_segment_and_stable(title: str) -> None:
    slug = tag_slug(title)
    assert (tag_slug(slug), slugify(slug)) == (slug, slug)
    assert slug == "" or is_slug(slug)


@given(st.lists(TITLES, max_size=5), st.randoms(use_true_random=False))
def test_slug_does_not_depend_on_other_tags(titles: list[str], random: object) -> None:
    expected = {title: tag_slug(title) for title in titles}
    tag_slug.cache_clear()
    slugify.cache_clear()
    random.shuffle(titles)  # type: ignore[attr-defined]
    assert {title: tag_slug(title) for title in titles} == expected


@given(TITLES)
def test_tag_without_these_signs_has_the_slug_of_other_names(title: str) -> None:
    normalized = unicodedata.normalize("NFKC", title).strip()
    if normalized.startswith(".") or not {*SIGNS}.isdisjoint(normalized):
        normalized = title = "".join(char for char in title if char.isalnum())
    assert tag_slug(title) == slugify(title)


@given(TITLES, TITLES, st.sampled_from(SIGNS))
def test_tags_that_differ_in_a_sign_have_different_slugs(before: str, after: str, sign: str) -> None:
    before, after = slugify(before[:20]), slugify(after[:20])
    if before and after:
        assert tag_slug(f"{before}{sign}{after}") != tag_slug(f"{before} {after}")


def test_every_unicode_equivalent_of_a_sign_is_named_in_the_slug() -> None:
    """All equivalents are searched, since a fixed list would lack signs of other Unicode versions."""
    for char in map(chr, range(sys.maxunicode + 1)):
        normalized = unicodedata.normalize("NFKC", char)
        if normalized.startswith(".") or not {*SIGNS}.isdisjoint(normalized):
            assert tag_slug(f"a{char}") == slugify("a" + "".join(f"-{name_of_sign(sign)}-" for sign in normalized)), hex(
                ord(char)
            )


def name_of_sign(sign: str) -> str:
    return {"+": "plus", "#": "sharp", "&": "and", "@": "at"}.get(sign, sign)


@pytest.mark.parametrize(
    ("first", "second", "is_equal"),
    [
        ("China", "china", True),
        ("South Korea", "south-korea", True),
        ("R & D", "R&D", True),
        ("#metoo", "metoo", True),
        ("Ｃ＋＋", "c++", True),
        ("St. Louis", "St Louis", False),
        ("C++", "C plus plus", False),
        ("Xi's", "Xi’s", False),
    ],
)
def test_spelling_key_ignores_case_spaces_and_hyphens_but_not_punctuation(first: str, second: str, *, is_equal: bool) -> None:
    assert (spelling_key(first) == spelling_key(second)) is is_equal
