"""Reports of replays, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, SITE_FILE, TAGS_FILE
from feedsvc.content.source_excerpt import escape_invisible
from feedsvc.editing.feed_replay import FeedReplay, Prediction, Sight
from feedsvc.editing.reader_rules import READER_RULES

_MAX_TEXT_ENTRIES: Final = 12  # entries of each sight in the text format
_READERS_BY_ID: Final = frozenset(rule.name for rule in READER_RULES if rule.is_by_id)
_Parts = tuple[Iterable[str], Iterable[str]]
# Files with an entry for each listing of a kind. The other listings have the number of site.yaml.
_FILES: Final[Mapping[str, str]] = {
    "category": CATEGORIES_FILE,
    "author": AUTHORS_FILE,
    "custom": FEEDS_FILE,
    "tag": TAGS_FILE,
}
_SYMBOLS: Final[Mapping[Sight, str]] = {Sight.NEW: "+", Sight.CHANGED: "~", Sight.GONE: "-"}


def summary(replay: FeedReplay) -> str:
    """Return one line, such as "0 of 50 entries are shown again as new; 2 show as changed in rss2email; 1 is gone"."""
    errors = [prediction for prediction in replay.of(Sight.NEW) if prediction.is_error]
    others = [prediction for prediction in replay.of(Sight.NEW) if not prediction.is_error]
    changed, recent, gone = (replay.count(sight) for sight in (Sight.CHANGED, Sight.RECENT, Sight.GONE))
    count, total = _count(errors), len(replay.current.items)
    expected = [name for name in replay.readers if name in _READERS_BY_ID]
    where = f" in {_names(errors)}" if errors and any(name not in _names(errors) for name in expected) else ""
    parts = [f"{count} of {_entries(total)} {'is' if count == 1 else 'are'} shown again as new{where}"]
    if others:
        parts.append(f"{_count(others)} in {_names(others)}, which also {_verb_of_readers(others)}")
    if changed:
        parts.append(f"{changed} {'shows' if changed == 1 else 'show'} as changed in {_names(replay.of(Sight.CHANGED))}")
    if gone:
        parts.append(f"{gone} {'is' if gone == 1 else 'are'} gone")
    if recent:
        parts.append(f"{recent} {'is' if recent == 1 else 'are'} newer than the former feed")
    return "; ".join(parts)


def _verb_of_readers(predictions: Sequence[Prediction]) -> str:
    is_one = len({name for prediction in predictions for name in prediction.readers}) == 1
    return "compares title and link" if is_one else "compare title and link"


def _count(predictions: Iterable[Prediction]) -> int:
    return len({(prediction.id, prediction.title) for prediction in predictions})


def _names(predictions: Iterable[Prediction]) -> str:
    return ", ".join(dict.fromkeys(name for prediction in predictions for name in prediction.readers))


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _hint(replay: FeedReplay) -> str:
    """Return what to write if the feed is longer than the former one, so that older entries are new to readers; else ""."""
    former, current = len(replay.former.items), len(replay.current.items)
    is_longer = any("was not in it" in prediction.reason for prediction in replay.of(Sight.NEW)) and current > former
    kind, _, id_ = replay.name.partition("/")
    key = f"entries: {former}" if kind == "custom" else f"feed: {{entries: {former}}}"
    place = f"below {id_} in {_FILES[kind]}" if kind in _FILES else f"in {SITE_FILE}"
    return f"write {key} {place}, the number of the former feed" if is_longer else ""


def _text_of(replay: FeedReplay, *, every: bool) -> Iterator[str]:
    kind = replay.former.kind.value
    former = f"{kind.removesuffix(' Feed')} feed of {_entries(len(replay.former.items))}"
    yield f"{replay.former.place}, {former}, against the feed of {replay.name}:"
    damaged = (f"item {index}: {fault}" for index, item in enumerate(replay.former.items, 1) for fault in item.faults)
    faults = (*replay.former.faults, *damaged, *filter(None, [replay.former.early_end]))
    yield from (f"  {escape_invisible(replay.former.place)}: {fault}" for fault in faults)
    for sight, symbol in _SYMBOLS.items():
        lines = _lines(replay.of(sight))
        shown = lines if every else lines[:_MAX_TEXT_ENTRIES]
        yield from (f"  {symbol} {escape_invisible(line)}" for line in shown)
        if len(lines) > len(shown):
            yield f"  {symbol} and {len(lines) - len(shown)} more; --all lists them"
    if hint := _hint(replay):
        yield f"  {hint}"
    yield summary(replay)


def _lines(predictions: Iterable[Prediction]) -> list[str]:
    """Return a line for each entry: its title, and each reason with the readers that it holds for."""
    reasons: dict[tuple[str, str, int], list[str]] = {}
    for number, prediction in enumerate(predictions):
        readers = f"in {', '.join(prediction.readers)}: " if prediction.readers else ""
        # Predictions without readers are about different entries, even if these share id and title.
        key = prediction.id, prediction.title, 0 if prediction.readers else number
        reasons.setdefault(key, []).append(f"{readers}{prediction.reason}")
    return [f"{title} ({'; '.join(parts)})" for (_, title, _), parts in reasons.items()]


def _as_text(lines: Iterable[str], replays: Sequence[FeedReplay]) -> _Parts:
    return lines, [line for replay in replays for line in _text_of(replay, every=False)]


def _as_full_text(lines: Iterable[str], replays: Sequence[FeedReplay]) -> _Parts:
    return lines, [line for replay in replays for line in _text_of(replay, every=True)]


def _as_json(lines: Iterable[str], replays: Sequence[FeedReplay]) -> _Parts:
    """Add the key `former_feeds` to the JSON object in `lines`, and return ([its text], ())."""
    document = json.loads("\n".join(lines))
    document["former_feeds"] = [_to_json(replay) for replay in replays]
    return [json.dumps(document, ensure_ascii=False, indent=2)], ()


def _to_json(replay: FeedReplay) -> dict[str, Any]:
    return {
        "feed": replay.name,
        "former_feed": replay.former.place,
        "format": replay.former.kind.value,
        "former_entries": len(replay.former.items),
        "entries": len(replay.current.items),
        "readers": list(replay.readers),
        "summary": summary(replay),
        **{sight.value: replay.count(sight) for sight in Sight},
        "changes": [
            {
                "change": prediction.sight.value,
                "id": prediction.id,
                "title": prediction.title,
                "readers": list(prediction.readers),
                "reason": prediction.reason,
                "severity": "error" if prediction.is_error else "warning",
            }
            for prediction in replay.predictions
            if prediction.sight is not Sight.RECENT
        ],
    }


# Formatters that add the replays to the printed problems. They return the lines before the number of problems, and those after
# it, the last of which is a summary. "all" is the text format with every entry.
REPLAY_FORMATTERS: Final[Mapping[str, Callable[[Iterable[str], Sequence[FeedReplay]], _Parts]]] = {
    "text": _as_text,
    "all": _as_full_text,
    "json": _as_json,
    "github": _as_text,
}
