"""The words, dates, numbers and direction of the pages, language by language."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.language import Language, direction, get_language

MODULE: Final = get_language.__module__
CATALOGUES: Final[dict[str, dict[str, str | dict[str, str]]]] = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in resources.files(sys.modules[MODULE].__package__ or "").joinpath("words").iterdir()
    if file.name.endswith(".json")
}
KEYS: Final = (
    "language_name",
    "skip",
    "menu",
    "home",
    "latest",
    "site",
    "sections",
    "authors",
    "topics",
    "feeds",
    "subscribe",
    "follow",
    "published",
    "updated",
    "by",
    "and",
    "comma",
    "photo",
    "sources",
    "correction",
    "attachments",
    "elsewhere",
    "tags",
    "related",
    "previous",
    "next",
    "share",
    "share_native",
    "copy",
    "copied",
    "email",
    "views",
    "articles",
    "found",
    "older",
    "newer",
    "newest",
    "archive",
    "paging",
    "nothing_yet",
    "subscribe_what",
    "subscribe_opml",
    "subscribe_search",
    "subscribe_none",
    "all_topics",
    "topics_most",
    "last_update",
    "withdrawn_title",
    "withdrawn_text",
    "missing_title",
    "missing_text",
    "moved_title",
    "moved_text",
    "draft",
    "scheduled",
    "expired",
)
PLURALS: Final = ("views", "articles", "found")
MORNING: Final = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
EVENING: Final = datetime(2026, 1, 2, 16, 5, tzinfo=UTC)


def india(tag: str) -> Language:
    return get_language(tag, "Asia/Kolkata")


def every(text: str | dict[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


# The catalogues


def test_the_catalogues() -> None:
    assert set(CATALOGUES) == {"en", "ko", "zh", "zh-Hant", "ja", "ar", "hi"}


@pytest.mark.parametrize("tag", sorted(CATALOGUES))
def test_every_catalogue_is_complete_and_in_one_order(tag: str) -> None:
    assert tuple(CATALOGUES[tag]) == KEYS
    assert [key for key, text in CATALOGUES[tag].items() if isinstance(text, dict)] == list(PLURALS)
    assert all(one for text in CATALOGUES[tag].values() for one in every(text))


@pytest.mark.parametrize("tag", sorted(CATALOGUES))
def test_every_text_takes_the_same_facts(tag: str) -> None:
    for key, text in CATALOGUES[tag].items():
        mine, english = (one["other"] if isinstance(one, dict) else one for one in (text, CATALOGUES["en"][key]))
        assert placeholders(mine) == placeholders(english), key


@pytest.mark.parametrize("tag", sorted(CATALOGUES))
@pytest.mark.parametrize("key", PLURALS)
def test_every_plural_category_of_the_language_is_there(tag: str, key: str) -> None:
    forms = get_language(tag, "UTC").plural_forms(key)
    assert set(forms) == Locale.parse(tag, sep="-").plural_form.tags | {"other"}
    assert placeholders(forms["other"]) == {"count"}
    assert all(placeholders(text) <= {"count"} for text in forms.values())


@pytest.mark.parametrize("tag", sorted(CATALOGUES))
def test_texts_are_plain(tag: str) -> None:
    for text in (one for each in CATALOGUES[tag].values() for one in every(each)):
        assert not set(text) & set("<>&\"'`\\\n\t")
        assert unicodedata.is_normalized("NFC", text)
        assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"}]


@pytest.mark.parametrize("tag", sorted(set(CATALOGUES) - {"en"}))
def test_nothing_is_left_in_english(tag: str) -> None:
    assert not [key for key in KEYS if key not in {"and", "comma", "archive"} and CATALOGUES[tag][key] == CATALOGUES["en"][key]]


@pytest.mark.parametrize("tag", sorted(CATALOGUES))
def test_a_button_that_has_copied_needs_no_more_room(tag: str) -> None:
    assert len(CATALOGUES[tag]["copied"]) <= len(CATALOGUES[tag]["copy"])


# Texts


def test_say_fills_the_facts() -> None:
    assert india("en").say("published", date=india("en").date(MORNING)) == "Published On Fri, 02 Jan 2026"
    assert india("en").say("archive", title="Asia {In} News", month="January 2026") == "Asia {In} News, January 2026"
    assert india("ko").say("updated", date=india("ko").date(MORNING)) == "수정 2026년 1월 2일 (금)"
    assert india("ja").say("archive", title="アジア", month="2026年1月") == "アジア（2026年1月）"
    assert india("zh").say("photo", credit="新华社") == "图片来源：新华社"
    assert india("ar").say("by", names="سارة") == "بقلم سارة"
    assert india("hi").say("follow", title="एशिया") == "एशिया को फ़ॉलो करें"


def test_facts_are_not_markup_to_it() -> None:
    assert india("en").say("photo", credit="<b>A & B</b>") == "Photo: <b>A & B</b>"


@pytest.mark.parametrize(("key", "facts"), [("nonsense", {}), ("views", {}), ("photo", {}), ("photo", {"host": "a"})])
def test_say_knows_its_keys_and_facts(key: str, facts: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        india("en").say(key, **facts)


@pytest.mark.parametrize(
    ("tag", "around"),
    [("en", ("By ", "")), ("ko", ("글 ", "")), ("ja", ("執筆：", "")), ("ar", ("بقلم ", "")), ("fr", ("By ", ""))],
)
def test_around_leaves_room_for_links(tag: str, around: tuple[str, str]) -> None:
    assert india(tag).split_at_placeholder("by") == around


def test_around_gives_both_sides() -> None:
    assert india("ko").split_at_placeholder("correction") == ("바로잡습니다 (", ")")
    assert india("ko").split_at_placeholder("elsewhere") == ("", "에서 기사 전문 읽기")


@pytest.mark.parametrize("key", ["archive", "home"])
def test_around_wants_one_placeholder(key: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        india("en").split_at_placeholder(key)


def test_forms_knows_its_keys() -> None:
    with pytest.raises(KeyError):
        india("en").plural_forms("home")


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
        ("fr", "views", {0: "0 Views", 1: "1 View", 1234567: "1\u202f234\u202f567 Views"}),
    ],
)
def test_counts(tag: str, key: str, expected: dict[int, str]) -> None:
    assert {number: india(tag).count(key, number) for number in expected} == expected


def test_arabic_has_six_forms() -> None:
    assert set(india("ar").plural_forms("views")) == {"zero", "one", "two", "few", "many", "other"}


# Dates and numbers


@pytest.mark.parametrize(
    ("tag", "day", "morning", "evening"),
    [
        ("en", "Fri, 02 Jan 2026", "Fri, 02 Jan 2026, 08:35 (GMT+5:30)", "Fri, 02 Jan 2026, 21:35 (GMT+5:30)"),
        ("en-IN", "Fri, 02 Jan 2026", "Fri, 02 Jan 2026, 08:35 (GMT+5:30)", "Fri, 02 Jan 2026, 21:35 (GMT+5:30)"),
        ("ko", "2026년 1월 2일 (금)", "2026년 1월 2일 (금) 오전 8:35 (GMT+5:30)", "2026년 1월 2일 (금) 오후 9:35 (GMT+5:30)"),
        ("ja", "2026年1月2日(金)", "2026年1月2日(金) 8:35 (GMT+5:30)", "2026年1月2日(金) 21:35 (GMT+5:30)"),
        ("zh", "2026年1月2日周五", "2026年1月2日周五 08:35 (GMT+5:30)", "2026年1月2日周五 21:35 (GMT+5:30)"),
        ("zh-Hant", "2026年1月2日 週五", "2026年1月2日 週五 上午8:35 (GMT+5:30)", "2026年1月2日 週五 晚上9:35 (GMT+5:30)"),
        ("zh-Hant-HK", "2026年1月2日週五", "2026年1月2日週五 上午8:35 (GMT+5:30)", "2026年1月2日週五 下午9:35 (GMT+5:30)"),
        ("hi", "शुक्र, 2 जनवरी 2026", "शुक्र, 2 जनवरी 2026, 08:35 (GMT+5:30)", "शुक्र, 2 जनवरी 2026, 21:35 (GMT+5:30)"),
        (
            "ar",
            "الجمعة، 2 يناير 2026",
            "الجمعة، 2 يناير 2026، 8:35 ص (غرينتش+5:30)",
            "الجمعة، 2 يناير 2026، 9:35 م (غرينتش+5:30)",
        ),
        (
            "ar-EG",
            "الجمعة، ٢ يناير ٢٠٢٦",
            "الجمعة، ٢ يناير ٢٠٢٦، ٨:٣٥ ص (غرينتش+٥:٣٠)",
            "الجمعة، ٢ يناير ٢٠٢٦، ٩:٣٥ م (غرينتش+٥:٣٠)",
        ),
        (
            "pt-BR",
            "sex., 2 de jan. de 2026",
            "sex., 2 de jan. de 2026 08:35 (GMT+5:30)",
            "sex., 2 de jan. de 2026 21:35 (GMT+5:30)",
        ),
        ("fr", "ven. 2 janv. 2026", "ven. 2 janv. 2026, 08:35 (UTC+5:30)", "ven. 2 janv. 2026, 21:35 (UTC+5:30)"),
        ("ne", "२०२६ जनवरी २, शुक्र", "२०२६ जनवरी २, शुक्र, ०८:३५ (GMT+५:३०)", "२०२६ जनवरी २, शुक्र, २१:३५ (GMT+५:३०)"),
        # CLDR marks what Marathi may leave out: [GMT]+५:३०.
        ("mr", "शुक्र, २, जाने २०२६", "शुक्र, २, जाने २०२६, ८:३५ AM (GMT+५:३०)", "शुक्र, २, जाने २०२६, ९:३५ PM (GMT+५:३०)"),
    ],
)
def test_dates(tag: str, day: str, morning: str, evening: str) -> None:
    one = india(tag)
    assert (one.date(MORNING), one.period_name("2026-01-02")) == (day, day)
    assert (one.date_time(MORNING), one.date_time(EVENING)) == (morning, evening)


@pytest.mark.parametrize(
    ("tag", "month"),
    [
        ("en", "January 2026"),
        ("ko", "2026년 1월"),
        ("zh", "2026年1月"),
        ("zh-Hant-TW", "2026年1月"),
        ("ja", "2026年1月"),
        ("ar", "يناير 2026"),
        ("fa", "ژانویهٔ ۲۰۲۶"),
        ("hi", "जनवरी 2026"),
        ("pt-BR", "janeiro de 2026"),
        ("tlh", "January 2026"),
    ],
)
def test_months(tag: str, month: str) -> None:
    assert india(tag).period_name("2026-01") == month


@pytest.mark.parametrize("period", ["2026-13", "2026-02-30", "soon"])
def test_no_month(period: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid isoformat|must be in|out of range"):
        india("en").period_name(period)


@pytest.mark.parametrize(
    ("tag", "number"),
    [
        ("en", "1,234,567"),
        ("en-IN", "12,34,567"),
        ("hi", "12,34,567"),
        ("ko", "1,234,567"),
        ("zh-Hant", "1,234,567"),
        ("ja", "1,234,567"),
        ("ar", "1,234,567"),
        ("ar-EG", "١٬٢٣٤٬٥٦٧"),
        ("fa", "۱٬۲۳۴٬۵۶۷"),
        ("bn", "১২,৩৪,৫৬৭"),
        ("pt-BR", "1.234.567"),
        ("fr", "1\u202f234\u202f567"),
        ("xx", "1,234,567"),
    ],
)
def test_numbers(tag: str, number: str) -> None:
    assert india(tag).number(1234567) == number


@pytest.mark.parametrize(
    ("zone", "moment", "shown"),
    [
        ("UTC", MORNING, "Fri, 02 Jan 2026, 03:05 (GMT)"),
        ("Asia/Seoul", EVENING, "Sat, 03 Jan 2026, 01:05 (GMT+9)"),
        ("America/St_Johns", MORNING, "Thu, 01 Jan 2026, 23:35 (GMT-3:30)"),
        ("America/New_York", datetime(2026, 7, 2, 3, 5, tzinfo=UTC), "Wed, 01 Jul 2026, 23:05 (GMT-4)"),
    ],
)
def test_moments_are_told_in_the_sites_zone(zone: str, moment: datetime, shown: str) -> None:
    assert get_language("en", zone).date_time(moment) == shown
    assert get_language("en", zone).date(moment) == shown[:16]


def test_greenwich_in_other_words() -> None:
    assert get_language("ar", "UTC").date_time(MORNING).endswith("(غرينتش)")
    assert get_language("fa", "UTC").date_time(MORNING).endswith("(گرینویچ)")


# Fallbacks


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en", "en"),
        ("en-IN", "en"),
        ("EN-gb", "en"),
        ("en_US", "en"),
        ("en-IN-u-nu-deva", "en"),
        ("en-x-arab", "en"),
        ("ko-KP", "ko"),
        ("ko-Kore-KR", "ko"),
        ("ja-JP", "ja"),
        ("hi-Latn", "hi"),
        ("ar-EG", "ar"),
        ("arz", "ar"),
        ("ar-arz-EG", "ar"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-SG", "zh"),
        ("zh-Hans-TW", "zh"),
        ("zh-Latn-CN", "zh"),
        ("cmn-Hans-CN", "zh"),
        ("zh-Hant", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"),
        ("ZH-hant", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh-yue", "zh-Hant"),
        ("yue-HK", "zh-Hant"),
        ("yue-Hans", "zh"),
        *((tag, "en") for tag in ("pt-BR", "fr", "ur", "und", "root", "xx", "tlh", "qaa", "dv", "i-klingon", "x-ko", "C", "")),
    ],
)
def test_the_nearest_words(tag: str, words: str) -> None:
    one = india(tag)
    assert (one.tag, one.words) == (tag, words)
    assert one.say("language_name") == CATALOGUES[words]["language_name"]


@pytest.mark.parametrize("tag", ["xx", "tlh", "qaa", "dv", "i-klingon", "x-ko", "root", "und", "e", "", "../../en"])
def test_what_cldr_does_not_know_is_dated_in_english(tag: str) -> None:
    assert (india(tag).date(MORNING), india(tag).period_name("2026-01")) == ("Fri, 02 Jan 2026", "January 2026")


@pytest.mark.parametrize("tag", ["az-Arab", "az-Arab-IR", "az"])
def test_a_script_without_names_for_months_is_dated_as_its_parent(tag: str) -> None:
    assert india(tag).period_name("2026-01") == "yanvar 2026"


TAGS: Final = st.from_regex(r"\A[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8}){0,4}\Z") | st.text() | st.sampled_from(locale_identifiers())


@settings(deadline=None)  # the first of a language reads its file
@given(TAGS)
def test_any_tag_has_a_language(tag: str) -> None:
    one = india(tag)
    assert one.direction in {"ltr", "rtl"}
    assert one.date(MORNING)
    assert one.count("views", 3)
    assert "M01" not in one.date_time(MORNING) + one.period_name("2026-01")


@pytest.mark.parametrize("tag", [tag for tag in locale_identifiers() if "_" not in tag])
def test_every_language_of_cldr_writes_one_kind_of_digits(tag: str) -> None:
    one = india(tag)
    shown = one.number(1234567890) + one.date_time(MORNING) + one.period_name("2026-01")
    zeros = {ord(char) - unicodedata.decimal(char) for char in shown if char.isdecimal()}
    zeros -= {ord("༠")} if tag == "bo" else set()  # Tibetan numbers its months inside their names
    assert zeros == {ord(one.number(0))}
    assert "M01" not in shown


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        get_language("en", "Asia/Nowhere")


# Direction


@pytest.mark.parametrize(
    "tag",
    [
        "ar",
        "ar-EG",
        "arz",
        "ar-arz",
        "ur",
        "fa",
        "he",
        "iw",
        "ps",
        "yi",
        "ji",
        "ckb",
        "sd",
        "ug",
        "dv",
        "syr",
        "nqo",
        "ks",
        "az-Arab",
        "uz-AF",
        "pa-PK",
        "pa-Arab",
        "ku-Arab",
        "ff-Adlm",
        "AZ-arab",
        "ur_IN",
    ],
)
def test_right_to_left(tag: str) -> None:
    assert direction(tag) == india(tag).direction == "rtl"


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "ko",
        "zh",
        "zh-Hant",
        "ja",
        "hi",
        "pt-BR",
        "az",
        "pa",
        "uz",
        "ku",
        "ff",
        "ar-Latn",
        "ur-Latn",
        "he-Latn",
        "ks-Deva",
        "en-x-arab",
        "en-IL",
        "xx",
        "tlh",
        "x-ar",
        "i-klingon",
        "",
    ],
)
def test_left_to_right(tag: str) -> None:
    assert direction(tag) == india(tag).direction == "ltr"


def test_cldr_agrees_on_every_direction() -> None:
    other = {tag for tag in locale_identifiers() if tag != "root" and direction(tag) != Locale.parse(tag).text_direction}
    assert other == {"mn_Mong", "mn_Mong_CN", "mn_Mong_MN"}  # from top to bottom, which `dir` has no word for


# One language, everywhere the same


def test_a_language_is_made_once_and_never_changes() -> None:
    one = india("ko")
    assert india("ko") is one
    assert get_language("ko", "Asia/Seoul") is not one
    with pytest.raises(FrozenInstanceError):
        one.tag = "en"  # type: ignore[misc]
    assert repr(one).startswith("Language(tag='ko', direction='ltr', words='ko'")


SHOWN: Final = f"""
from datetime import UTC, datetime
from {MODULE} import get_language
moment = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
for tag in "en en-IN ko zh zh-Hant ja ar ar-EG hi fa he pt-BR xx".split():
    one = get_language(tag, "America/New_York")
    print(tag, one.direction, one.date(moment), one.date_time(moment), one.period_name("2026-01"), one.count("views", 12345))
