"""Dates, times, months and numbers in each language."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.localedata import locale_identifiers

from feedsvc.content.schema.dates import parse_instant
from feedsvc.language import get_language
from tests.language.catalogs import EVENING, MORNING, language_in_india


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
        # CLDR puts the optional part of the Marathi time zone format in brackets: [GMT]+५:३०.
        ("mr", "शुक्र, २, जाने २०२६", "शुक्र, २, जाने २०२६, ८:३५ AM (GMT+५:३०)", "शुक्र, २, जाने २०२६, ९:३५ PM (GMT+५:३०)"),
    ],
)
def test_dates_and_times_follow_the_language(tag: str, day: str, morning: str, evening: str) -> None:
    language = language_in_india(tag)
    assert (language.date(MORNING), language.period_name("2026-01-02")) == (day, day)
    assert (language.date_time(MORNING), language.date_time(EVENING)) == (morning, evening)


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
def test_month_names_follow_the_language(tag: str, month: str) -> None:
    assert language_in_india(tag).period_name("2026-01") == month


@pytest.mark.parametrize(
    ("tag", "day"), [("en", "Fri 2"), ("de", "Fr., 2."), ("ja", "2日(金)"), ("fa", "جمعه ۲"), ("vi", "Th 6, ngày 2")]
)
def test_day_names_are_short_in_each_language(tag: str, day: str) -> None:
    assert language_in_india(tag).day_name("2026-01-02") == day


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
def test_numbers_have_digits_and_separators_of_the_language(tag: str, number: str) -> None:
    assert language_in_india(tag).number(1234567) == number


@pytest.mark.parametrize(
    ("zone", "time", "expected"),
    [
        ("UTC", MORNING, "Fri, 02 Jan 2026, 03:05 (GMT)"),
        ("Asia/Seoul", EVENING, "Sat, 03 Jan 2026, 01:05 (GMT+9)"),
        ("America/St_Johns", MORNING, "Thu, 01 Jan 2026, 23:35 (GMT-3:30)"),
        ("America/New_York", datetime(2026, 7, 2, 3, 5, tzinfo=UTC), "Wed, 01 Jul 2026, 23:05 (GMT-4)"),
    ],
)
def test_times_are_in_the_time_zone_of_the_site(zone: str, time: datetime, expected: str) -> None:
    assert get_language("en", zone).date_time(time) == expected
    assert get_language("en", zone).date(time) == expected[:16]


@pytest.mark.parametrize(
    ("zone", "written", "shown", "machine"),
    [
        ("Asia/Kolkata", "2026-01-02", "Fri, 02 Jan 2026", "2026-01-02"),
        ("Asia/Kolkata", "2026-01-02T00:01", "Fri, 02 Jan 2026, 00:01 (GMT+5:30)", "2026-01-01T18:31:00Z"),
        ("Asia/Kolkata", "2026-01-02T00:00Z", "Fri, 02 Jan 2026, 05:30 (GMT+5:30)", "2026-01-02T00:00:00Z"),
        # In this night, the clocks went from 24:00 to 01:00.
        ("America/Sao_Paulo", "2018-11-04", "Sun, 04 Nov 2018", "2018-11-04"),
        ("America/Sao_Paulo", "2018-11-04T01:30", "Sun, 04 Nov 2018, 01:30 (GMT-2)", "2018-11-04T03:30:00Z"),
        # In this night, the clocks went from 01:00 to 00:00.
        ("Atlantic/Azores", "2026-10-25", "Sun, 25 Oct 2026", "2026-10-25"),
        ("Atlantic/Azores", "2026-10-25T00:00-01:00", "Sun, 25 Oct 2026, 00:00 (GMT-1)", "2026-10-25T01:00:00Z"),
    ],
)
def test_date_written_without_a_time_is_shown_without_a_time(zone: str, written: str, shown: str, machine: str) -> None:
    language = get_language("en", zone)
    moment, _ = parse_instant(written, ZoneInfo(language.zone))
    assert (language.date_time(moment), language.machine_date(moment)) == (shown, machine)


def test_name_of_gmt_is_translated() -> None:
    assert get_language("ar", "UTC").date_time(MORNING).endswith("(غرينتش)")
    assert get_language("fa", "UTC").date_time(MORNING).endswith("(گرینویچ)")


@pytest.mark.parametrize("tag", ["xx", "tlh", "qaa", "dv", "i-klingon", "x-ko", "root", "und", "e", "", "../../en"])
def test_unknown_language_has_english_dates(tag: str) -> None:
    assert (language_in_india(tag).date(MORNING), language_in_india(tag).period_name("2026-01")) == (
        "Fri, 02 Jan 2026",
        "January 2026",
    )


@pytest.mark.parametrize("tag", ["az-Arab", "az-Arab-IR", "az"])
def test_script_without_month_names_uses_its_parent_locale(tag: str) -> None:
    assert language_in_india(tag).period_name("2026-01") == "yanvar 2026"


def test_every_cldr_language_uses_one_set_of_digits_and_has_names_of_months() -> None:
    tags = [tag for tag in locale_identifiers() if "_" not in tag]
    assert len(tags) > 300
    for tag in tags:
        language = language_in_india(tag)
        text = language.number(1234567890) + language.date_time(MORNING) + language.period_name("2026-01")
        zeros = {ord(char) - unicodedata.decimal(char) for char in text if char.isdecimal()}
        zeros -= {ord("༠")} if tag == "bo" else set()  # month names in Tibetan have digits
        assert (tag, zeros) == (tag, {ord(language.number(0))})
        assert "M01" not in text, tag


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        *[(0, ""), (1, "1 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB")],
        *[(999_500, "1 MB"), (999_999, "1 MB"), (999_600_000, "1 GB"), (2_000_000_000_000, "2,000 GB")],
    ],
)
def test_size_of_a_file_never_shows_a_thousand_of_a_smaller_unit(length: int, shown: str) -> None:
    assert language_in_india("en").file_size(length) == shown
