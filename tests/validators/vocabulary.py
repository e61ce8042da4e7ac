"""Rules for elements, attributes and their values, from a table.

A row describes one element. Order is not checked: RFC 4287 has none, and for RSS (description before content:encoded) there is a
separate rule.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.validators.document import Document, Element, attributes, name, path_of
from tests.validators.values import Check, language, non_blank

# Numbers of occurrences of a child: exactly one, at most one, any, at least one.
OCCURRENCES: Final[Mapping[str, tuple[int, float]]] = {
    "1": (1, 1),
    "?": (0, 1),
    "*": (0, float("inf")),
    "+": (1, float("inf")),
}
# No xml:base: half of the readers ignore it, so that every address has to be absolute.
COMMON_ATTRIBUTES: Final[Mapping[str, Check]] = {"xml:lang": language, "xml:space": non_blank}
# Vocabularies of partners that publish no grammar; their elements are allowed anywhere.
UNCHECKED_PREFIXES: Final = ("dcterms:", "mi:", "snf:")


@dataclass(frozen=True, kw_only=True)
class ElementRules:
    """Rules of an element. `text` None means no text. `is_unchecked`: another rule checks the content (xhtml or any type)."""

    text: Check | None = None
    children: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    is_unchecked: bool = False


RulesByElement = Mapping[str, ElementRules]


def text_element(check: Check, **optional: Check) -> ElementRules:
    """Return the rules of an element that contains only text."""
    return ElementRules(text=check, optional=optional)


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The rules that follow from a table."""

    rules_by_element: RulesByElement

    def _elements_with_rules(self, document: Document) -> Iterator[tuple[Element, ElementRules]]:
        for element in document.root.iter("*"):
            if rules := self.rules_by_element.get(name(element)):
                yield element, rules

    def unknown_element(self, document: Document) -> Iterator[str]:
        """Each element is defined, and allowed in its parent."""
        for element, rules in self._elements_with_rules(document):
            if rules.is_unchecked:
                continue
            for child in element.iterchildren("*"):
                if name(child) not in rules.children and not name(child).startswith(UNCHECKED_PREFIXES):
                    yield f"{path_of(child)} is not an element of {name(element)}"

    def missing_element(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            counts = Counter(map(name, element.iterchildren("*")))
            for child, occurrence in rules.children.items():
                if counts[child] < OCCURRENCES[occurrence][0]:
                    yield f"{path_of(element)} has no {child}"

    def repeated_element(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            for child, count in Counter(map(name, element.iterchildren("*"))).items():
                if child in rules.children and count > OCCURRENCES[rules.children[child]][1]:
                    yield f"{path_of(element)} has more than one {child}"

    def unknown_attribute(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            for attribute in (
                attributes(element).keys() - rules.required.keys() - rules.optional.keys() - COMMON_ATTRIBUTES.keys()
            ):
                yield f"{path_of(element)} has an attribute {attribute} that is not defined for it"

    def missing_attribute(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            for attribute in rules.required.keys() - attributes(element).keys():
                yield f"{path_of(element)} has no attribute {attribute}"

    def attribute_value(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            checks = {**COMMON_ATTRIBUTES, **rules.optional, **rules.required}
            for attribute, value in attributes(element).items():
                if attribute in checks and (fault := checks[attribute](value)):
                    yield f"{path_of(element)}: {attribute}={value!r} is {fault}"

    def text_value(self, document: Document) -> Iterator[str]:
        for element, rules in self._elements_with_rules(document):
            if rules.text and not rules.is_unchecked and (fault := rules.text(element.text or "")):
                yield f"{path_of(element)}: {element.text or ''!r} is {fault}"

    def stray_text(self, document: Document) -> Iterator[str]:
        """Containers contain only elements; empty elements contain nothing."""
        for element, rules in self._elements_with_rules(document):
            texts = [element.text, *(child.tail for child in element)]
            if rules.text is None and not rules.is_unchecked and any((piece or "").strip() for piece in texts):
                yield f"{path_of(element)} holds text"
