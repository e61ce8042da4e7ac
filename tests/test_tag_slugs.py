"""The slug of a tag: made from its spelling alone, and as before for all tags without + # & @ and a leading dot."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.tag_slugs import former_slug, spelling_key, tag_slug
from feedsvc.uris import is_slug, slugify

SIGNS: Final = "+#&@"
TITLES: Final = (
    st.text() | st.text(st.sampled_from("aB1é국 .-_+#&@＋＃＆＠．…'/")) | st.text(st.characters(categories=["L", "M", "N"]))
)


@pytest.mark.parametrize(
    ("title", "slug", "former"),
    [
        ("C", "c", ""),
        ("C++", "c-plus-plus", "c"),
        ("C#", "c-sharp", "c"),
        ("F#", "f-sharp", "f"),
        ("C++17", "c-plus-plus-17", "c-17"),
        (".NET", "dot-net", "net"),
        ("net", "net", ""),
        ("ASP.NET", "asp-net", ""),
        ("R&D", "r-and-d", "r-d"),
        ("R & D", "r-and-d", "r-d"),
        ("R D", "r-d", ""),
        ("AT&T", "at-and-t", "at-t"),
        ("Q&A", "q-and-a", "q-a"),
        ("R&amp;D", "r-and-amp-d", "r-amp-d"),
        ("A+", "a-plus", "a"),
        ("@home", "at-home", "home"),
        ("Ｃ＋＋", "c-plus-plus", "c"),
        ("Ｃ＃", "c-sharp", "c"),
        ("Ｒ＆Ｄ", "r-and-d", "r-d"),
        ("＠home", "at-home", "home"),
        ("．NET", "dot-net", "net"),
        ("+", "plus", ""),
        ("&", "and", ""),
        ("@", "at", ""),
        ("#metoo", "metoo", ""),
        ("##metoo", "metoo", ""),
        ("# metoo", "metoo", ""),
        ("#C#", "c-sharp", "c"),
        ("\u200e.NET", "dot-net", "net"),  # as it is copied from a text that is written from right to left
        ("\u2067C++\u2069", "c-plus-plus", "c"),
        ("\ufeff#metoo", "metoo", ""),
        ("#.NET", "dot-net", "net"),
        ("MeToo #TimesUp", "metoo-timesup", ""),
        ("C #", "c-sharp", "c"),
        ("हिन्दी#", "हिन्दी-sharp", "हिन्दी"),
        ("#", "", ""),
        ("...", "", ""),
        (".", "", ""),
        ("...and justice for all", "and-justice-for-all", ""),
        ("St. Louis", "st-louis", ""),
        ("St Louis", "st-louis", ""),
        ("정상 회담", "정상-회담", ""),
        ("Café", "café", ""),
        ("+" * 200, "-".join(["plus"] * 40), ""),
    ],
)
def test_a_tag_has_the_slug_that_its_spelling_gives(title: str, slug: str, former: str) -> None:
    assert (tag_slug(title), former_slug(title)) == (slug, former)


@given(TITLES)
def test_a_slug_of_a_tag_can_stand_in_an_address_and_is_its_own_slug(title: str) -> None:
    slug = tag_slug(title)
    assert (tag_slug(slug), slugify(slug), former_slug(slug)) == (slug, slug, "")
    assert slug == "" or is_slug(slug)


@given(st.lists(TITLES, max_size=5), st.randoms(use_true_random=False))
def test_no_other_tag_has_a_part_in_a_slug(titles: list[str], random: object) -> None:
    expected = {title: tag_slug(title) for title in titles}
    tag_slug.cache_clear()
    slugify.cache_clear()
    random.shuffle(titles)  # type: ignore[attr-defined]
    assert {title: tag_slug(title) for title in titles} == expected


@given(TITLES)
def test_a_tag_without_the_signs_keeps_its_address(title: str) -> None:
    plain = unicodedata.normalize("NFKC", title).strip()
    if plain.startswith(".") or not {*SIGNS}.isdisjoint(plain):
        plain = title = "".join(char for char in title if char.isalnum())
    assert (tag_slug(title), former_slug(title)) == (slugify(title), "")


@given(TITLES)
def test_a_tag_says_its_former_slug_exactly_where_it_has_another_one(title: str) -> None:
    assert former_slug(title) == ("" if slugify(title) == tag_slug(title) else slugify(title))


@given(TITLES, TITLES, st.sampled_from(SIGNS))
def test_two_tags_that_a_sign_tells_apart_are_two(before: str, behind: str, sign: str) -> None:
    before, behind = slugify(before[:20]), slugify(behind[:20])
    if before and behind:
        assert tag_slug(f"{before}{sign}{behind}") != tag_slug(f"{before} {behind}")


def test_every_sign_of_unicode_that_means_one_of_them_is_spelled_out() -> None:
    """A class of signs that is written out would lack those of another Unicode."""
    for char in map(chr, range(sys.maxunicode + 1)):
        plain = unicodedata.normalize("NFKC", char)
        if plain.startswith(".") or not {*SIGNS}.isdisjoint(plain):
            assert tag_slug(f"a{char}") == slugify("a" + "".join(f"-{word(one)}-" for one in plain)), hex(ord(char))
            assert not char.startswith(tuple(SIGNS)) or former_slug(f"a{char}") == "a"


def word(sign: str) -> str:
    return {"+": "plus", "#": "sharp", "&": "and", "@": "at"}.get(sign, sign)


@pytest.mark.parametrize(
    ("one", "other", "same"),
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
def test_punctuation_makes_another_name_but_case_spaces_and_hyphens_do_not(one: str, other: str, *, same: bool) -> None:
    assert (spelling_key(one) == spelling_key(other)) is same
