"""Footnotes: ids that are unique across articles, and absolute links to the article's page, valid in feeds and listings."""

from __future__ import annotations

import re
import secrets
from typing import Final
from urllib.parse import quote, unquote

# Random for each process, so that no text can contain it. Only `mark_footnotes` writes ids and classes with this prefix.
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
    """Return comrak's HTML with absolute footnote links to `page`, the article's own URL, and with unique footnote ids.

    Ids are `fn-NUMBER-SLUG` and `fnref-NUMBER-OCCURRENCE-SLUG`, each once in a text; SLUG is the last segment of `page`. Ids
    and classes get a secret prefix, by which `generated_value` tells them from those in an author's raw HTML. HTML without
    footnotes is returned unchanged.
    """
    if "data-footnote-ref" not in html:
        return html
    slug = unquote(page.rstrip("/").rpartition("/")[2])
    numbers: dict[str, str] = {}
    ids: set[str] = set()

    def unique_id(name: str) -> str:
        if name in ids:
            return ""
        ids.add(name)
        return f' id="{_GENERATED_PREFIX}{name}"'

    def rewrite_reference(match: re.Match[str]) -> str:
        name, occurrence, number = match.groups()
        numbers.setdefault(name, number)
        id_attribute = unique_id(f"fnref-{number}-{occurrence or 1}-{slug}")
        link = f'<a href="{page}#fn-{number}-{quote(slug)}"{id_attribute}>{number}</a>'
        return f'<sup class="{_GENERATED_PREFIX}footnote-ref">{link}</sup>'

    def rewrite_back_reference(match: re.Match[str]) -> str:
        return f'<a href="{page}#fnref-{match[1]}-{match[2] or 1}-{quote(slug)}" class="{_GENERATED_PREFIX}footnote-backref"'

    def rewrite_note(match: re.Match[str]) -> str:
        return f"<li{unique_id(f'fn-{numbers[match[1]]}-{slug}')}>" if match[1] in numbers else match[0]

    text, section, notes = _REFERENCE.sub(rewrite_reference, html).rpartition(_LIST)
    return (
        text
        + section.replace(_LIST, f'<section class="{_GENERATED_PREFIX}footnotes">')
        + _NOTE.sub(rewrite_note, _BACK_REFERENCE.sub(rewrite_back_reference, notes))
    )


def generated_value(attribute: str, value: str) -> str | None:
    """Return an id or class that `mark_footnotes` wrote, without its prefix; None for any other. `attribute` is id or class."""
    if not value.startswith(_GENERATED_PREFIX):
        return None
    name = value.removeprefix(_GENERATED_PREFIX)
    return name if attribute == "id" or name in _CLASSES else None


def remove_footnotes(clean: str) -> str:
    """Return cleaned HTML without the references to footnotes, and without the list of footnotes and all that follows it."""
    if 'class="footnote' not in clean:
        return clean
    return _CLEAN_REFERENCE.sub("", clean.partition(_CLEAN_LIST)[0])
