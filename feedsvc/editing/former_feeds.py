"""Former feeds: what their subscribers see once their readers get the folder's own feed at the same address.

The former document is what each reader knows. An entry of the current one is new to a reader if its key is unknown
(`reader_rules`). Only the documents themselves count: a reader polls no archives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from feedsvc.catalog import Catalog
from feedsvc.content.reading.files import SITE_FILE
from feedsvc.content.source_excerpt import escape_invisible
from feedsvc.content.text import did_you_mean
from feedsvc.editing.comparison import (
    SETTINGS_FILES,
    ChangeKind,
    EntryChange,
    change_to_json,
    entry_lines,
    reasons_of_absence,
)
from feedsvc.editing.reader_rules import READER_RULES, ReaderRule, shown_as_changed, shown_as_new
from feedsvc.errors import FeedsvcError
from feedsvc.feeds import FORMATS, EntryCache, build_feed
from feedsvc.importing import (
    FeedDocument,
    FeedItem,
    FeedKind,
    FeedLimits,
    parse_feed,
    read_document,
    split_address,
    title_text,
    to_plain_text,
)
from feedsvc.publication import query_target, redirect_target
from feedsvc.redirects import GONE
from feedsvc.routes import LISTING_KINDS, FeedAt, ListingRef, path_of, place_of
from feedsvc.support.http import HostAccess
from feedsvc.uris import absolute, mount_path

_NAMED: Final = re.compile(rf"(?P<kind>{'|'.join(LISTING_KINDS)})(?:/(?P<id>[^/=]+))?=(?P<where>.+)", re.DOTALL)
_NAMING_HINT: Final = "name the listing that takes its place, such as site=FILE or category/ID=FILE"
_SUFFIXES: Final[Mapping[FeedKind, str]] = {
    FeedKind.RSS: "rss",
    FeedKind.RDF: "rss",
    FeedKind.ATOM: "atom",
    FeedKind.JSON: "json",
}
_MAX_VALUE: Final = 200  # characters of a value in a reason
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_READERS_BY_ID: Final = frozenset(rule.name for rule in READER_RULES if rule.is_by_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class FormerFeed:
    """A former feed. `where` is a file or an address. `listing` is the listing whose feed takes its place.

    If `listing` is None, the address of the former feed names the listing.
    """

    where: str
    listing: ListingRef | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedReplay:
    """Result of a replay. `name` is that of the current feed's listing, "site" or like category/asia.

    `readers` are the names of the feed readers that the predictions are made for.
    """

    name: str
    former: FeedDocument
    current: FeedDocument
    changes: tuple[EntryChange, ...] = ()
    readers: tuple[str, ...] = ()

    def of(self, kind: ChangeKind) -> tuple[EntryChange, ...]:
        return tuple(change for change in self.changes if change.kind is kind)

    @property
    def has_errors(self) -> bool:
        return any(map(_is_error, self.changes))

    @property
    def has_warnings(self) -> bool:
        return any(not _is_error(change) and change.kind is not ChangeKind.RECENT for change in self.changes)


def parse_former_feed(text: str) -> FormerFeed:
    """Return a former feed that the operator named: FILE, ADDRESS, or either after the name of a listing.

    The name is as in reports and ends in "=": site=old.xml, category/asia=https://old.example/category/asia/feed/. A text without
    such a name is the file or address as a whole. Never raises; nothing is read.
    """
    match = _NAMED.fullmatch(text)
    if match is None or bool(match["id"]) == (match["kind"] == "site"):
        return FormerFeed(where=text)
    kind = next(kind for kind in LISTING_KINDS if kind == match["kind"])
    return FormerFeed(where=match["where"], listing=ListingRef(kind, match["id"] or ""))


def compare_former_feeds(catalog: Catalog, former_feeds: Iterable[FormerFeed], access: HostAccess) -> tuple[FeedReplay, ...]:
    """Predict, for each former feed in order, what readers show once they get, at its address, the catalog's feed in its format.

    Former feeds are read now, from a file or an address; `access` says which hosts may be asked. RSS 2.0 takes the place of RSS
    1.0. Raises FeedsvcError if one cannot be read, if its listing does not exist, or if redirects.yaml says that it is gone.
    """
    known_articles = reasons_of_absence(catalog)
    entries = EntryCache(catalog)
    replays = []
    for former_feed in former_feeds:
        document = read_document(former_feed.where, access=access, limits=FeedLimits())
        former = replace(document, items=document.public_items)
        ref = _listing_of(catalog, former_feed, former)
        replays.append(
            replay(
                former,
                _current_document(catalog, entries, ref, former.kind),
                name=f"{ref.kind}/{ref.id}" if ref.id else ref.kind,
                known_articles=known_articles,
                limit=catalog.listings[ref].feed.entries,
            )
        )
    return tuple(replays)


def _current_document(catalog: Catalog, entries: EntryCache, ref: ListingRef, kind: FeedKind) -> FeedDocument:
    """Return the listing's current feed in the format `kind` (RSS 2.0 for RDF), rendered and parsed again."""
    feed_format = FORMATS[_SUFFIXES[kind]]
    feed = build_feed(catalog.listings[ref], entries, feed_format.suffix, feed_format.media_type)
    address = absolute(catalog.site.base_url, path_of(FeedAt(ref, feed_format.suffix)))
    return parse_feed(feed_format.render(feed), address, address=address)


