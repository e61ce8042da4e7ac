"""Message catalogues: gettext's .po files, which Babel reads when a language is first used.

`locale/feedsvc.pot` is the template. Each of its entries has a key (msgctxt), by which code and templates name the text, and the
English text (msgid). `locale/TAG/LC_MESSAGES/feedsvc.po` has the translations. Scripts in pages choose a plural form by CLDR's
categories, gettext by an index that Plural-Forms computes; `_forms_by_category` maps one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from gettext import c2py
from importlib import resources
from typing import Final, NamedTuple

from babel import Locale
from babel.messages.pofile import read_po
from babel.plural import PluralRule

ENGLISH: Final = "en"
_FOLDER: Final = resources.files(__package__).joinpath("locale")
# RFC 5646 tags of the languages that have words.
CATALOGUE_TAGS: Final = frozenset((ENGLISH, *(entry.name.replace("_", "-") for entry in _FOLDER.iterdir() if entry.is_dir())))
_PLURAL_CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")
# Numbers that include one of each plural category which a language uses for integers.
_SAMPLE_NUMBERS: Final = (*range(200), 1_000_000)


class Messages(NamedTuple):
    """The messages of a language by key. `plurals` maps a key to the forms by CLDR's plural category; it always has "other".

    `plural_category` returns the category of a number.
    """

    texts: Mapping[str, str]
    plurals: Mapping[str, Mapping[str, str]]
    plural_category: PluralRule


@cache
def read_messages(tag: str) -> Messages:
    """Read the message catalogue of one of CATALOGUE_TAGS."""
    file = f"{tag.replace('-', '_')}/LC_MESSAGES/feedsvc.po" if tag != ENGLISH else "feedsvc.pot"
    with _FOLDER.joinpath(file).open("rb") as opened:
        catalogue = read_po(opened)
    plural_index, plural_category = c2py(catalogue.plural_expr), Locale.parse(tag, sep="-").plural_form
    texts: dict[str, str] = {}
    plurals: dict[str, Mapping[str, str]] = {}
    for message in catalogue:
        if not message.context:
            continue  # the header
        strings = message.id if tag == ENGLISH else message.string
        if isinstance(strings, str):
            texts[message.context] = strings
        else:
            plurals[message.context] = _forms_by_category(tuple(strings or ()), plural_index, plural_category)
    return Messages(texts, plurals, plural_category)


def _forms_by_category(
    strings: Sequence[str], plural_index: Callable[[int], int], plural_category: PluralRule
) -> Mapping[str, str]:
    """Return the plural forms of a message by CLDR's category, in the order of _PLURAL_CATEGORIES.

    `strings` are the forms by index. If a language uses "other" for fractions only, as Polish does, "other" is the last form.
    """
    forms = {plural_category(number): strings[plural_index(number)] for number in _SAMPLE_NUMBERS}
    forms.setdefault("other", strings[-1])
    return {category: forms[category] for category in _PLURAL_CATEGORIES if category in forms}
