"""Write docs/readers.md from the observations."""

from collections.abc import Callable, Mapping
from typing import Final

from tests import ROOT
from tests.subscribers.newsroom import (
    ARTICLE_AFTER_MOVE,
    BEFORE_WITHDRAWAL,
    BY_NO_AUTHOR,
    BY_TWO,
    CAPTION,
    CORRECTED,
    CORRECTED_TEXT,
    ENTITY_IN_TITLE,
    FIRST_VERSION,
    FOOTNOTE,
    NEWS,
    RENAMED,
    SECOND_ATTACHMENT,
    SITE,
    SPECIAL_CHARACTERS,
    WITH_ATTACHMENTS,
    Article,
)
from tests.subscribers.program import Item, Subscriber
from tests.subscribers.scenario import Observations

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
- A reader that follows a 301 requests the old address again the next time; only feed2exec's cache stores the move, and miniflux
  stores where the subscribed address led. So former addresses redirect for ever: `aliases`.
- Titles are as written, in any script, except where the table shows another one. Each article is there once, with the link to its
  page and its own date.
- rss2email makes its letters of an Atom entry's plain summary, so that a correction further down shows in RSS alone.
- All of them read a private feed at the address of its token, show each article once, and keep what they have after the token
  ended. feed2exec then fetches the whole feed each time: its cache stores nothing of a response with `no-store`.

"""

Row = Callable[[Subscriber, Observations], str]


def _merge_formats(texts: Mapping[str, str]) -> str:
    """Return one text if it is the same for all formats, else the text of each format."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    formats_by_text: dict[str, list[str]] = {}
    for fmt, text in texts.items():
        formats_by_text.setdefault(text, []).append(_FORMATS[fmt])
    return "; ".join(f"{', '.join(formats)}: {text}" for text, formats in formats_by_text.items())


def items_of(observations: Observations, refresh: str, feed: str, article: Article) -> list[Item]:
    """Return the items with the link of an article after a refresh."""
    link = f"{observations.url}/articles/{article.slug}/"
    return [item for item in observations.items[refresh, feed] if item.link == link]


def _each_format(describe: Callable[[Observations, str], str]) -> Row:
    return lambda subscriber, observations: _merge_formats({fmt: describe(observations, fmt) for fmt in subscriber.formats})


def _shown_after(refresh: str, article: Article, describe: Callable[[Item], str]) -> Row:
    return _each_format(
        lambda observations, fmt: ", then ".join(describe(item) for item in items_of(observations, refresh, fmt, article))
    )


def _date(item: Item) -> str:
    return {FIRST_VERSION.published: "published", FIRST_VERSION.updated: "updated"}.get(item.date, item.date.isoformat())


def _status_text(observations: Observations, feed: str, *refreshes: str) -> str:
    statuses_by_refresh = [observations.statuses.get((refresh, feed), ()) for refresh in refreshes]
    return ", ".join("→".join(map(str, statuses)) or "–" for statuses in statuses_by_refresh)


def _change(article: Article, is_new: Callable[[Item], bool], observations: Observations, fmt: str) -> str:
    items = items_of(observations, "at the end", fmt, article)
    if not any(map(is_new, items)):
        return "not shown"
    return "in its place" if len(items) == 1 else "beside the former"


def _change_row(article: Article, is_new: Callable[[Item], bool]) -> Row:
    return _each_format(lambda *where: _change(article, is_new, *where))


_NOTICE_PLACES: Final = {
    "not shown": "stays",
    "in its place": "becomes its notice",
    "beside the former": "stays, beside its notice",
}


def _is_notice(item: Item) -> bool:
    return item.title == "This article was withdrawn"


def _count_text(observations: Observations, feed: str, article: Article) -> str:
    return {0: "not shown", 1: "shown once"}.get(
        count := len(items_of(observations, "at the end", feed, article)), f"shown {count} times"
    )


def _times_text(number: int) -> str:
    return {0: "not shown", 1: "once"}.get(number, f"{number} times")


ROWS: Final[Mapping[str, Row]] = {
    "reads": lambda subscriber, _: ", ".join(_FORMATS[fmt] for fmt in subscriber.formats),
    "set up": lambda subscriber, _: subscriber.set_up,
    "a title with &, <, >, quotes and °": _shown_after(
        "first", SPECIAL_CHARACTERS, lambda item: "right" if item.title == SPECIAL_CHARACTERS.title else item.title
    ),
    "`What &amp; means` as a title": _shown_after("first", ENTITY_IN_TITLE, lambda item: f"`{item.title}`"),
    "byline of Lê Tuấn and Mina Park": _shown_after("first", BY_TWO, lambda item: item.byline or "none"),
    f"byline where nobody is named ({SITE})": _shown_after("first", BY_NO_AUTHOR, lambda item: item.byline or "none"),
    "the second attachment": _shown_after(
        "first", WITH_ATTACHMENTS, lambda item: "named" if SECOND_ATTACHMENT in item.text else "not shown"
    ),
    "the caption of the lead picture": _shown_after(
        "first", WITH_ATTACHMENTS, lambda item: _times_text(item.text.count(CAPTION))
    ),
    "a footnote": _shown_after(
        "first", WITH_ATTACHMENTS, lambda item: "shown" if FOOTNOTE in " ".join(item.text.split()) else "not shown"
    ),
    "date": _shown_after("first", FIRST_VERSION, _date),
    "an unchanged feed, four times": _each_format(
        lambda observations, fmt: _status_text(
            observations, fmt, "first", "after a minute", "after two hours", "after four hours"
        )
    ),
    "a new article": _each_format(lambda observations, fmt: _count_text(observations, fmt, NEWS)),
    "a corrected text, with `updated`": _change_row(CORRECTED, lambda item: CORRECTED_TEXT in " ".join(item.text.split())),
    "a new title, with `updated`": _change_row(RENAMED, lambda item: item.title == RENAMED.title),
    "a withdrawn article": _each_format(lambda *where: _NOTICE_PLACES[_change(BEFORE_WITHDRAWAL, _is_notice, *where)]),
    "a section's feed that has moved, three times": lambda _, observations: _status_text(
        observations, "section", "during the move", "after the next article", "at the end"
    ),
    "its next article": lambda _, observations: _count_text(observations, "section", ARTICLE_AFTER_MOVE),
    "subscribed at a former address, three times": lambda _, observations: _status_text(
        observations, "former", "first", "after two hours", "after four hours"
    ),
}


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def page(observations_by_program: Mapping[Subscriber, Observations]) -> str:
    """Return the whole document. Its last line contains the versions of the programs."""
    head = _line(["", *(subscriber.name for subscriber in observations_by_program)]) + _line(
        ["---"] * (len(observations_by_program) + 1)
    )
    rows = "".join(
        _line([label, *(row(subscriber, observations) for subscriber, observations in observations_by_program.items())])
        for label, row in ROWS.items()
    )
    versions = ", ".join(f"{subscriber.name} {subscriber.version()}" for subscriber in observations_by_program)
    return f"{_HEAD}{head}{rows}{_FOOT}{_VERSIONS}{versions}.\n"


def without_versions(text: str) -> str:
    return text.rpartition(_VERSIONS)[0]