def _listing_of(catalog: Catalog, former_feed: FormerFeed, former: FeedDocument) -> ListingRef:
    """Return the listing whose feed takes the place of a former feed: the named one, or that of its address, or the site's.

    Raises FeedsvcError if there is no such listing, or if the address will be answered with 410.
    """
    ref = former_feed.listing or _listing_of_address(catalog, former.own_address or former_feed.where)
    ref = catalog.canonical_listing_ref(ref)
    if ref not in catalog.listings:
        name = f"{ref.kind}/{ref.id}"
        names = [f"{listing.kind}/{listing.id}" for listing in catalog.listings if listing.kind == ref.kind]
        advice = did_you_mean(name, names) or _NAMING_HINT
        raise FeedsvcError(f"{former_feed.where}: it belongs to {name}, which has no feed here; {advice}")
    return ref


def _listing_of_address(catalog: Catalog, address: str) -> ListingRef:
    """Return the listing that an address of a feed names, also at another domain; that of the site if it names none.

    Redirects are followed as a reader will follow them. Raises FeedsvcError if the address will be answered with 410.
    """
    split = split_address(address if "://" in address else "")
    if not split.path:
        return ListingRef()
    path, mount = unquote(split.path), mount_path(catalog.site.base_url)
    path = path.removeprefix(mount) if path.startswith(f"{mount}/") else path
    target = query_target(catalog, path, split.query) or redirect_target(catalog, path) or path
    if target == GONE:
        raise FeedsvcError(f"{address}: redirects.yaml says that it is gone; {_NAMING_HINT}")
    place = place_of(target)
    return place.listing if isinstance(place, FeedAt) and not place.period else ListingRef()


def replay(
    former: FeedDocument, current: FeedDocument, *, name: str, known_articles: Mapping[str, str], limit: int
) -> FeedReplay:
    """Predict what each feed reader that supports both formats shows if it reads `former`, then `current` at the same address.

    `name` is that of the current feed's listing. `known_articles` maps the id and guid of every article of the folder to the
    reason why it is in no feed, "" for a public one. `limit` is the largest number of entries that the current feed can have.
    """
    rules = [rule for rule in READER_RULES if {former.kind, current.kind} <= rule.kinds]
    counterparts = _counterparts(former, current)
    readers: dict[EntryChange, list[str]] = {}
    for rule in rules:
        for change in _shown(rule, former, current, counterparts):
            readers.setdefault(change, []).append(rule.name)
    found = (replace(change, readers=tuple(names)) for change, names in readers.items())
    still_there = {id(item) for item in counterparts.values()}
    gone = (item for item in sorted(former.items, key=_date) if id(item) not in still_there)
    reasons = ((item, _reason_of_absence(item, former, current, known_articles, limit)) for item in gone)
    lost = (_change(ChangeKind.REMOVED, item, reason) for item, reason in reasons if reason)
    names = tuple(rule.name for rule in rules)
    return FeedReplay(name=name, former=former, current=current, changes=(*found, *lost), readers=names)


