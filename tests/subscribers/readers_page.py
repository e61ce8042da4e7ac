"""docs/readers.md, made of what was seen."""

from collections.abc import Callable, Mapping
from typing import Final

from tests import ROOT
from tests.subscribers.newsroom import (
    AFTER_MOVE,
    BY_NOBODY,
    BY_TWO,
    CAPTION,
    CORRECTED,
    FIRST_TOLD,
    LITERAL,
    NEW_WORDS,
    NEWS,
    NOTE,
    ODD,
    RENAMED,
    RICH,
    SECOND_ATTACHMENT,
    SITE,
    WRONG,
    Article,
)
from tests.subscribers.program import Item, Subscriber
from tests.subscribers.story import Told

FILE: Final = ROOT / "docs" / "readers.md"
RENEW: Final = "make readers-table"
_VERSIONS: Final = "Seen with "
_FORMATS: Final[Mapping[str, str]] = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
_HEAD: Final = f"""\
# What readers do with feedsvc's feeds

Made by `{RENEW}` and compared by the tests; nothing is changed by hand. Each program subscribes to a real `feedsvc serve`
and refreshes while an editor publishes, corrects, withdraws and moves articles. What it asked is from the server's access log,
what it shows from its own database, letters or API. Where the formats differ, each is named.

"""
_FOOT: Final = """
- Numbers are the server's answers; 301→200 is a move that was followed, – means that nothing was asked. A 304 costs a few hundred
  bytes.
- The second of four refreshes is one minute after the first, the others two and four hours. The server allows caches five
  minutes, which feed2exec heeds; reader asks once an hour at most.
- Who is led on by a 301 asks the old address again the next time; only feed2exec's cache keeps the move, and miniflux stores
  where the address led that somebody subscribed to. So former addresses redirect for ever: `aliases`.
- Titles come as they were written, in any script, but where the table shows another; each article stands once, with the link to
  its page, and with a date of its own.
- rss2email makes its letters of an Atom entry's plain summary, so that a correction further down shows in RSS alone.

"""

Row = Callable[[Subscriber, Told], str]


def _merged(several: Mapping[str, str]) -> str:
    """One word where all formats agree, else each format's."""
    if len(set(several.values())) == 1:
        return next(iter(several.values()))
    by_word: dict[str, list[str]] = {}
    for fmt, word in several.items():
        by_word.setdefault(word, []).append(_FORMATS[fmt])
    return "; ".join(f"{', '.join(formats)}: {word}" for word, formats in by_word.items())


def of(told: Told, refresh: str, feed: str, article: Article) -> list[Item]:
    """What is held of an article, by its address."""
    link = f"{told.url}/articles/{article.slug}/"
    return [item for item in told.held[refresh, feed] if item.link == link]


def _each(read: Callable[[Told, str], str]) -> Row:
    return lambda subscriber, told: _merged({fmt: read(told, fmt) for fmt in subscriber.formats})


def _shown(refresh: str, article: Article, read: Callable[[Item], str]) -> Row:
    return _each(lambda told, fmt: ", then ".join(read(item) for item in of(told, refresh, fmt, article)))


def _date(item: Item) -> str:
    return {FIRST_TOLD.published: "published", FIRST_TOLD.updated: "updated"}.get(item.date, item.date.isoformat())


def _numbers(told: Told, feed: str, *refreshes: str) -> str:
    asked = [told.asked.get((refresh, feed), ()) for refresh in refreshes]
    return ", ".join("→".join(map(str, statuses)) or "–" for statuses in asked)


def _change(article: Article, new: Callable[[Item], bool]) -> Row:
    def word(told: Told, fmt: str) -> str:
        items = of(told, "at last", fmt, article)
        if not any(map(new, items)):
            return "not shown"
        return "in its place" if len(items) == 1 else "beside the former"

    return _each(word)


def _count(told: Told, feed: str, article: Article) -> str:
    return {0: "not shown", 1: "shown once"}.get(number := len(of(told, "at last", feed, article)), f"shown {number} times")


def _times(number: int) -> str:
    return {0: "not shown", 1: "once"}.get(number, f"{number} times")


ROWS: Final[Mapping[str, Row]] = {
    "reads": lambda subscriber, _: ", ".join(_FORMATS[fmt] for fmt in subscriber.formats),
    "set up": lambda subscriber, _: subscriber.set_up,
    "a title with &, <, >, quotes and °": _shown("first", ODD, lambda item: "right" if item.title == ODD.title else item.title),
    "`What &amp; means` as a title": _shown("first", LITERAL, lambda item: f"`{item.title}`"),
    "byline of Lê Tuấn and Mina Park": _shown("first", BY_TWO, lambda item: item.byline or "none"),
    f"byline where nobody is named ({SITE})": _shown("first", BY_NOBODY, lambda item: item.byline or "none"),
    "the second attachment": _shown("first", RICH, lambda item: "named" if SECOND_ATTACHMENT in item.text else "not shown"),
    "the caption of the lead picture": _shown("first", RICH, lambda item: _times(item.text.count(CAPTION))),
    "a footnote": _shown("first", RICH, lambda item: "shown" if NOTE in " ".join(item.text.split()) else "not shown"),
    "date": _shown("first", FIRST_TOLD, _date),
    "an unchanged feed, four times": _each(lambda told, fmt: _numbers(told, fmt, "first", "at once", "later", "later still")),
    "a new article": _each(lambda told, fmt: _count(told, fmt, NEWS)),
    "a corrected text, with `updated`": _change(CORRECTED, lambda item: NEW_WORDS in " ".join(item.text.split())),
    "a new title, with `updated`": _change(RENAMED, lambda item: item.title == RENAMED.title),
    "a withdrawn article": _each(lambda told, fmt: "stays" if of(told, "at last", fmt, WRONG) else "goes"),
    "a section's feed that has moved, three times": lambda _, told: _numbers(
        told, "section", "moved", "after the move", "at last"
    ),
    "its next article": lambda _, told: _count(told, "section", AFTER_MOVE),
    "subscribed at a former address, three times": lambda _, told: _numbers(told, "former", "first", "later", "later still"),
}


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def page(seen: Mapping[Subscriber, Told]) -> str:
    """The whole document. The last line names versions."""
    head = _line(["", *(subscriber.name for subscriber in seen)]) + _line(["---"] * (len(seen) + 1))
    rows = "".join(_line([label, *(row(one, told) for one, told in seen.items())]) for label, row in ROWS.items())
    versions = ", ".join(f"{subscriber.name} {subscriber.version()}" for subscriber in seen)
    return f"{_HEAD}{head}{rows}{_FOOT}{_VERSIONS}{versions}.\n"


def without_versions(text: str) -> str:
    return text.rpartition(_VERSIONS)[0]
