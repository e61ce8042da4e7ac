"""The panel at the foot of every page: what is wrong in the folder, and what readers do not see yet. In English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from markupsafe import Markup

from feedsvc.catalog.catalog import Catalog, Row
from feedsvc.errors import Problem
from feedsvc.language import language
from feedsvc.live.live import Edition
from feedsvc.preview.events import state
from feedsvc.routes import ArticleAt, ListingRef, path_of, place_of
from feedsvc.uris import rooted

MARKS: Final = ("draft", "scheduled", "expired")
_MOST: Final = 100  # problems, and articles of each mark; a panel is no archive

_PANEL: Final = Markup(
    '<aside class="preview" lang="en" dir="ltr" aria-label="Preview" data-state="{state}" data-events="{events}">'
    "{inside}</aside>\n"
)
_OPENING: Final = Markup('<details{open}><summary>{bar}</summary><div class="preview-inside">{inside}</div></details>')
_BAR: Final = Markup("<strong>Preview</strong>{facts}")
_FACT: Final = Markup(' <span class="preview-{kind}">{text}</span>')
_PROBLEM: Final = Markup(
    '<li class="preview-{severity}"><code>{path}:{line}:{column}</code> <b>{severity}:</b> '
    '<span dir="auto">{message}</span>{more}</li>'
)
_HINT: Final = Markup('<br><span class="preview-hint" dir="auto">{hint}</span>')
_STANDING: Final = Markup("<br><small>The file's last valid version is shown meanwhile.</small>")
_LIST: Final = Markup('<{tag} class="preview-{kind}">{items}</{tag}>')
_GROUP: Final = Markup('<p class="preview-heading">{title}</p>{items}')
_ARTICLE: Final = Markup('<li><a href="{href}" dir="auto">{title}</a> <small>{date}</small></li>')
_MORE: Final = Markup("<li>and {count} more</li>")
_NOTHING: Final = Markup("")


def panel(edition: Edition, path: str, events: str) -> str:
    """HTML for the page at a path below base_url; `events` is where its script listens."""
    catalog, problems = edition.publication.catalog, edition.content.problems
    rows = [row for row in catalog.listings[ListingRef()].visible if row.mark]
    bar = _BAR.format(
        facts=_NOTHING.join(_FACT.format(kind=kind, text=text) for kind, text in _facts(catalog, path, problems, rows))
    )
    groups = _groups(catalog, rows) if path == "/" else _NOTHING
    told = _problems(problems, edition.content.standing_in) + groups
    inside = _OPENING.format(open=Markup(" open") if problems else "", bar=bar, inside=told) if told else bar
    return _PANEL.format(state=state(edition), events=events, inside=inside)


def _facts(catalog: Catalog, path: str, problems: tuple[Problem, ...], rows: list[Row]) -> Iterator[tuple[str, str]]:
    """(kind, text) of what the panel says while it is closed."""
    for severity in ("error", "warning"):
        count = sum(problem.severity == severity for problem in problems)
        if count:
            yield severity, f"{count} {severity}{'' if count == 1 else 's'}"
    if not problems:
        yield "fine", "no problems"
    place = place_of(path)
    row = catalog.visible.get(place.slug) if isinstance(place, ArticleAt) else None
    if row and row.mark:
        yield "this", _SENTENCES[row.mark].format(date=_date(catalog, row))
    elif path == "/":
        yield "counts", ", ".join(counts(rows))


_SENTENCES: Final = {
    "draft": "This article is a draft: readers do not see it.",
    "scheduled": "This article is scheduled: readers see it from {date} on.",
    "expired": "This article expired: readers have not seen it since {date}.",
}


def counts(rows: Iterable[Row]) -> list[str]:
    """How many drafts, scheduled and expired articles there are, in words."""
    marks = [row.mark for row in rows]
    names = (("draft", "1 draft", "drafts"), ("scheduled", "1 scheduled", "scheduled"), ("expired", "1 expired", "expired"))
    return [one if marks.count(mark) == 1 else f"{marks.count(mark)} {many}" for mark, one, many in names if mark in marks]


def _problems(problems: Iterable[Problem], standing_in: frozenset[str]) -> Markup:
    """Errors first."""
    ordered = sorted(problems, key=lambda problem: (problem.severity != "error", problem))
    # Told once of each file.
    first = {problem.path: problem for problem in reversed(ordered) if problem.path in standing_in}
    items = [_problem(problem, is_standing=first.get(problem.path) is problem) for problem in ordered[:_MOST]]
    return _list("ol", "problems", items, len(ordered))


def _problem(problem: Problem, *, is_standing: bool) -> Markup:
    hint = _HINT.format(hint=problem.hint) if problem.hint else _NOTHING
    return _PROBLEM.format(
        path=problem.path,
        line=problem.line,
        column=problem.column,
        severity=problem.severity,
        message=problem.message,
        more=hint + (_STANDING if is_standing else _NOTHING),
    )


def _groups(catalog: Catalog, rows: list[Row]) -> Markup:
    of = {mark: [row for row in rows if row.mark == mark] for mark in MARKS}
    titles = {"draft": "Drafts", "scheduled": "Scheduled", "expired": "Expired"}
    return _NOTHING.join(
        _GROUP.format(title=titles[mark], items=_articles(catalog, found)) for mark, found in of.items() if found
    )


def _articles(catalog: Catalog, rows: list[Row]) -> Markup:
    base = catalog.site.base_url
    items = [
        _ARTICLE.format(
            href=rooted(base, path_of(ArticleAt(row.article.slug))), title=row.article.title, date=_date(catalog, row)
        )
        for row in rows[:_MOST]
    ]
    return _list("ul", "articles", items, len(rows))


def _list(tag: str, kind: str, items: list[Markup], count: int) -> Markup:
    if not items:
        return _NOTHING
    rest = [_MORE.format(count=count - len(items))] if count > len(items) else []
    return _LIST.format(tag=tag, kind=kind, items=_NOTHING.join(chain(items, rest)))


def _date(catalog: Catalog, row: Row) -> str:
    """When readers see it, or saw it last."""
    end = row.article.expires if row.mark == "expired" else None
    return language("en", catalog.site.timezone).date_time(end or row.article.published)