def _shown(
    rule: ReaderRule, former: FeedDocument, current: FeedDocument, counterparts: Mapping[int, FeedItem]
) -> Iterator[EntryChange]:
    """Yield the entries that one reader shows as new or as changed. RECENT are those newer than everything in the former feed."""
    newest = max(map(_date, former.items), default=_OLDEST)
    for item in shown_as_new(rule, former, current):
        counterpart = counterparts.get(id(item))
        if counterpart is None and _date(item) > newest:
            yield _change(ChangeKind.RECENT, item)
        else:
            yield _change(ChangeKind.NEW, item, _reason(rule, item, counterpart, former, current))
    for item in shown_as_changed(rule, former, current):
        yield _change(ChangeKind.CHANGED, item, "its text differs, for which it sends another message")


def _change(kind: ChangeKind, item: FeedItem, reason: str = "") -> EntryChange:
    return EntryChange(kind=kind, id=item.id, title=_title(item), reason=reason)


def _is_error(change: EntryChange) -> bool:
    """Return whether a reader that knows entries by their ids shows an old entry as new."""
    return change.kind is ChangeKind.NEW and not _READERS_BY_ID.isdisjoint(change.readers)


def _reason(rule: ReaderRule, item: FeedItem, counterpart: FeedItem | None, former: FeedDocument, current: FeedDocument) -> str:
    """Return why a reader shows an entry as new whose former version is `counterpart`, None if it has none."""
    if counterpart is None:
        count, current_count = len(former.items), len(current.items)
        longer = f", which has {current_count} entries instead of {count}" if current_count > count else ""
        return f"it is older than the newest entry of the former feed, and was not in it{longer}"
    was, now = counterpart.id.strip()[:_MAX_VALUE], item.id.strip()[:_MAX_VALUE]
    return f"its id was '{was}' and is '{now}'" if was != now else f"it goes by {rule.fields}"


def _reason_of_absence(
    item: FeedItem, former: FeedDocument, current: FeedDocument, known_articles: Mapping[str, str], limit: int
) -> str:
    """Return why the current feed lacks an entry of the former one; "" if newer entries have pushed it out."""
    item_id, length, former_length = item.id.strip(), len(current.items), len(former.items)
    if item_id not in known_articles:
        return f"no article has the id '{item_id}'" if item_id else "it has no id, and no article has its address or title"
    if known_articles[item_id]:
        return known_articles[item_id]
    if length < limit or _date(item) > min(map(_date, current.items), default=_OLDEST):
        return "its article is not in this feed"
    return f"the feed has {length} entries instead of {former_length}" if length < former_length else ""


def _counterparts(former: FeedDocument, current: FeedDocument) -> Mapping[int, FeedItem]:
    """Return the former entry that each current one seems to be, by the `id()` of the current one.

    It has the same id, else the same address but for the domain, else the same title.
    """
    by_trait, known = _by_trait(former), _by_trait(current)
    shared = (
        (item, next((trait for trait in _traits(item) if trait in by_trait and trait in known), None)) for item in current.items
    )
    return {id(item): by_trait[trait] for item, trait in shared if trait}


def _by_trait(document: FeedDocument) -> Mapping[tuple[str, str], FeedItem]:
    """Return the entries by id, and by each address and title that only one of them has: articles of a series share titles."""
    traits = [(trait, item) for item in document.items for trait in _traits(item)]
    counts = Counter(trait for trait, _ in traits)
    return {trait: item for trait, item in traits if trait[0] == "id" or counts[trait] == 1}


def _traits(item: FeedItem) -> Iterator[tuple[str, str]]:
    """Yield what an entry may share with its former version, the surest first."""
    split = split_address(item.address)
    address = split.path.rstrip("/") + split.query
    return ((name, value) for name, value in (("id", item.id.strip()), ("address", address), ("title", _title(item))) if value)


def _title(item: FeedItem) -> str:
    return title_text(item.title, item.title_form) or to_plain_text(item.content)[:80]


def _date(item: FeedItem) -> datetime:
    return item.published or item.updated or _OLDEST


# --- Reports


