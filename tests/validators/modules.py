"""Modules that both RSS and Atom carry: Dublin Core, content, Media RSS 1.5, RFC 5005's markers, RFC 6721.

http://purl.org/rss/1.0/modules/content/, https://www.rssboard.org/media-rss and the role codes of EBU, those a
newsroom may need.
"""

from collections.abc import Iterator
from typing import Final

from tests.validators.document import Document, attributes, children, text_of, where
from tests.validators.values import (
    anything,
    boolean,
    decimal_number,
    identifier,
    instant,
    language,
    matching,
    media_type,
    names,
    one_of,
    positive_number,
    rfc3339,
    uri,
    web_address,
    whole_number,
    words,
)
from tests.validators.vocabulary import Row, Table, plain

_DC: Final = {
    f"dc:{term}": "*" for term in ("contributor", "coverage", "creator", "format", "publisher", "relation", "subject", "type")
} | {f"dc:{term}": "?" for term in ("date", "description", "identifier", "language", "rights", "source", "title")}

_OF_MEDIA: Final = {
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
MEDIA: Final = {"media:content": "*", "media:group": "*", **_OF_MEDIA}
OF_FEED: Final = {"fh:archive": "?", "fh:complete": "?", **_DC, **_OF_MEDIA}
OF_ENTRY: Final = {"content:encoded": "?", **_DC, **MEDIA}

_TEXT_TYPE: Final = one_of("plain", "html")
_CLOCK: Final = matching(r"(?:\d+:)?\d\d?:\d\d(?:\.\d+)?|\d+(?:\.\d+)?s?|now", "a time (RFC 2326: 1:02:03.5)")

ROWS: Final[Table] = {
    **{term: plain(words) for term in _DC},
    "dc:date": plain(matching(r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?", "a W3C date")),
    "dc:language": plain(language),
    "content:encoded": plain(words),
    "fh:archive": Row(),
    "fh:complete": Row(),
    "at:deleted-entry": Row(
        required={"ref": identifier, "when": rfc3339},
        children={"at:by": "?", "at:comment": "?", "atom:link": "*", "atom:source": "?"},
    ),
    "at:by": Row(children={"atom:name": "1", "atom:uri": "?", "atom:email": "?"}),
    "at:comment": Row(text=anything, free=True, optional={"type": one_of("text", "html", "xhtml")}),
    "media:group": Row(children={"media:content": "*", **_OF_MEDIA}),
    "media:content": Row(
        children=_OF_MEDIA,
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
    "media:thumbnail": Row(
        required={"url": web_address},
        optional={"width": positive_number, "height": positive_number, "time": _CLOCK},
    ),
    "media:title": plain(words, type=_TEXT_TYPE),
    "media:description": plain(words, type=_TEXT_TYPE),
    "media:keywords": plain(words),
    "media:credit": plain(words, role=words, scheme=uri),
    "media:copyright": plain(words, url=web_address),
    "media:category": plain(words, scheme=uri, label=words),
    "media:hash": plain(matching(r"[0-9a-f]{32,64}", "a hash in lower-case hexadecimal"), algo=one_of("md5", "sha-1")),
    "media:player": Row(required={"url": web_address}, optional={"width": positive_number, "height": positive_number}),
    "media:rating": plain(one_of("adult", "nonadult"), scheme=one_of("urn:simple")),
    "media:restriction": plain(anything, relationship=one_of("allow", "deny"), type=one_of("country", "uri", "sharing")),
    "media:status": Row(optional={"state": one_of("active", "blocked", "deleted"), "reason": words}),
    "media:text": plain(words, type=_TEXT_TYPE, lang=language, start=_CLOCK, end=_CLOCK),
}

EBU_ROLES: Final = names(
    "actor anchor author artist commentator composer correspondent director editor host interviewee interviewer "
    "journalist moderator narrator performer photographer presenter producer reporter translator writer"
)


def media_alternatives(document: Document) -> Iterator[str]:
    """A media:group offers the same thing at least twice; otherwise it is no group."""
    for group in document.named("media:group"):
        if len(children(group, "media:content")) < 2:
            yield f"{where(group)} holds fewer than two media:content"


def media_place(document: Document) -> Iterator[str]:
    """A media:content can be fetched or played."""
    for content in document.named("media:content"):
        if "url" not in content.attrib and not children(content, "media:player"):
            yield f"{where(content)} has neither url nor media:player"


def credit_role(document: Document) -> Iterator[str]:
    """Roles are lower case; without a scheme, or with urn:ebu, they are EBU's."""
    for credit in document.named("media:credit"):
        given = attributes(credit)
        role = given.get("role", "")
        known = role in EBU_ROLES or given.get("scheme", "urn:ebu") != "urn:ebu"
        if role and (role != role.lower() or not known):
            yield f"{where(credit)}: role={role!r} is not a role of {given.get('scheme', 'urn:ebu')}"


def repeated_tombstone(document: Document) -> Iterator[str]:
    """RFC 6721 3: one at:deleted-entry for one ref and when."""
    seen: set[tuple[str, str]] = set()
    for tombstone in document.named("at:deleted-entry"):
        given = attributes(tombstone)
        key = given.get("ref", ""), given.get("when", "")
        if key in seen:
            yield f"{where(tombstone)} repeats ref {key[0]!r}"
        seen.add(key)


def risen_entry(document: Document) -> Iterator[str]:
    """RFC 6721 3: an entry beside its own tombstone is ignored unless it was updated later."""
    tombstones = [attributes(tombstone) for tombstone in document.named("at:deleted-entry")]
    buried = {given.get("ref", ""): instant(given.get("when", "")) for given in tombstones}
    for entry in document.entries:
        identity = text_of(entry, "atom:id")
        when, updated = buried.get(identity), instant(text_of(entry, "atom:updated"))
        if when and updated and updated <= when:
            yield f"{where(entry)} is deleted by the at:deleted-entry for {identity!r}"
