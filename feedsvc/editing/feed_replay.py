"""Prediction of what the subscribers of a former feed see once their readers get another document at the same address.

The former document is what each reader knows. An entry of the current one is new to a reader if its key is unknown
(`reader_rules`). Only the documents themselves count: a reader polls no archives.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from feedsvc.editing.reader_rules import READER_RULES, EffectOfChange, ReaderRule
from feedsvc.importing import FeedDocument, FeedItem, split_address, title_text, to_plain_text

_MAX_VALUE: Final = 200  # characters of a value in a reason
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_TITLE: Final = "title"
_SURE_TRAITS: Final = ("id", "address", "path")
_TRAITS: Final = (*_SURE_TRAITS, "title and date", _TITLE)


class Sight(enum.Enum):
    """Kind of difference that a subscriber sees, with its word in reports."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    RECENT = "recent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """One entry that subscribers see differently. `readers` are the names of the feed readers (ReaderRule) that show it so.

    `readers` is () for GONE, which no reader shows. `is_error`: a reader that knows entries by their ids shows an old entry as
    new. RECENT entries have no former version and are published after everything in the former feed; every reader shows them as
    new.
    """

    sight: Sight
    id: str
    title: str
    readers: tuple[str, ...]
    reason: str
    is_error: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedReplay:
    """Result of a replay. `name` is that of the current feed's listing, "site" or like category/asia.

    `readers` are the names of the feed readers that the predictions are made for.
    """

    name: str
    former: FeedDocument
    current: FeedDocument
    predictions: tuple[Prediction, ...] = ()
    readers: tuple[str, ...] = ()

    def of(self, sight: Sight) -> tuple[Prediction, ...]:
        return tuple(prediction for prediction in self.predictions if prediction.sight is sight)

    def count(self, sight: Sight) -> int:
        """Return the number of different pairs of id and title among the predictions with this sight."""
        return len({(prediction.id, prediction.title) for prediction in self.of(sight)})

    @property
    def has_errors(self) -> bool:
        return any(prediction.is_error for prediction in self.predictions)

    @property
    def has_warnings(self) -> bool:
        return any(not prediction.is_error and prediction.sight is not Sight.RECENT for prediction in self.predictions)