"""


def test_the_machine_has_no_say() -> None:
    places = [
        {"LC_ALL": "C", "TZ": "UTC"},
        {"LC_ALL": "ar_EG.UTF-8", "LANG": "ko_KR.UTF-8", "TZ": "Asia/Kathmandu"},
        {"LC_ALL": "nonsense", "LANGUAGE": "de:fr", "TZ": "Nowhere/Land"},
    ]
    shown = {
        subprocess.run(
            [sys.executable, "-W", "error", "-X", "utf8", "-c", SHOWN],
            env={**os.environ, **place},
            capture_output=True,
            check=True,
        ).stdout
        for place in places
    }
    assert len(shown) == 1
    assert "en ltr Thu, 01 Jan 2026 Thu, 01 Jan 2026, 22:05 (GMT-5) January 2026 12,345 Views" in shown.pop().decode()


LEAKING: Final = f"""
import sys
from datetime import UTC, datetime
from {MODULE} import get_language
moment = datetime(2026, 10, 2, 3, 5, tzinfo=UTC)
for tag in sorted(sys.argv[1:], key=lambda tag: (tag != sys.argv[1], tag)):
    one = get_language(tag, "UTC")
    one.period_name("2026-10"), one.date_time(moment), one.number(1)
for tag in sorted(sys.argv[1:]):
    print(tag, get_language(tag, "UTC").period_name("2026-10"), get_language(tag, "UTC").date_time(moment))
"""


def test_the_languages_before_have_no_say() -> None:
    tags = ["wa", "mzn", "ar", "bs", "en", "ko", "ne"]  # Babel alone tells the others in the names of the first two
    shown = {
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", LEAKING, *tags[n:], *tags[:n]], capture_output=True, check=True
        ).stdout
        for n in range(len(tags))
    }
    assert len(shown) == 1
    assert "bs oktobar 2026. pet, 2. okt 2026. 03:05 (GMT)" in shown.pop().decode()


def test_threads_get_the_same() -> None:
    tags = ["en", "ko", "zh-Hant", "ja", "ar-EG", "hi", "fa", "pt-BR", "sw", "xx"] * 40
    get_language.cache_clear()
    direction.cache_clear()

    def shown(tag: str) -> tuple[str, ...]:
        one = india(tag)
        return one.direction, one.date_time(MORNING), one.period_name("2026-01"), one.count("views", 1234)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(shown, tags))
    assert found == [shown(tag) for tag in tags]
