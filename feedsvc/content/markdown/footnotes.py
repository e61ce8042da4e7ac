"""Footnotes: ids that are unique across articles, and absolute links to the article's page, valid in feeds and listings."""

from __future__ import annotations

import re
import secrets
from typing import Final
from urllib.parse import quote, unquote

# Random for each process, so that no text can contain it: an id or class with it was written by `mark_footnotes`.
_GENERATED_PREFIX: Final = f"note{secrets.token_hex(8)}-"
_REFERENCE: Final = re.compile(
    r'<sup class="footnote-ref"><a href="#fn-([^"]*)" id="fnref-\1(?:-([0-9]+))?" data-footnote-ref>([0-9]+)</a></sup>'
)
_BACK_REFERENCE: Final = re.compile(
    r'<a href="#fnref-[^"]*" class="footnote-backref" data-footnote-backref data-footnote-backref-idx="([0-9]+)(?:-([0-9]+))?"'
)
_LIST: Final = '<section class="footnotes" data-footnotes>'
_NOTE: Final = re.compile(r'<li id="fn-([^"]*)">')
_CLASSES: Final = frozenset({"footnote-ref", "footnote-backref", "footnotes"})
# Footnotes in cleaned HTML.
_CLEAN_REFERENCE: Final = re.compile(r'<sup class="footnote-ref">(?:<a [^<>]*>[0-9]+</a>)?</sup>')
_CLEAN_LIST: Final = '<section class="footnotes">'
ATTRIBUTES: Final = {"a": {"id", "class"}, "li": {"id"}, "section": {"class"}, "sup": {"class"}}


def mark_footnotes(html: str, page: str) -> str:
    """Return comrak's HTML with the links of footnotes made absolute, to `page`, the article's URL, and their ids unique.

    Ids are `fn-NUMBER-SLUG` and `fnref-NUMBER-OCCURRENCE-SLUG`, each once in a text. Ids and classes get a secret prefix, by
    which `generated_value` tells them from those in an author's raw HTML.
    """
    if "data-footnote-ref" not in html:
        return html
    slug = unquote(page.rstrip("/").rpartition("/")[2])
    numbers: dict[str, str] = {}
    given: set[str] = set()

    def identity(name: str) -> str:
        if name in given:
            return ""
        given.add(name)
        return f' id="{_GENERATED_PREFIX}{name}"'

    def reference(found: re.Match[str]) -> str:
        numbers.setdefault(found[1], found[3])
        own = identity(f"fnref-{found[3]}-{found[2] or 1}-{slug}")
        return (
            f'<sup class="{_GENERATED_PREFIX}footnote-ref"><a href="{page}#fn-{found[3]}-{quote(slug)}"{own}>{found[3]}</a></sup>'
        )

    def back(found: re.Match[str]) -> str:
        return f'<a href="{page}#fnref-{found[1]}-{found[2] or 1}-{quote(slug)}" class="{_GENERATED_PREFIX}footnote-backref"'

    def note(found: re.Match[str]) -> str:
        return f"<li{identity(f'fn-{numbers[found[1]]}-{slug}')}>" if found[1] in numbers else found[0]

    text, section, notes = _REFERENCE.sub(reference, html).rpartition(_LIST)
    return (
        text
        + section.replace(_LIST, f'<section class="{_GENERATED_PREFIX}footnotes">')
        + _NOTE.sub(note, _BACK_REFERENCE.sub(back, notes))
    )


def generated_value(attribute: str, value: str) -> str | None:
    """Return the value of an id or class that `mark_footnotes` wrote, without the prefix; None for any other id or class."""
    if not value.startswith(_GENERATED_PREFIX):
        return None
    name = value.removeprefix(_GENERATED_PREFIX)
    return name if attribute == "id" or name in _CLASSES else None


def remove_footnotes(clean: str) -> str:
    """Return cleaned HTML without its footnotes and the references to them."""
    if 'class="footnote' not in clean:
        return clean
    return _CLEAN_REFERENCE.sub("", clean.partition(_CLEAN_LIST)[0])
