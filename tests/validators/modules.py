"""Rules for modules in RSS and Atom: Dublin Core, content, Media RSS 1.5, RFC 5005's markers, RFC 6721, source:, RSL 1.0.

http://purl.org/rss/1.0/modules/content/, https://www.rssboard.org/media-rss, and those EBU role codes that a newsroom may need;
https://source.scripting.com/, https://rslstandard.org/rsl (its section 4.7 has the places in RSS; there are none for Atom).
"""

from collections.abc import Iterator
from typing import Final

from tests.validators.document import Document, attributes, child_text, children, path_of
from tests.validators.values import (
    any_text,
    boolean,
    decimal_number,
    identifier,
    language,
    matching,
    media_type,
    non_blank,
    one_of,
    parse_date,
    positive_number,
    rfc3339,
    uri,
    web_address,
    whole_number,
    word_set,
)
from tests.validators.vocabulary import ElementRules, RulesByElement, text_element

_DC: Final = {
    f"dc:{term}": "*" for term in ("contributor", "coverage", "creator", "format", "publisher", "relation", "subject", "type")
} | {f"dc:{term}": "?" for term in ("date", "description", "identifier", "language", "rights", "source", "title")}

_ELEMENTS_OF_MEDIA: Final = {
    "media:category": "*",
    "media:copyright": "?",
    "media:credit": "*",
    "media:description": "?",
    "media:hash": "*",
    "media:keywords": "?",
    "media:player": "?",
    "media:rating": "*",
    "media:restriction": "*",
    "media:status": "?",
    "media:text": "*",
    "media:thumbnail": "*",
    "media:title": "?",
}
MEDIA: Final = {"media:content": "*", "media:group": "*", **_ELEMENTS_OF_MEDIA}
ELEMENTS_OF_FEED: Final = {"fh:archive": "?", "fh:complete": "?", **_DC, **_ELEMENTS_OF_MEDIA}
ELEMENTS_OF_ENTRY: Final = {**_DC, **MEDIA}
ELEMENTS_OF_ITEM: Final = {"content:encoded": "?", "source:markdown": "?", "rsl:content": "?", **ELEMENTS_OF_ENTRY}

_TEXT_TYPE: Final = one_of("plain", "html")
_RSL_TYPE: Final = one_of("usage", "user", "geo")
_RSL_PAYMENT: Final = one_of("purchase", "subscription", "training", "crawl", "use", "contribution", "attribution", "free")
_RSL_TOKENS: Final = {
    "usage": one_of("all", "ai-all", "ai-train", "ai-input", "ai-index", "search"),
    "user": one_of("commercial", "non-commercial", "education", "government", "personal"),
    "geo": matching("[A-Z]{2}", "a country of ISO 3166-1"),
}
_CLOCK: Final = matching(r"(?:\d+:)?\d\d?:\d\d(?:\.\d+)?|\d+(?:\.\d+)?s?|now", "a time (RFC 2326: 1:02:03.5)")