def summary(replay: FeedReplay) -> str:
    """Return one line, such as "0 of 50 entries are shown again as new; 2 shown as changed in rss2email; 1 gone"."""
    errors = [change for change in replay.changes if _is_error(change)]
    others = [change for change in replay.of(ChangeKind.NEW) if not _is_error(change)]
    changed, recent, gone = (replay.of(kind) for kind in (ChangeKind.CHANGED, ChangeKind.RECENT, ChangeKind.REMOVED))
    count, total = _count(errors), len(replay.current.items)
    is_everywhere = _READERS_BY_ID.isdisjoint({*replay.readers} - {*_names(errors).split(", ")})
    where = f" in {_names(errors)}" if errors and not is_everywhere else ""
    parts = (
        f"{count} of {_entries(total)} {'is' if count == 1 else 'are'} shown again as new{where}",
        f"{_count(others)} in {_names(others)}, by title and link" if others else "",
        f"{_count(changed)} shown as changed in {_names(changed)}" if changed else "",
        f"{_count(gone)} gone" if gone else "",
        f"{_count(recent)} newer than the former feed" if recent else "",
    )
    return "; ".join(filter(None, parts))


def _count(changes: Iterable[EntryChange]) -> int:
    return len({(change.id, change.title) for change in changes})


def _names(changes: Iterable[EntryChange]) -> str:
    return ", ".join(dict.fromkeys(name for change in changes for name in change.readers))


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _hint(replay: FeedReplay) -> str:
    """Return what to write if the feed is longer than the former one, so that older entries are new to readers; else ""."""
    former, current = len(replay.former.items), len(replay.current.items)
    is_longer = any("was not in it" in change.reason for change in replay.of(ChangeKind.NEW)) and current > former
    kind, _, id_ = replay.name.partition("/")
    key = f"entries: {former}" if kind == "custom" else f"feed: {{entries: {former}}}"
    place = f"below {id_} in {SETTINGS_FILES[kind]}" if kind in SETTINGS_FILES else f"in {SITE_FILE}"
    return f"write {key} {place}, the number of the former feed" if is_longer else ""


def text_lines(replay: FeedReplay, *, every: bool) -> Iterator[str]:
    """Yield the lines about one former feed: its faults, up to 12 entries of each kind (or `every` one), a hint, the summary."""
    former = f"{replay.former.kind.value.removesuffix(' Feed')} feed of {_entries(len(replay.former.items))}"
    yield f"{replay.former.place}, {former}, against the feed of {replay.name}:"
    damaged = (f"item {index}: {fault}" for index, item in enumerate(replay.former.items, 1) for fault in item.faults)
    ends = (omission.reason for omission in replay.former.left_out if omission.is_end)
    faults = (*replay.former.faults, *damaged, *ends)
    yield from (f"  {escape_invisible(replay.former.place)}: {fault}" for fault in faults)
    for kind in (ChangeKind.NEW, ChangeKind.CHANGED, ChangeKind.REMOVED):
        yield from entry_lines(_with_all_reasons(replay.of(kind)), every=every)
    if hint := _hint(replay):
        yield f"  {hint}"
    yield summary(replay)


def _with_all_reasons(changes: Iterable[EntryChange]) -> list[EntryChange]:
    """Return one change for each entry, with each reason and the readers that it holds for."""
    merged: dict[tuple[object, ...], list[EntryChange]] = {}
    for number, change in enumerate(changes):
        # Changes without readers are about different entries, even if these share id and title.
        merged.setdefault((change.id, change.title, 0 if change.readers else number), []).append(change)
    return [
        replace(same[0], reason="; ".join(f"in {', '.join(one.readers)}: {one.reason}" for one in same))
        if same[0].readers
        else same[0]
        for same in merged.values()
    ]


def to_json(replays: Iterable[FeedReplay]) -> dict[str, Any]:
    """Return the key `former_feeds` of the JSON output."""
    return {"former_feeds": [_to_json(replay) for replay in replays]}


def _to_json(replay: FeedReplay) -> dict[str, Any]:
    kinds = (ChangeKind.NEW, ChangeKind.CHANGED, ChangeKind.REMOVED, ChangeKind.RECENT)
    shown = (change for change in replay.changes if change.kind is not ChangeKind.RECENT)
    return {
        "feed": replay.name,
        "former_feed": replay.former.place,
        "format": replay.former.kind.value,
        "former_entries": len(replay.former.items),
        "entries": len(replay.current.items),
        "readers": list(replay.readers),
        "summary": summary(replay),
        **{kind.value: _count(replay.of(kind)) for kind in kinds},
        "changes": [
            change_to_json(one) | {"readers": list(one.readers), "severity": "error" if _is_error(one) else "warning"}
            for one in shown
        ],
    }
