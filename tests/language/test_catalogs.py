"""The message catalogues: every word is translated, with equal placeholders and all plural forms."""

from __future__ import annotations

import ast
import re
import string
import unicodedata
from collections.abc import Iterator
from gettext import c2py
from typing import Final

import pytest
from babel import Locale
from babel.messages import Catalog

from feedsvc.language import get_language
from feedsvc.language.messages import CATALOGUE_TAGS
from feedsvc.pages.status_pages import COMBINATION_ERRORS
from feedsvc.pages.subscribe import KIND_TITLES
from tests.language.catalogs import CATALOGS, TAGS, TEMPLATE, forms, messages_of
from tests.test_architecture import ROOT, modules

RIGHT_TO_LEFT: Final = {"ar", "fa", "he", "ur"}
LANGUAGES: Final = RIGHT_TO_LEFT | {
    *("bn", "de", "es", "fr", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt-BR", "pt-PT", "ru", "th", "tr", "uk", "vi", "zh"),
    "zh-Hant",
}
ENGLISH: Final = messages_of(TEMPLATE)
PLURAL_KEYS: Final = ("views", "articles", "and_more", "found")
# Words that built-in templates do not use. A theme may.
THEME_KEYS: Final = {"language_name", "menu", "follow", "and"}
PREVIEW_LABELS: Final = {"draft", "scheduled", "expired"}  # `Row.preview_label`
# Functions that take a key, with the position of that argument.
KEY_POSITIONS: Final = {
    "say": 0,
    "count": 0,
    "plural_forms": 0,
    "split_at_placeholder": 0,
    "date_view": 1,
    "period_link": 3,
    "_issue_link": 2,
    "_neighbour_link": 2,
}
# Translations that are spelled as in English.
SAME_AS_ENGLISH: Final = {
    "de": {"feeds", "combine_format"},
    "fr": {"menu", "sources", "paging", "combine_format"},
    "id": {"menu", "combine_format"},
    "it": {"menu", "home", "in_language"},
    "nl": {"menu", "feeds", "email", "found"},
    "pl": {"menu", "email", "combine_format"},
    "pt-BR": {"menu", "feeds", "email"},
    "pt-PT": {"menu", "feeds", "email"},
}
PUNCTUATION: Final = {"and", "comma", "archive", "label"}
ZERO_WIDTH_NON_JOINER: Final = "\u200c"  # Persian spelling needs it
NUMBERS: Final = (*range(2000), 999_999, 1_000_000, 1_000_001, 2_000_000, 1_000_000_000)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def has_placeholders_of(english: str, translations: tuple[str, ...]) -> bool:
    """Return True if the last form has exactly the placeholders of the English text, and each other form has no others."""
    expected = placeholders(english)
    return placeholders(translations[-1]) == expected and all(placeholders(text) <= expected for text in translations)


def problems(catalog: Catalog) -> dict[str, list[str]]:
    """Return the keys of faulty entries by fault, without faults that no entry has."""
    messages = messages_of(catalog)
    faults = {
        "missing": [key for key in ENGLISH if key not in messages],
        "unknown": [key for key in messages if key not in ENGLISH],
        "obsolete": [message.context or "" for message in catalog.obsolete.values()],
        "fuzzy": [key for key, message in messages.items() if message.fuzzy],
        "untranslated": [key for key, message in messages.items() if not all(forms(message.string))],
        "of another English text": [
            key for key, message in messages.items() if key in ENGLISH and forms(message.id) != forms(ENGLISH[key].id)
        ],
        "number of plural forms": [
            key
            for key, message in messages.items()
            if len(forms(message.string)) != (1 if isinstance(message.id, str) else catalog.num_plurals)
        ],
        "placeholders": [
            key
            for key, message in messages.items()
            if all(forms(message.string)) and not has_placeholders_of(forms(message.id)[-1], forms(message.string))
        ],
    }
    return {fault: keys for fault, keys in faults.items() if keys}


def keys_in_templates() -> Iterator[str]:
    for file in ROOT.rglob("*.html"):
        yield from re.findall(r"""lang\.(?:say|count)\(["'](\w+)["']""", file.read_text("utf-8"))


def keys_in_modules() -> Iterator[str]:
    for tree in modules().values():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in KEY_POSITIONS or (name == "count" and not ast.unparse(node.func).endswith("lang.count")):
                continue  # other functions, str.count among them
            position = KEY_POSITIONS[name]
            yield from (
                argument.value
                for argument in node.args[position : position + 1]
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def test_catalogs_exist_for_these_languages() -> None:
    assert set(CATALOGS) == LANGUAGES
    assert {"en", *LANGUAGES} == CATALOGUE_TAGS
    assert {tag for tag in TAGS if get_language(tag, "UTC").direction == "rtl"} == RIGHT_TO_LEFT


def test_template_has_the_keys_that_code_and_templates_use() -> None:
    keys = {
        *keys_in_templates(),
        *keys_in_modules(),
        *KIND_TITLES.values(),
        *map("combine_{}".format, COMBINATION_ERRORS),
        *PREVIEW_LABELS,
    }
    assert keys.isdisjoint(THEME_KEYS)
    assert keys | THEME_KEYS == set(ENGLISH)


def test_template_describes_each_word_and_contains_no_translation() -> None:
    assert [key for key, message in ENGLISH.items() if not message.auto_comments] == []
    assert [key for key, message in ENGLISH.items() if any(forms(message.string))] == []
    assert [key for key, message in ENGLISH.items() if not isinstance(message.id, str)] == list(PLURAL_KEYS)


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_catalog_has_no_untranslated_fuzzy_obsolete_or_wrong_entry(tag: str) -> None:
    catalog = CATALOGS[tag]
    assert problems(catalog) == {}
    assert not catalog.fuzzy
    assert str(catalog.locale) == tag.replace("-", "_")
    assert [(key, message.auto_comments) for key, message in messages_of(catalog).items()] == [
        (key, message.auto_comments) for key, message in ENGLISH.items()
    ]


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_plural_forms_of_gettext_tell_apart_the_categories_of_cldr(tag: str) -> None:
    index, category = c2py(CATALOGS[tag].plural_expr), Locale.parse(tag, sep="-").plural_form
    pairs = {(index(number), category(number)) for number in NUMBERS}
    assert len(pairs) == len({number for number, _ in pairs}) == len({name for _, name in pairs}) == CATALOGS[tag].num_plurals
    assert [name for _, name in sorted(pairs)] == sorted(
        (name for _, name in pairs), key=["zero", "one", "two", "few", "many", "other"].index
    )


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("key", PLURAL_KEYS)
def test_every_plural_category_of_the_language_has_a_form(tag: str, key: str) -> None:
    forms_by_category = get_language(tag, "UTC").plural_forms(key)
    assert set(forms_by_category) == Locale.parse(tag, sep="-").plural_form.tags | {"other"}
    assert placeholders(forms_by_category["other"]) == {"count"}
    assert all(placeholders(text) <= {"count"} for text in forms_by_category.values())


@pytest.mark.parametrize("tag", TAGS)
def test_messages_have_no_markup_or_control_characters(tag: str) -> None:
    messages = ENGLISH if tag == "en" else messages_of(CATALOGS[tag])
    for text in (form for message in messages.values() for form in forms(message.id if tag == "en" else message.string)):
        visible = text.replace(ZERO_WIDTH_NON_JOINER, "") if tag == "fa" else text
        assert not set(text) & set("<>&\"'`\\\n\t")
        assert unicodedata.is_normalized("NFC", text)
        assert not [char for char in visible if unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"}]


@pytest.mark.parametrize("tag", sorted(CATALOGS))
def test_only_listed_translations_are_spelled_as_in_english(tag: str) -> None:
    same = {key for key, message in messages_of(CATALOGS[tag]).items() if forms(message.string) == forms(message.id)}
    assert same - PUNCTUATION == SAME_AS_ENGLISH.get(tag, set())


@pytest.mark.parametrize("tag", TAGS)
def test_label_of_the_copy_button_is_not_longer_after_copying(tag: str) -> None:
    language = get_language(tag, "UTC")
    assert len(language.say("copied")) <= len(language.say("copy"))
