"""The message catalogs: complete, in one order, with equal placeholders and all plural forms."""

from __future__ import annotations

import string
import unicodedata
from typing import Final

import pytest
from babel import Locale

from feedsvc.language import get_language
from tests.language.catalogs import CATALOGS

MESSAGE_KEYS: Final = (
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


PLURAL_KEYS: Final = ("views", "articles", "found")


def all_forms(text: str | dict[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_catalogs_exist_for_seven_languages() -> None:
    assert set(CATALOGS) == {"en", "ko", "zh", "zh-Hant", "ja", "ar", "hi"}


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_every_catalog_has_all_keys_in_order(tag: str) -> None:
    assert tuple(CATALOGS[tag]) == MESSAGE_KEYS
    assert [key for key, text in CATALOGS[tag].items() if isinstance(text, dict)] == list(PLURAL_KEYS)
    assert all(form for text in CATALOGS[tag].values() for form in all_forms(text))


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_every_translation_has_the_same_placeholders(tag: str) -> None:
    for key, text in CATALOGS[tag].items():
        translation, english = (
            message["other"] if isinstance(message, dict) else message for message in (text, CATALOGS["en"][key])
        )
        assert placeholders(translation) == placeholders(english), key


@pytest.mark.parametrize("tag", sorted(CATALOGS))
@pytest.mark.parametrize("key", PLURAL_KEYS)
def test_every_plural_category_of_the_language_has_a_form(tag: str, key: str) -> None:
    forms = get_language(tag, "UTC").plural_forms(key)
    assert set(forms) == Locale.parse(tag, sep="-").plural_form.tags | {"other"}
    assert placeholders(forms["other"]) == {"count"}
    assert all(placeholders(text) <= {"count"} for text in forms.values())


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_messages_have_no_markup_or_control_characters(tag: str) -> None:
    for text in (form for message in CATALOGS[tag].values() for form in all_forms(message)):
        assert not set(text) & set("<>&\"'`\\\n\t")
        assert unicodedata.is_normalized("NFC", text)
        assert not [char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"}]


@pytest.mark.parametrize("tag", sorted(set(CATALOGS) - {"en"}))
def test_every_message_is_translated(tag: str) -> None:
    assert not [
        key for key in MESSAGE_KEYS if key not in {"and", "comma", "archive"} and CATALOGS[tag][key] == CATALOGS["en"][key]
    ]


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_label_of_the_copy_button_is_not_longer_after_copying(tag: str) -> None:
    assert len(CATALOGS[tag]["copied"]) <= len(CATALOGS[tag]["copy"])
