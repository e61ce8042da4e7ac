"""Footnotes of one article: ids that no other article has, and links that lead to its own page from wherever it is shown."""

from __future__ import annotations

import re
import secrets
from typing import Final
from urllib.parse import quote, unquote

# No text can hold it: what the cleaner gets with it comes from here.
_SIGN: Final = f"note{secrets.token_hex(8)}-"
_REFERENCE: Final = re.compile(
    r'<sup class="footnote-ref"><a href="#fn-([^"]*)" id="fnref-\1(?:-([0-9]+))?" data-footnote-ref>([0-9]+)</a></sup>'
)
_BACK: Final = re.compile(
    r'<a href="#fnref-[^"]*" class="footnote-backref" data-footnote-backref data-footnote-backref-idx="([0-9]+)(?:-([0-9]+))?"'
)
_LIST: Final = '<section class="footnotes" data-footnotes>'
_NOTE: Final = re.compile(r'<li id="fn-([^"]*)">')
_CLASSES: Final = frozenset({"footnote-ref", "footnote-backref", "footnotes"})
# As they stand in clean HTML, for a text without its notes.
_CLEAN_REFERENCE: Final = re.compile(r'<sup class="footnote-ref">(?:<a [^<>]*>[0-9]+</a>)?</sup>')
_CLEAN_LIST: Final = '<section class="footnotes">'
ATTRIBUTES: Final = {"a": {"id", "class"}, "li": {"id"}, "section": {"class"}, "sup": {"class"}}


def mark(html: str, page: str) -> str:
    """Rewrite the ids, classes and links of generated footnotes, so that `kept` knows them; `page` is the article's address.

    Ids are `fn-NUMBER-SLUG` and `fnref-NUMBER-OCCURRENCE-SLUG`, each once in a text.
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
        return f' id="{_SIGN}{name}"'

    def reference(found: re.Match[str]) -> str:
        numbers.setdefault(found[1], found[3])
        own = identity(f"fnref-{found[3]}-{found[2] or 1}-{slug}")
        return f'<sup class="{_SIGN}footnote-ref"><a href="{page}#fn-{found[3]}-{quote(slug)}"{own}>{found[3]}</a></sup>'

    def back(found: re.Match[str]) -> str:
        return f'<a href="{page}#fnref-{found[1]}-{found[2] or 1}-{quote(slug)}" class="{_SIGN}footnote-backref"'

    def note(found: re.Match[str]) -> str:
        return f"<li{identity(f'fn-{numbers[found[1]]}-{slug}')}>" if found[1] in numbers else found[0]

    text, section, notes = _REFERENCE.sub(reference, html).rpartition(_LIST)
    return text + section.replace(_LIST, f'<section class="{_SIGN}footnotes">') + _NOTE.sub(note, _BACK.sub(back, notes))


def kept(attribute: str, value: str) -> str | None:
    """Return the value of an id or a class that `mark` wrote; None of any other."""
    if not value.startswith(_SIGN):
        return None
    name = value.removeprefix(_SIGN)
    return name if attribute == "id" or name in _CLASSES else None


def without(clean: str) -> str:
    """Return clean HTML without its footnotes and the references to them."""
    if 'class="footnote' not in clean:
        return clean
    return _CLEAN_REFERENCE.sub("", clean.partition(_CLEAN_LIST)[0])
