"""The text direction of each language."""

from __future__ import annotations

from typing import Final

import pytest
from babel import Locale
from babel.localedata import locale_identifiers

from feedsvc.language import direction
from tests.language.catalogs import language_in_india

RIGHT_TO_LEFT: Final = (
    "ar ar-EG arz ar-arz ur fa he iw ps yi ji ckb sd ug dv syr nqo ks az-Arab uz-AF pa-PK pa-Arab ku-Arab ff-Adlm AZ-arab ur_IN"
)
LEFT_TO_RIGHT: Final = (
    "en ko zh zh-Hant ja hi pt-BR az pa uz ku ff ar-Latn ur-Latn he-Latn ks-Deva en-x-arab en-IL xx tlh x-ar i-klingon"
)


@pytest.mark.parametrize("tag", RIGHT_TO_LEFT.split())
def test_right_to_left_languages(tag: str) -> None:
    assert direction(tag) == language_in_india(tag).direction == "rtl"


def test_pages_in_dari_run_right_to_left() -> None:
    """CLDR has Dari (prs) as Persian of Afghanistan."""
    assert direction("prs") == direction("prs-AF") == language_in_india("prs").direction == "rtl"
    assert direction("prs-Latn") == direction("sh") == direction("cnr-Latn") == "ltr"


@pytest.mark.parametrize("tag", [*LEFT_TO_RIGHT.split(), ""])
def test_left_to_right_languages(tag: str) -> None:
    assert direction(tag) == language_in_india(tag).direction == "ltr"


def test_direction_equals_cldr_except_vertical_scripts() -> None:
    differing_tags = {tag for tag in locale_identifiers() if tag != "root" and direction(tag) != Locale.parse(tag).text_direction}
    assert differing_tags == {
        "mn_Mong",
        "mn_Mong_CN",
        "mn_Mong_MN",
    }  # vertical scripts, for which the attribute `dir` has no value
