"""Which elements, attributes and values there may be, and how often: rules that read one table.

A row says what one element may hold. Order is never asked for here: RFC 4287 has none, and where RSS has one
(description before content:encoded) a rule of its own asks for it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.validators.document import Document, Element, attributes, name, where
from tests.validators.values import Check, language, words

# How often a child may stand: exactly once, at most once, any number of times, at least once.
LIMITS: Final[Mapping[str, tuple[int, float]]] = {
    "1": (1, 1),
    "?": (0, 1),
    "*": (0, float("inf")),
    "+": (1, float("inf")),
}
# No xml:base: half of the readers ignore it, so every address has to be whole in itself.
EVERYWHERE: Final[Mapping[str, Check]] = {"xml:lang": language, "xml:space": words}
# Vocabularies of partners that publish no grammar; their elements may stand anywhere.
UNCHECKED: Final = ("dcterms:", "mi:", "snf:")


@dataclass(frozen=True, kw_only=True)
class Row:
    """`text` None: no text at all. `free`: what is inside belongs to another rule (xhtml, content of any type)."""

    text: Check | None = None
    children: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    free: bool = False


Table = Mapping[str, Row]


def plain(check: Check, **optional: Check) -> Row:
    """An element that holds nothing but text."""
    return Row(text=check, optional=optional)


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The rules that follow from a table."""

    table: Table

    def _rows(self, document: Document) -> Iterator[tuple[Element, Row]]:
        for element in document.root.iter("*"):
            if row := self.table.get(name(element)):
                yield element, row

    def unknown_element(self, document: Document) -> Iterator[str]:
        """Each element is defined, and defined for the place it stands in."""
        for element, row in self._rows(document):
            if row.free:
                continue
            for child in element.iterchildren("*"):
                if name(child) not in row.children and not name(child).startswith(UNCHECKED):
                    yield f"{where(child)} is not an element of {name(element)}"

    def missing_element(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            counted = Counter(map(name, element.iterchildren("*")))
            for child, limit in row.children.items():
                if counted[child] < LIMITS[limit][0]:
                    yield f"{where(element)} has no {child}"

    def repeated_element(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            for child, count in Counter(map(name, element.iterchildren("*"))).items():
                if child in row.children and count > LIMITS[row.children[child]][1]:
                    yield f"{where(element)} has more than one {child}"

    def unknown_attribute(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            for attribute in attributes(element).keys() - row.required.keys() - row.optional.keys() - EVERYWHERE.keys():
                yield f"{where(element)} has an attribute {attribute} that is not defined for it"

    def missing_attribute(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            for attribute in row.required.keys() - attributes(element).keys():
                yield f"{where(element)} has no attribute {attribute}"

    def attribute_value(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            checks = {**EVERYWHERE, **row.optional, **row.required}
            for attribute, value in attributes(element).items():
                if attribute in checks and (fault := checks[attribute](value)):
                    yield f"{where(element)}: {attribute}={value!r} is {fault}"

    def text_value(self, document: Document) -> Iterator[str]:
        for element, row in self._rows(document):
            if row.text and not row.free and (fault := row.text(element.text or "")):
                yield f"{where(element)}: {element.text or ''!r} is {fault}"

    def stray_text(self, document: Document) -> Iterator[str]:
        """Containers hold elements only; empty elements hold nothing."""
        for element, row in self._rows(document):
            pieces = [element.text, *(child.tail for child in element)]
            if row.text is None and not row.free and any((piece or "").strip() for piece in pieces):
                yield f"{where(element)} holds text"