ELEMENT_RULES: Final[RulesByElement] = {
    **{term: text_element(non_blank) for term in _DC},
    "dc:date": text_element(
        matching(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?", "a W3C date")
    ),
    "dc:language": text_element(language),
    "content:encoded": text_element(non_blank),
    "fh:archive": ElementRules(),
    "fh:complete": ElementRules(),
    "at:deleted-entry": ElementRules(
        required={"ref": identifier, "when": rfc3339},
        children={"at:by": "?", "at:comment": "?", "atom:link": "*", "atom:source": "?"},
    ),
    "at:by": ElementRules(children={"atom:name": "1", "atom:uri": "?", "atom:email": "?"}),
    "at:comment": ElementRules(text=any_text, is_unchecked=True, optional={"type": one_of("text", "html", "xhtml")}),
    "source:markdown": text_element(non_blank),
    "rsl:content": ElementRules(
        children={"rsl:terms": "?", "rsl:license": "+", "rsl:copyright": "?"},
        required={"url": web_address},
        optional={"server": web_address, "encrypted": boolean, "lastmod": rfc3339},
    ),
    "rsl:license": ElementRules(
        children={"rsl:permits": "*", "rsl:prohibits": "*", "rsl:payment": "?", "rsl:legal": "*"},
    ),
    **dict.fromkeys(("rsl:permits", "rsl:prohibits"), ElementRules(text=non_blank, required={"type": _RSL_TYPE})),
    "rsl:payment": ElementRules(
        children={"rsl:amount": "?", "rsl:standard": "?", "rsl:custom": "?"}, required={"type": _RSL_PAYMENT}
    ),
    "rsl:amount": ElementRules(text=decimal_number, required={"currency": matching("[A-Z]{3}", "a currency of ISO 4217")}),
    **dict.fromkeys(("rsl:custom", "rsl:standard", "rsl:terms"), text_element(web_address)),
    "media:group": ElementRules(children={"media:content": "*", **_ELEMENTS_OF_MEDIA}),
    "media:content": ElementRules(
        children=_ELEMENTS_OF_MEDIA,
        optional={
            "url": web_address,
            "type": media_type,
            "medium": one_of("image", "audio", "video", "document", "executable"),
            "isDefault": boolean,
            "expression": one_of("sample", "full", "nonstop"),
            "lang": language,
            **dict.fromkeys(("width", "height", "fileSize"), positive_number),
            **dict.fromkeys(("bitrate", "framerate", "samplingrate", "duration"), decimal_number),
            "channels": whole_number,
        },
    ),
    "media:thumbnail": ElementRules(
        required={"url": web_address},
        optional={"width": positive_number, "height": positive_number, "time": _CLOCK},
    ),
    "media:title": text_element(non_blank, type=_TEXT_TYPE),
    "media:description": text_element(non_blank, type=_TEXT_TYPE),
    "media:keywords": text_element(non_blank),
    "media:credit": text_element(non_blank, role=non_blank, scheme=uri),
    "media:copyright": text_element(non_blank, url=web_address),
    "media:category": text_element(non_blank, scheme=uri, label=non_blank),
    "media:hash": text_element(matching(r"[0-9a-f]{32,64}", "a hash in lower-case hexadecimal"), algo=one_of("md5", "sha-1")),
    "media:player": ElementRules(required={"url": web_address}, optional={"width": positive_number, "height": positive_number}),
    "media:rating": text_element(one_of("adult", "nonadult"), scheme=one_of("urn:simple")),
    "media:restriction": text_element(any_text, relationship=one_of("allow", "deny"), type=one_of("country", "uri", "sharing")),
    "media:status": ElementRules(optional={"state": one_of("active", "blocked", "deleted"), "reason": non_blank}),
    "media:text": text_element(non_blank, type=_TEXT_TYPE, lang=language, start=_CLOCK, end=_CLOCK),
}

EBU_ROLES: Final = word_set(
    "actor anchor author artist commentator composer correspondent director editor host interviewee interviewer "
    "journalist moderator narrator performer photographer presenter producer reporter translator writer"
)


def media_alternatives(document: Document) -> Iterator[str]:
    """A media:group has at least two media:content, since they are alternatives."""
    for group in document.elements_named("media:group"):
        if len(children(group, "media:content")) < 2:
            yield f"{path_of(group)} holds fewer than two media:content"


def media_location(document: Document) -> Iterator[str]:
    """A media:content has a URL or a player."""
    for content in document.elements_named("media:content"):
        if "url" not in content.attrib and not children(content, "media:player"):
            yield f"{path_of(content)} has neither url nor media:player"


def credit_role(document: Document) -> Iterator[str]:
    """Roles are lower-case; without a scheme, or with urn:ebu, they are EBU's."""
    for credit in document.elements_named("media:credit"):
        attribute_values = attributes(credit)
        role = attribute_values.get("role", "")
        is_known = role in EBU_ROLES or attribute_values.get("scheme", "urn:ebu") != "urn:ebu"
        if role and (role != role.lower() or not is_known):
            yield f"{path_of(credit)}: role={role!r} is not a role of {attribute_values.get('scheme', 'urn:ebu')}"


def license_token(document: Document) -> Iterator[str]:
    """RSL 1.0 3.4, 3.5: tokens of the vocabulary of the type, separated by spaces; a license has one element for each type."""
    for terms in document.elements_named("rsl:permits", "rsl:prohibits"):
        kind = terms.get("type", "")
        for token in (terms.text or "").split(" "):
            if kind in _RSL_TOKENS and (fault := _RSL_TOKENS[kind](token)):
                yield f"{path_of(terms)}: {token!r} is {fault}"
        if any(other.tag == terms.tag and other.get("type") == kind for other in terms.itersiblings("*", preceding=True)):
            yield f"{path_of(terms)} repeats the type {kind}"


def license_origin(document: Document) -> Iterator[str]:
    """RSL 1.0 4.7: a license covers addresses of the feed's own origin."""
    origin = "/".join(document.address.split("/")[:3]) + "/"
    for content in document.elements_named("rsl:content"):
        if not content.get("url", "").startswith(origin):
            yield f"{path_of(content)}: {content.get('url')!r} is not below {origin}"


def repeated_tombstone(document: Document) -> Iterator[str]:
    """RFC 6721 3: one at:deleted-entry for a ref and when."""
    keys: set[tuple[str, str]] = set()
    for tombstone in document.elements_named("at:deleted-entry"):
        attribute_values = attributes(tombstone)
        key = attribute_values.get("ref", ""), attribute_values.get("when", "")
        if key in keys:
            yield f"{path_of(tombstone)} repeats ref {key[0]!r}"
        keys.add(key)


def entry_with_tombstone(document: Document) -> Iterator[str]:
    """RFC 6721 3: readers ignore an entry with a tombstone in the same feed, unless the entry was updated later."""
    tombstones = [attributes(tombstone) for tombstone in document.elements_named("at:deleted-entry")]
    deletion_dates = {
        attribute_values.get("ref", ""): parse_date(attribute_values.get("when", "")) for attribute_values in tombstones
    }
    for entry in document.entries:
        entry_id = child_text(entry, "atom:id")
        deleted, updated = deletion_dates.get(entry_id), parse_date(child_text(entry, "atom:updated"))
        if deleted and updated and updated <= deleted:
            yield f"{path_of(entry)} is deleted by the at:deleted-entry for {entry_id!r}"
