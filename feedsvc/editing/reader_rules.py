"""Rules of feed readers as pure functions: by which key each of them knows an entry, and what it does if the entry changes.

Each rule is that of the version in docs/readers.md; the tests run these programs and compare. The rules of NetNewsWire and
FreshRSS are assumptions that no test has compared with the programs. No reader removes an entry that a feed no longer contains.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from feedsvc.importing import FeedDocument, FeedItem, FeedKind, title_text, to_plain_text
from feedsvc.support.date_formats import rfc822

_XML: Final = frozenset({FeedKind.RSS, FeedKind.RDF, FeedKind.ATOM})
_EVERY: Final = frozenset(FeedKind)


class EffectOfChange(enum.Enum):
    """Effect if the title or text of an entry that a reader knows changes. Only SENT_AGAIN makes a prediction CHANGED."""

    SENT_AGAIN = "sends a message about it"
    IN_PLACE = "shows it in place of the former"
    NONE = "does not show it"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReaderRule:
    """Rule of one feed reader.

    `kinds` are the formats that the reader supports. `identity` returns the key by which it knows an entry of a feed, "" for an
    entry that it does not show. `fields` names what the key consists of, for a reason in a report. An entry with an unknown key
    is shown as new, whatever its date.
    `version` returns what, if it differs, makes an entry count as changed; it matters for SENT_AGAIN only.
    `is_by_id`: the key of an entry with an id is that id alone, so that an entry keeps its state if only its address changes.
    `is_run_by_tests`: the tests compare the rule with the program.
    """

    name: str
    kinds: frozenset[FeedKind]
    identity: Callable[[FeedItem, FeedKind], str]
    fields: str
    effect: EffectOfChange = EffectOfChange.IN_PLACE
    version: Callable[[FeedItem], str] = lambda _item: ""
    is_by_id: bool = True
    is_run_by_tests: bool = True


def _first(*keys: str) -> str:
    return next((key for key in keys if key), "")


def _newsboat(item: FeedItem, kind: FeedKind) -> str:
    """Return guid or id; without one, the link and the date after it; without a link, the title alone (RssParser::get_guid).

    The date is as written; of Atom, it is in the form of RFC 822. It is "" if the entry has none.
    """
    date = item.published_text if kind is not FeedKind.ATOM else rfc822(item.published) if item.published else ""
    return _first(item.id, f"{item.link}{date}" if item.link else "", item.title)


def _miniflux(item: FeedItem, kind: FeedKind) -> str:
    """Return guid or id; without one, and always for RSS 1.0, the address; without an address, title and content joined."""
    item_id = "" if kind is FeedKind.RDF else item.id.strip()
    return _first(item_id, item.address, f"{item.title}{item.content}")


def _mail_text(item: FeedItem) -> str:
    """Return the text of rss2email's message; "" if the entry has none.

    It is the first that is not "" of: a summary in plain text, which only Atom has; content; summary; link; title.
    """
    return _first(item.summary if item.is_summary_text else "", item.content, item.summary, item.link, item.title)


def _rss2email(item: FeedItem, _kind: FeedKind) -> str:
    return _first(item.id.strip(), _mail_text(item))


def _feed2exec(item: FeedItem, _kind: FeedKind) -> str:
    return _first(item.id.strip(), item.title.strip())


def _sfeed(item: FeedItem, kind: FeedKind) -> str:
    """Return id, title and link together, which is how sfeed_update removes duplicates: sort -u -k6,6 -k2,2 -k3,3.

    It does not read the ids of RSS 1.0.
    """
    item_id = "" if kind is FeedKind.RDF else item.id.strip()
    return "\t".join((item_id, " ".join(item.title.split()), item.link.strip()))


def _reader(item: FeedItem, kind: FeedKind) -> str:
    """Return the id; of RSS without one, the link. An entry of another format without id is left out."""
    return _first(item.id.strip(), item.link.strip() if kind in (FeedKind.RSS, FeedKind.RDF) else "")


def _netnewswire(item: FeedItem, _kind: FeedKind) -> str:
    """Return the id; without one, the link or else the title, with the date if there is one; without all these, the text."""
    date = rfc822(item.published) if item.published else ""
    link_or_title = _first(item.link.strip(), item.title.strip())
    return _first(item.id.strip(), f"{link_or_title}{date}" if link_or_title else "", to_plain_text(item.content))


def _freshrss(item: FeedItem, _kind: FeedKind) -> str:
    return _first(item.id.strip(), item.address, title_text(item.title, item.title_form))


_OR_LINK: Final = "its id, or its link if it has none"

READER_RULES: Final[tuple[ReaderRule, ...]] = (
    ReaderRule(name="newsboat", kinds=_XML, identity=_newsboat, fields="its id, or its link and date if it has none"),
    ReaderRule(name="miniflux", kinds=_EVERY, identity=_miniflux, fields=_OR_LINK),
    ReaderRule(
        name="rss2email",
        kinds=_XML,
        identity=_rss2email,
        fields="its id, or its text if it has none",
        effect=EffectOfChange.SENT_AGAIN,
        version=_mail_text,
    ),
    ReaderRule(
        name="feed2exec",
        kinds=_XML,
        identity=_feed2exec,
        fields="its id, or its title if it has none",
        effect=EffectOfChange.NONE,
    ),
    ReaderRule(
        name="sfeed",
        kinds=_XML,
        identity=_sfeed,
        fields="its id, title and link",
        effect=EffectOfChange.NONE,
        is_by_id=False,
    ),
    ReaderRule(name="reader", kinds=_EVERY, identity=_reader, fields=_OR_LINK),
    ReaderRule(
        name="NetNewsWire",
        kinds=_EVERY,
        identity=_netnewswire,
        fields="its id, or its link and date if it has none",
        is_run_by_tests=False,
    ),
    ReaderRule(name="FreshRSS", kinds=_EVERY, identity=_freshrss, fields=_OR_LINK, is_run_by_tests=False),
)


def shown_as_new(rule: ReaderRule, former: FeedDocument, current: FeedDocument) -> list[FeedItem]:
    """Return the entries of `current` that a reader shows as new after it has read `former`, each key once, in their order.

    Entries with the key "" are left out.
    """
    keys = {rule.identity(item, former.kind) for item in former.items} | {""}
    new: dict[str, FeedItem] = {}
    for item in current.items:
        key = rule.identity(item, current.kind)
        if key not in keys:
            new.setdefault(key, item)
    return list(new.values())


def shown_as_changed(rule: ReaderRule, former: FeedDocument, current: FeedDocument) -> list[FeedItem]:
    """Return the entries of `current` that a reader knows and sends again, because their `version` differs, in their order.

    [] if the effect of the rule is not SENT_AGAIN.
    """
    if rule.effect is not EffectOfChange.SENT_AGAIN:
        return []
    versions = {rule.identity(item, former.kind): rule.version(item) for item in reversed(former.items)}
    keyed = {rule.identity(item, current.kind): item for item in reversed(current.items)}
    changed = {key for key, item in keyed.items() if key in versions and versions[key] != rule.version(item)}
    return [item for key, item in reversed(keyed.items()) if key in changed]