def replay(
    former: FeedDocument, current: FeedDocument, *, name: str, known_articles: Mapping[str, str], limit: int
) -> FeedReplay:
    """Predict what each feed reader that supports both formats shows if it reads `former`, then `current` at the same address.

    `name` is that of the current feed's listing. `known_articles` maps the id and guid of every article of the folder to the
    reason why it is in no feed, "" for a public one. `limit` is the largest number of entries that the current feed can have.
    """
    rules = [rule for rule in READER_RULES if {former.kind, current.kind} <= rule.kinds]
    pair = _Pair(former, current)
    found = [prediction for rule in rules for prediction in pair.predict(rule)]
    gone = list(pair.gone(known_articles, limit))
    return FeedReplay(
        name=name,
        former=former,
        current=current,
        predictions=(*_merge(found), *gone),
        readers=tuple(rule.name for rule in rules),
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


class _Pair:
    """A former and a current document, with the former entry that each current one seems to be."""

    def __init__(self, former: FeedDocument, current: FeedDocument) -> None:
        self.former, self.current = former, current
        self.newest = max((_date(item) for item in former.items), default=_OLDEST)
        self._counterparts = _counterparts(former, current)

    def predict(self, rule: ReaderRule) -> Iterator[Prediction]:
        for item in shown_as_new(rule, self.former, self.current):
            counterpart = self.counterpart(item)
            is_recent = counterpart is None and _date(item) > self.newest
            yield Prediction(
                sight=Sight.RECENT if is_recent else Sight.NEW,
                id=item.id,
                title=_title(item),
                readers=(rule.name,),
                reason="" if is_recent else self._reason(rule, item, counterpart),
                is_error=rule.is_by_id and not is_recent,
            )
        for item in shown_as_changed(rule, self.former, self.current):
            reason = "its text differs, for which it sends another message"
            yield Prediction(sight=Sight.CHANGED, id=item.id, title=_title(item), readers=(rule.name,), reason=reason)

    def counterpart(self, item: FeedItem) -> FeedItem | None:
        """Return the former entry that `item`, a current one, seems to be (`_counterparts`); None if there is none."""
        return self._counterparts.get(id(item))

    def _reason(self, rule: ReaderRule, item: FeedItem, counterpart: FeedItem | None) -> str:
        if counterpart is None:
            count, current_count = len(self.former.items), len(self.current.items)
            longer = f", which has {current_count} entries instead of {count}" if current_count > count else ""
            return f"it is older than the newest entry of the former feed, and was not in it{longer}"
        has_ids = bool(rule.is_by_id and item.id.strip() and counterpart.id.strip())
        changes = [
            _change(name, was, now)
            for name, was, now in (
                ("id", counterpart.id.strip(), item.id.strip()),
                ("title", _title(counterpart), _title(item)),
                ("link", counterpart.link.strip(), item.link.strip()),
                ("date", counterpart.published_text, item.published_text),
            )
            if was != now and (name == "id" if has_ids else name in rule.fields)
        ]
        return "; ".join(changes) or f"{rule.name} knows an entry by {rule.fields}, which differ"

    def gone(self, known_articles: Mapping[str, str], limit: int) -> Iterator[Prediction]:
        """Yield a prediction for each former entry that the current feed lacks, oldest first.

        If the current feed has `limit` entries, public articles that RECENT entries have displaced are left out. The arguments
        are those of `replay`.
        """
        counterparts = {id(found) for item in self.current.items if (found := self.counterpart(item)) is not None}
        oldest = min((_date(item) for item in self.current.items), default=_OLDEST)
        recent = sum(self.counterpart(item) is None and _date(item) > self.newest for item in self.current.items)
        for item in sorted(self.former.items, key=_date):
            if id(item) in counterparts:
                continue
            is_full = len(self.current.items) >= limit and _date(item) <= oldest
            if is_full and recent > 0 and not known_articles.get(item.id.strip(), "none"):
                recent -= 1
                continue
            reason = self._reason_of_absence(item, known_articles, is_full=is_full)
            yield Prediction(sight=Sight.GONE, id=item.id, title=_title(item), readers=(), reason=reason)

    def _reason_of_absence(self, item: FeedItem, known_articles: Mapping[str, str], *, is_full: bool) -> str:
        item_id = item.id.strip()
        if item_id not in known_articles:
            return f"no article has the id '{item_id}'" if item_id else "it has no id, and no article has its address or title"
        if known_articles[item_id]:
            return known_articles[item_id]
        if is_full:
            length, former_length = len(self.current.items), len(self.former.items)
            is_shorter = length < former_length
            return f"the feed has {length} entries instead of {former_length}" if is_shorter else "others are in its place"
        return "its article is not in this feed"


def _merge(predictions: Iterable[Prediction]) -> Iterator[Prediction]:
    """Yield predictions with the same reason about the same entry as one, with the names of all their readers."""
    merged: dict[tuple[Sight, str, str, str], list[Prediction]] = {}
    for prediction in predictions:
        merged.setdefault((prediction.sight, prediction.id, prediction.title, prediction.reason), []).append(prediction)
    for group in merged.values():
        readers = tuple(name for prediction in group for name in prediction.readers)
        yield replace(group[0], readers=readers, is_error=any(prediction.is_error for prediction in group))


def _traits(item: FeedItem) -> Sequence[tuple[str, str]]:
    """Return what an entry may share with its former version, as (name of _TRAITS, value but not ""), the surest first."""
    path, title = split_address(item.address).path.rstrip("/"), _title(item).casefold()
    dated = f"{title} {_date(item).astimezone(UTC)}" if title and _date(item) != _OLDEST else ""
    values = (item.id.strip(), item.address, path, dated, title)
    return [(name, value) for name, value in zip(_TRAITS, values, strict=True) if value]


def _counterparts(former: FeedDocument, current: FeedDocument) -> Mapping[int, FeedItem]:
    """Return the former entry that each current one seems to be, by the `id()` of the current one.

    It has the same id, else address, path, title and date, or title. Two entries have one counterpart only if they share its
    id, address or path. A title alone counts only if no two entries of one document have it: articles of a series share it.
    """
    by_trait = _by_trait(former.items)
    repeated = {trait for items in (by_trait, _by_trait(current.items)) for trait, same in items.items() if len(same) > 1}
    found, taken = dict[int, FeedItem](), set[int]()
    for name in _TRAITS:
        for item in (item for item in current.items if id(item) not in found):
            same = [one for trait in _traits(item) if trait[0] == name for one in by_trait.get(trait, ())]
            free = next((one for one in same if id(one) not in taken), None)
            if free is not None and not (name == _TITLE and (_TITLE, _title(item).casefold()) in repeated):
                found[id(item)] = free
                taken.add(id(free))
    for item in (item for item in current.items if id(item) not in found):
        sure = (by_trait[trait][0] for trait in _traits(item) if trait in by_trait and trait[0] in _SURE_TRAITS)
        if (first := next(sure, None)) is not None:
            found[id(item)] = first
    return found


def _by_trait(items: Iterable[FeedItem]) -> Mapping[tuple[str, str], Sequence[FeedItem]]:
    found: dict[tuple[str, str], list[FeedItem]] = {}
    for item in items:
        for trait in _traits(item):
            found.setdefault(trait, []).append(item)
    return found


def _change(name: str, was: str, now: str) -> str:
    was, now = was[:_MAX_VALUE], now[:_MAX_VALUE]
    if not was:
        return f"it had no {name}, and has '{now}'"
    return f"its {name} was '{was}' and is '{now}'" if now else f"it had the {name} '{was}', and has none"


def _title(item: FeedItem) -> str:
    return title_text(item.title, item.title_form) or to_plain_text(item.content)[:80]


def _date(item: FeedItem) -> datetime:
    return item.published or item.updated or _OLDEST
