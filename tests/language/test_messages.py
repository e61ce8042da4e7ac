"""Messages, plural forms and fallbacks of the languages of pages."""

from __future__ import annotations

from typing import Final

import pytest
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language.catalogs import MORNING, language_in_india

# Messages


def test_say_fills_placeholders() -> None:
    assert language_in_india("en").say("published", date=language_in_india("en").date(MORNING)) == "Published On Fri, 02 Jan 2026"
    assert language_in_india("en").say("archive", title="Asia {In} News", month="January 2026") == "Asia {In} News, January 2026"
    assert language_in_india("ko").say("updated", date=language_in_india("ko").date(MORNING)) == "수정 2026년 1월 2일 (금)"
    assert language_in_india("ja").say("archive", title="アジア", month="2026年1月") == "アジア（2026年1月）"
    assert language_in_india("zh").say("photo", credit="新华社") == "图片来源：新华社"
    assert language_in_india("ar").say("by", names="سارة") == "بقلم سارة"
    assert language_in_india("hi").say("follow", title="एशिया") == "एशिया को फ़ॉलो करें"


def test_say_does_not_escape_values() -> None:
    assert language_in_india("en").say("photo", credit="<b>A & B</b>") == "Photo: <b>A & B</b>"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("en", ("By ", "")), ("ko", ("글 ", "")), ("ja", ("執筆：", "")), ("ar", ("بقلم ", "")), ("sv", ("By ", ""))],
)
def test_split_at_placeholder_returns_the_text_on_both_sides(tag: str, expected: tuple[str, str]) -> None:
    assert language_in_india(tag).split_at_placeholder("by") == expected


def test_split_at_placeholder_keeps_leading_and_trailing_text() -> None:
    assert language_in_india("ko").split_at_placeholder("correction") == ("바로잡습니다 (", ")")
    assert language_in_india("ko").split_at_placeholder("elsewhere") == ("", "에서 기사 전문 읽기")


# Plurals


@pytest.mark.parametrize(
    ("tag", "key", "expected"),
    [
        ("en", "views", {0: "0 Views", 1: "1 View", 2: "2 Views", 1234567: "1,234,567 Views"}),
        ("en-IN", "views", {1: "1 View", 1234567: "12,34,567 Views"}),
        ("en", "articles", {1: "1 article", 21: "21 articles"}),
        ("ko", "views", {0: "조회 0회", 1: "조회 1회", 1234: "조회 1,234회"}),
        ("ja", "articles", {1: "記事1件", 12: "記事12件"}),
        ("zh", "articles", {1: "1 篇文章", 2000: "2,000 篇文章"}),
        ("zh-Hant", "views", {1: "1 次瀏覽", 2000: "2,000 次瀏覽"}),
        ("hi", "views", {0: "0 बार देखा गया", 1: "1 बार देखा गया", 123456: "1,23,456 बार देखा गया"}),
        ("ar", "views", {0: "لا مشاهدات", 1: "مشاهدة واحدة", 2: "مشاهدتان", 3: "3 مشاهدات", 11: "11 مشاهدة", 100: "100 مشاهدة"}),
        ("ar", "articles", {0: "لا مقالات", 1: "مقال واحد", 2: "مقالان", 10: "10 مقالات", 99: "99 مقالًا", 1000: "1,000 مقال"}),
        ("ar-EG", "articles", {2: "مقالان", 103: "١٠٣ مقالات", 1111: "١٬١١١ مقالًا"}),
        ("ru", "views", {0: "0 просмотров", 1: "1 просмотр", 11: "11 просмотров", 21: "21 просмотр", 22: "22 просмотра"}),
        ("pl", "articles", {1: "1 artykuł", 2: "2 artykuły", 5: "5 artykułów", 12: "12 artykułów", 21: "21 artykułów"}),
        ("uk", "found", {1: "1 стрічка", 3: "3 стрічки", 13: "13 стрічок", 101: "101 стрічка"}),
        ("he", "articles", {0: "0 כתבות", 1: "כתבה אחת", 2: "שתי כתבות", 10: "10 כתבות", 1000: "1,000 כתבות"}),
        ("fa", "articles", {1: "۱ مطلب", 1234: "۱٬۲۳۴ مطلب"}),
        ("fr", "views", {0: "0 lecture", 1: "1 lecture", 2: "2 lectures", 10**6: "1\u202f000\u202f000 de lectures"}),
        ("pt-BR", "articles", {0: "0 artigo", 1: "1 artigo", 2: "2 artigos", 10**6: "1.000.000 de artigos"}),
        ("pt-PT", "articles", {0: "0 artigos", 1: "1 artigo", 2: "2 artigos", 10**6: "1\u00a0000\u00a0000 de artigos"}),
        ("tr", "articles", {1: "1 yazı", 5: "5 yazı"}),
        ("sv", "views", {0: "0 Views", 1: "1 View", 1234567: "1\u00a0234\u00a0567 Views"}),
    ],
)
def test_count_uses_plural_form_and_digits_of_the_language(tag: str, key: str, expected: dict[int, str]) -> None:
    assert {number: language_in_india(tag).count(key, number) for number in expected} == expected


def test_a_category_for_fractions_only_has_the_last_form() -> None:
    forms = language_in_india("ru").plural_forms("views")
    assert list(forms) == ["one", "few", "many", "other"]
    assert forms["other"] == forms["many"]


# Fallbacks


# Catalogue -> tags of languages whose pages have its words.
FALLBACKS: Final = {
    "en": "sv nb sw und root xx tlh qaa dv i-klingon x-ko C en en-IN EN-gb en_US en-IN-u-nu-deva en-x-arab",
    "ko": "ko-KP ko-Kore-KR",
    "ja": "ja-JP",
    "hi": "hi-Latn",
    "ar": "ar-EG arz ar-arz-EG",
    "zh": "zh zh-CN zh-SG zh-Hans-TW zh-Latn-CN cmn-Hans-CN yue-Hans",
    "zh-Hant": "zh-Hant zh-Hant-TW ZH-hant zh-TW zh-HK zh-MO zh-yue yue-HK",
    "de": "de-AT",
    "fr": "fr-CA",
    "es": "es-419",
    "he": "iw",
    "id": "in",
    "fa": "fa-AF prs",
    "pt-BR": "pt pt-BR pt-Latn pt-US",
    "pt-PT": "pt-PT pt-AO pt-Latn-MZ",
}


@pytest.mark.parametrize(
    ("tag", "catalog_tag"), [("", "en"), *((tag, name) for name, tags in FALLBACKS.items() for tag in tags.split())]
)
def test_tag_falls_back_to_the_nearest_catalog(tag: str, catalog_tag: str) -> None:
    language = language_in_india(tag)
    assert (language.tag, language.words) == (tag, catalog_tag)
    assert language.say("language_name") == language_in_india(catalog_tag).say("language_name")


TAGS: Final = st.from_regex(r"\A[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8}){0,4}\Z") | st.text() | st.sampled_from(locale_identifiers())


@pytest.mark.slow
@settings(deadline=None)  # the first use of a language reads its file
@given(TAGS)
def test_any_tag_gives_a_usable_language(tag: str) -> None:
    language = language_in_india(tag)
    assert language.direction in {"ltr", "rtl"}
    assert language.date(MORNING)
    assert language.count("views", 3)
    assert "M01" not in language.date_time(MORNING) + language.period_name("2026-01")
