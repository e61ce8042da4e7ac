"""Every rule in one table, and the one function that asks them all."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeVar

from lxml import etree

from tests.validators import atom, fragment, json_feed, modules, paging, rss, xml
from tests.validators.document import Document, Rule, parsed
from tests.validators.json_feed import JsonRule
from tests.validators.vocabulary import Vocabulary

T = TypeVar("T")

_VOCABULARY: Final = Vocabulary(table={**rss.ROWS, **atom.ROWS, **modules.ROWS})


def _named(rules: Iterable[Callable[[T], Iterator[str]]]) -> Mapping[str, Callable[[T], Iterator[str]]]:
    """A rule's name is its function's, with hyphens."""
    return MappingProxyType({rule.__name__.replace("_", "-"): rule for rule in rules})


_ANY_XML: Final[tuple[Rule, ...]] = (
    xml.declaration,
    xml.stated_language,
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
    modules.media_place,
    modules.credit_role,
    atom.own_address,
    atom.relation,
    atom.text_inside,
    paging.complete_alone,
    paging.archive_leads_back,
    paging.archive_date,
    paging.next_of_archive,
    paging.one_of_each,
    paging.no_circle,
    paging.of_feeds_only,
)
_RSS: Final[tuple[Rule, ...]] = (
    rss.root,
    rss.title_or_description,
    rss.permanent_link,
    rss.unique_guid,
    rss.image_mirrors_channel,
    rss.image_kind,
    rss.said_twice,
    rss.description_first,
    rss.repeated_skip,
    rss.bare_character,
)
_ATOM: Final[tuple[Rule, ...]] = (
    atom.root,
    atom.author,
    atom.content_or_alternate,
    atom.one_alternate,
    atom.summary_of_remote,
    atom.content_type,
    atom.base64_content,
    atom.entries_after_all_else,
    atom.unique_id,
    atom.same_updated,
    atom.described_enclosure,
    modules.repeated_tombstone,
    modules.risen_entry,
)
_JSON: Final[tuple[JsonRule, ...]] = (
    json_feed.missing_key,
    json_feed.unknown_key,
    json_feed.value,
    json_feed.extension,
    json_feed.repeated_key,
    json_feed.own_address,
    json_feed.no_circle,
    json_feed.unique_id,
    json_feed.content,
    json_feed.silent_author,
    json_feed.html,
    json_feed.plain_text,
    json_feed.date,
    json_feed.character,
)
XML_RULES: Final[Mapping[str, Mapping[str, Rule]]] = MappingProxyType(
    {"rss": _named((*_ANY_XML, *_RSS)), "atom": _named((*_ANY_XML, *_ATOM))}
)
JSON_RULES: Final[Mapping[str, JsonRule]] = _named(_JSON)
RULES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {**{fmt: frozenset(rules) for fmt, rules in XML_RULES.items()}, "json": frozenset(JSON_RULES)}
)


def _asked(rules: Mapping[str, Callable[[T], Iterator[str]]], document: T) -> Iterator[str]:
    for name, rule in rules.items():
        yield from (f"{name}: {sentence}" for sentence in rule(document))


def _of_xml(raw: bytes, fmt: str, address: str, now: datetime) -> list[str]:
    try:
        root = parsed(raw)
    except etree.XMLSyntaxError as error:
        return [f"well-formed: {error}"]
    document = Document(raw=raw, root=root, fmt=fmt, address=address, now=now)
    return list(_asked(XML_RULES[fmt], document))


def _of_json(raw: bytes, address: str, now: datetime) -> list[str]:
    try:
        document = json_feed.parsed(raw, address, now)
    except (TypeError, ValueError) as error:
        return [f"well-formed: {error}"]
    return list(_asked(JSON_RULES, document))


def objections(
    document: bytes,
    fmt: str,
    address: str,
    *,
    allow: Collection[str] = (),
    now: datetime | None = None,
) -> list[str]:
    """Every fault of a document of format `fmt` ("rss", "atom", "json") served at `address`, in the rules' order.

    `allow` names rules to leave out for a document that may rightly break them ("same-updated" after a bulk import).
    `now` is the moment after which dates lie in the future: the clock's if not given.
    """
    moment = now or datetime.now(UTC)
    found = _of_json(document, address, moment) if fmt == "json" else _of_xml(document, fmt, address, moment)
    return [sentence for sentence in found if sentence.partition(":")[0] not in allow]
