"""Panel at the foot of every page, in English: problems in the folder, and articles that only the preview shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from markupsafe import Markup

from feedsvc.catalog import Catalog, Row
from feedsvc.errors import Problem
from feedsvc.language import get_language
from feedsvc.live import Edition
from feedsvc.preview.events import edition_tag
from feedsvc.routes import ArticleAt, ListingRef, path_of, place_of
from feedsvc.uris import root_relative

LABELS: Final = ("draft", "scheduled", "expired")
_MAX_ITEMS: Final = 100  # problems, and articles with each label

_PANEL: Final = Markup(
    '<aside class="preview" lang="en" dir="ltr" aria-label="Preview" data-state="{state}" data-events="{events}">'
    "{inside}</aside>\n"
)
_DETAILS: Final = Markup('<details{open}><summary>{bar}</summary><div class="preview-inside">{inside}</div></details>')
_SUMMARY: Final = Markup("<strong>Preview</strong>{facts}")
_FACT: Final = Markup(' <span class="preview-{kind}">{text}</span>')
_PROBLEM: Final = Markup(
    '<li class="preview-{severity}"><code>{path}:{line}:{column}</code> <b>{severity}:</b> '
    '<span dir="auto">{message}</span>{more}</li>'
)
_HINT: Final = Markup('<br><span class="preview-hint" dir="auto">{hint}</span>')
_LAST_VALID_VERSION_NOTE: Final = Markup("<br><small>The file's last valid version is shown meanwhile.</small>")
_LIST: Final = Markup('<{tag} class="preview-{kind}">{items}</{tag}>')
_GROUP: Final = Markup('<p class="preview-heading">{title}</p>{items}')
_ARTICLE: Final = Markup('<li><a href="{href}" dir="auto">{title}</a> <small>{date}</small></li>')
_MORE: Final = Markup("<li>and {count} more</li>")
_EMPTY: Final = Markup("")


def panel(edition: Edition, path: str, events: str) -> str:
    """Return the panel's HTML for the page at `path`, without the path of base_url. `events` is the URL of the event stream.

    Each panel lists the problems of the folder; only the one of the page at "/" lists the articles that only the preview shows,
    in three lists: drafts, scheduled and expired. A list has at most 100 items, then the number of the others. The text is
    English.
    """
    catalog, problems = edition.publication.catalog, edition.content.problems
    rows = [row for row in catalog.listings[ListingRef()].visible if row.preview_label]
    bar = _SUMMARY.format(
        facts=_EMPTY.join(_FACT.format(kind=kind, text=text) for kind, text in _summary_facts(catalog, path, problems, rows))
    )
    groups = _article_groups(catalog, rows) if path == "/" else _EMPTY
    details = _problem_list(problems, edition.content.last_valid_paths) + groups
    inside = _DETAILS.format(open=Markup(" open") if problems else "", bar=bar, inside=details) if details else bar
    return _PANEL.format(state=edition_tag(edition), events=events, inside=inside)


def _summary_facts(catalog: Catalog, path: str, problems: tuple[Problem, ...], rows: list[Row]) -> Iterator[tuple[str, str]]:
    """Yield (CSS class without "preview-", text) of each fact that the panel shows even if its details are closed."""
    for severity in ("error", "warning"):
        count = sum(problem.severity == severity for problem in problems)
        if count:
            yield severity, f"{count} {severity}{'' if count == 1 else 's'}"
    if not problems:
        yield "fine", "no problems"
    place = place_of(path)
    row = catalog.visible.get(place.slug) if isinstance(place, ArticleAt) else None
    if row and row.preview_label:
        yield "this", _LABEL_SENTENCES[row.preview_label].format(date=_date(catalog, row))
    elif path == "/":
        yield "counts", ", ".join(label_counts(rows))


_LABEL_SENTENCES: Final = {
    "draft": "This article is a draft: readers do not see it.",
    "scheduled": "This article is scheduled: readers see it from {date} on.",
    "expired": "This article expired: readers have not seen it since {date}.",
}


def label_counts(rows: Iterable[Row]) -> list[str]:
    """Return the numbers of drafts, scheduled and expired articles in English, such as "2 drafts". Numbers of 0 are left out."""
    labels = [row.preview_label for row in rows]
    names = (("draft", "1 draft", "drafts"), ("scheduled", "1 scheduled", "scheduled"), ("expired", "1 expired", "expired"))
    return [
        singular if labels.count(label) == 1 else f"{labels.count(label)} {plural}"
        for label, singular, plural in names
        if label in labels
    ]


def _problem_list(problems: Iterable[Problem], last_valid_paths: frozenset[str]) -> Markup:
    """Return the problems as an HTML list, errors first, then the number of those beyond _MAX_ITEMS; "" without problems.

    Articles and theme files in `last_valid_paths` are shown in their last valid version; a note at the first problem of each
    says so.
    """
    sorted_problems = sorted(problems, key=lambda problem: (problem.severity != "error", problem))
    # The note about the last valid version appears once per file.
    first_by_path = {problem.path: problem for problem in reversed(sorted_problems) if problem.path in last_valid_paths}
    items = [
        _problem_item(problem, has_last_valid_version=first_by_path.get(problem.path) is problem)
        for problem in sorted_problems[:_MAX_ITEMS]
    ]
    return _list("ol", "problems", items, len(sorted_problems))


def _problem_item(problem: Problem, *, has_last_valid_version: bool) -> Markup:
    hint = _HINT.format(hint=problem.hint) if problem.hint else _EMPTY
    return _PROBLEM.format(
        path=problem.path,
        line=problem.line,
        column=problem.column,
        severity=problem.severity,
        message=problem.message,
        more=hint + (_LAST_VALID_VERSION_NOTE if has_last_valid_version else _EMPTY),
    )


def _article_groups(catalog: Catalog, rows: list[Row]) -> Markup:
    rows_by_label = {label: [row for row in rows if row.preview_label == label] for label in LABELS}
    titles = {"draft": "Drafts", "scheduled": "Scheduled", "expired": "Expired"}
    return _EMPTY.join(
        _GROUP.format(title=titles[label], items=_article_list(catalog, labelled_rows))
        for label, labelled_rows in rows_by_label.items()
        if labelled_rows
    )


def _article_list(catalog: Catalog, rows: list[Row]) -> Markup:
    base = catalog.site.base_url
    items = [
        _ARTICLE.format(
            href=root_relative(base, path_of(ArticleAt(row.article.slug))), title=row.article.title, date=_date(catalog, row)
        )
        for row in rows[:_MAX_ITEMS]
    ]
    return _list("ul", "articles", items, len(rows))


def _list(tag: str, kind: str, items: list[Markup], count: int) -> Markup:
    if not items:
        return _EMPTY
    note = [_MORE.format(count=count - len(items))] if count > len(items) else []
    return _LIST.format(tag=tag, kind=kind, items=_EMPTY.join(chain(items, note)))


def _date(catalog: Catalog, row: Row) -> str:
    """Return the English text of the moment when the article expired if its label is "expired", else of its publication."""
    expired_at = row.article.expires if row.preview_label == "expired" else None
    return get_language("en", catalog.site.timezone).date_time(expired_at or row.article.published)
