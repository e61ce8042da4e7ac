"""All rules, and the function that applies them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeVar

from lxml import etree

from tests.validators import atom, fragment, json_feed, modules, paging, rss, xml
from tests.validators.document import Document, Rule, parse
from tests.validators.json_feed import JsonRule
from tests.validators.vocabulary import Vocabulary

T = TypeVar("T")

_VOCABULARY: Final = Vocabulary(rules_by_element={**rss.ELEMENT_RULES, **atom.ELEMENT_RULES, **modules.ELEMENT_RULES})


def _rules_by_name(rules: Iterable[Callable[[T], Iterator[str]]]) -> Mapping[str, Callable[[T], Iterator[str]]]:
    """The name of a rule is that of its function, with hyphens."""
    return MappingProxyType({rule.__name__.replace("_", "-"): rule for rule in rules})


_ANY_XML: Final[tuple[Rule, ...]] = (
    xml.declaration,
    xml.missing_language,
    xml.doctype,
    xml.character,
    xml.namespace,
    xml.date,
    xml.plain_text,
    _VOCABULARY.unknown_element,
    _VOCABULARY.missing_element,
    _VOCABULARY.repeated_element,
    _VOCABULARY.unknown_attribute,
    _VOCABULARY.missing_attribute,
    _VOCABULARY.attribute_value,
    _VOCABULARY.text_value,
    _VOCABULARY.stray_text,
    fragment.html,
    fragment.xhtml,
    rss.entries_last,
    modules.media_alternatives,
    modules.media_location,
    modules.credit_role,
    atom.self_link,
    atom.relation,
    atom.text_construct,
    paging.complete_feed_with_pages,
    paging.archive_current_link,
    paging.archive_date,
    paging.next_archive_outside_archive,
    paging.repeated_paging_link,
    paging.link_cycle,
    paging.paging_link_in_entry,
)
_RSS: Final[tuple[Rule, ...]] = (
    rss.root,
    rss.title_or_description,
    rss.permanent_link,
    rss.unique_guid,
    rss.image_differs_from_channel,
    rss.image_kind,
    rss.duplicate_element,
    rss.description_first,
    rss.repeated_skip,
    rss.unescaped_character,
    modules.license_token,
    modules.license_origin,
)
_ATOM: Final[tuple[Rule, ...]] = (
    atom.root,
    atom.author,
    atom.content_or_alternate,
    atom.repeated_alternate,
    atom.summary_for_remote_content,
    atom.content_type,
    atom.base64_content,
    atom.element_after_entry,
    atom.unique_id,
    atom.same_updated,
    atom.enclosure_type_and_length,
    modules.repeated_tombstone,
    modules.entry_with_tombstone,
)
_JSON: Final[tuple[JsonRule, ...]] = (
    json_feed.missing_key,
    json_feed.unknown_key,
    json_feed.value,
    json_feed.extension,
    json_feed.repeated_key,
    json_feed.self_link,
    json_feed.link_cycle,
    json_feed.unique_id,
    json_feed.content,
    json_feed.empty_author,
    json_feed.html,
    json_feed.plain_text,
    json_feed.date,
    json_feed.character,
)
XML_RULES: Final[Mapping[str, Mapping[str, Rule]]] = MappingProxyType(
    {"rss": _rules_by_name((*_ANY_XML, *_RSS)), "atom": _rules_by_name((*_ANY_XML, *_ATOM))}
)
JSON_RULES: Final[Mapping[str, JsonRule]] = _rules_by_name(_JSON)
RULES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {**{fmt: frozenset(rules) for fmt, rules in XML_RULES.items()}, "json": frozenset(JSON_RULES)}
)


def _apply_rules(rules: Mapping[str, Callable[[T], Iterator[str]]], document: T) -> Iterator[str]:
    for name, rule in rules.items():
        yield from (f"{name}: {sentence}" for sentence in rule(document))


def _check_xml(raw: bytes, fmt: str, address: str, now: datetime) -> list[str]:
    try:
        root = parse(raw)
    except etree.XMLSyntaxError as error:
        return [f"well-formed: {error}"]
    document = Document(raw=raw, root=root, fmt=fmt, address=address, now=now)
    return list(_apply_rules(XML_RULES[fmt], document))


def _check_json(raw: bytes, address: str, now: datetime) -> list[str]:
    try:
        document = json_feed.parse(raw, address, now)
    except (TypeError, ValueError) as error:
        return [f"well-formed: {error}"]
    return list(_apply_rules(JSON_RULES, document))


def objections(
    document: bytes,
    fmt: str,
    address: str,
    *,
    allow: Collection[str] = (),
    now: datetime | None = None,
) -> list[str]:
    """Return a sentence for each fault of a document of format `fmt` ("rss", "atom", "json") served at `address`.

    `allow` names rules that the document may break ("same-updated" after a bulk import). Dates after `now` are in the future; its
    default is the current time.
    """
    reference_time = now or datetime.now(UTC)
    sentences = (
        _check_json(document, address, reference_time) if fmt == "json" else _check_xml(document, fmt, address, reference_time)
    )
    return [sentence for sentence in sentences if sentence.partition(":")[0] not in allow]
