"""Translations: articles that `translation_of` joins to works, and the rows that name the visible articles of their work.

An article belongs to the work of the article that its `translation_of` names, through any number of steps. A work depends on
the content only, not on time. `Row.translations` name its articles that are visible at the moment, one for each language: of
two in one language the first one by `_precedence`; `content.folder` reports the other one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from feedsvc.catalog.row import Row, Translation, article_key, is_visible
from feedsvc.model import Article, Site
from feedsvc.routes import ArticleAt, path_of
from feedsvc.support.graph import connected_components, name_components
from feedsvc.support.mapping import with_changes
from feedsvc.uris import absolute

_DEFAULT: Final = "x-default"
_NO_IDS: Final[tuple[str, ...]] = ()


class Works:
    """Works of a catalog's content: the articles with `translation_of`, and those that these name. Immutable."""

    def __init__(self, articles: dict[str, Article], translations: dict[str, tuple[str, ...]]) -> None:
        """Initialize with the articles of works by id, and with id -> ids of the articles whose `translation_of` is this id."""
        self._articles, self._translations = articles, translations

    def find(self, ids: Iterable[str]) -> Iterator[list[Article]]:
        """Yield the articles of each work that one of these ids belongs to, each work once. An id need not be an article's.

        An id that belongs to no work gives an empty list.
        """
        for names in connected_components(ids, self._linked_ids):
            yield [article for name in names if (article := self._articles.get(name))]

    def _linked_ids(self, id_: str) -> Iterator[str]:
        article = self._articles.get(id_)
        if article and article.translation_of:
            yield article.translation_of
        yield from self._translations.get(id_, _NO_IDS)

    def apply_changes(self, articles: Iterable[Article], removed: Sequence[Article], added: Sequence[Article]) -> Works:
        """Return the works without the articles `removed` and with `added`; this object if none of them belongs to a work.

        `articles` are all articles of the content after the change. They are searched only if an article is named that was not
        named before.
        """
        if not any(map(self._is_member, removed)) and not any(map(self._is_member, added)):
            return self
        named = self._changed_translations(removed, added)
        translations = with_changes(self._translations, named, {id_: tuple(sorted(ids)) for id_, ids in named.items() if ids})
        changed: dict[str, Article | None] = {article.id: None for article in removed}
        changed |= {article.id: article for article in added}
        unchanged = named.keys() - changed.keys()
        changed |= {id_: self._articles.get(id_) for id_ in unchanged}
        if unknown := {id_ for id_ in unchanged if named[id_] and changed[id_] is None}:
            changed |= {article.id: article for article in articles if article.id in unknown}
        members = {
            id_: article for id_, article in changed.items() if article and (article.translation_of or translations.get(id_))
        }
        return Works(with_changes(self._articles, changed, members), translations)

    def _is_member(self, article: Article) -> bool:
        return bool(article.translation_of) or article.id in self._translations

    def _changed_translations(self, removed: Iterable[Article], added: Iterable[Article]) -> dict[str, set[str]]:
        """Return each id that a removed or an added article names -> ids of the articles that name it after the change."""
        named: dict[str, set[str]] = {}
        for article in removed:
            if target := article.translation_of:
                named.setdefault(target, {*(self._translations.get(target, _NO_IDS))}).discard(article.id)
        for article in added:
            if target := article.translation_of:
                named.setdefault(target, {*(self._translations.get(target, _NO_IDS))}).add(article.id)
        return named


def build_works(articles: Sequence[Article]) -> Works:
    """Return the works of all articles."""
    translations: dict[str, list[str]] = defaultdict(list)
    for article in articles:
        if article.translation_of:
            translations[article.translation_of].append(article.id)
    members = (article for article in articles if article.translation_of or article.id in translations)
    return Works(
        {article.id: article for article in members} if translations else {},
        {id_: tuple(sorted(ids)) for id_, ids in translations.items()},
    )


def add_translations(articles: Iterable[Article], rows: Iterable[Row], site: Site) -> None:
    """Set `Row.translations` of the frozen `rows` in place; no other code may refer to these rows yet.

    `articles` are those of the content, `rows` all rows of articles of the catalog, of any visibility.
    """
    names = name_components({article.id: article.translation_of for article in articles if article.translation_of})
    if not names:
        return
    rows_by_work: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if name := names.get(row.article.id):
            rows_by_work[name].append(row)
    for work in rows_by_work.values():
        translations = _translations_of_work(work, site)
        for row in work if translations else ():
            object.__setattr__(row, "translations", translations.get(row.article.id, ()))


def changed_translations(
    before: Works, after: Works, ids: Collection[str], site: Site, find_row: Callable[[Article], Row | None]
) -> Iterator[tuple[Row, Row]]:
    """Yield (row, copy of it with the new translations) for each row whose translations are outdated after a change.

    `before` and `after` are the works of the catalogs before and after the change. `ids` are those of all articles that the
    change of content or time concerns, and those that these articles name or named. `find_row` returns the row of an article
    after the change, which may still have the former translations; None if it has no row.
    """
    articles = {article.id: article for works in (before, after) for work in works.find(ids) for article in work}
    rows = {id_: row for id_, article in articles.items() if (row := find_row(article))}
    translations: dict[str, tuple[Translation, ...]] = {}
    for work in after.find(ids):
        translations |= _translations_of_work([row for article in work if (row := rows.get(article.id))], site)
    for id_, row in rows.items():
        new_row = _with_translations(row, translations.get(id_, ()))
        if new_row is not row:
            yield row, new_row


def keep_translations(row: Row | None, former: Row | None) -> Row | None:
    """Return `row` with the translations of `former`, the former row of its article; `row` itself if one of them is None."""
    return _with_translations(row, former.translations) if row and former else row


def _with_translations(row: Row, translations: tuple[Translation, ...]) -> Row:
    return row if row.translations == translations else replace(row, translations=translations)


def _translations_of_work(rows: Iterable[Row], site: Site) -> Mapping[str, tuple[Translation, ...]]:
    """Return `Row.translations` for the rows of one work, by article id, only for the articles that it names.

    These are one visible article for each language. {} if they are in fewer than two languages.
    """
    named: dict[str, Article] = {}
    for article in sorted([row.article for row in rows if is_visible(row)], key=_precedence):
        named.setdefault(article.language or site.language, article)
    if len(named) < 2:  # noqa: PLR2004 - one language is no translation
        return {}
    translations = tuple(
        Translation(language, article.slug, article.link, not article.translation_of, article_key(article))
        for language, article in sorted(named.items())
    )
    return {article.id: translations for article in named.values()}


def _precedence(article: Article) -> tuple[bool, datetime, str]:
    return bool(article.translation_of), article.published, article.id


def work_of(row: Row) -> str:
    """Return a slug that is the same for the visible articles of one work, and only for these."""
    return row.translations[0].slug if row.translations else row.article.slug


def one_of_each_work(rows: Sequence[Row]) -> list[Row]:
    """Return `rows`, in their order, with one visible article of each work: that in the site's language, else the original.

    It is the one that was published first if neither is among `rows`.
    """
    translated = [row for row in rows if row.translations]
    translated.sort(key=lambda row: (bool(row.article.language), *_precedence(row.article)), reverse=True)
    chosen = {work_of(row): row for row in translated}  # the last one of each work counts
    return [row for row in rows if not row.translations or chosen[work_of(row)] is row]


def translation_url(site: Site, translation: Translation) -> str:
    """Return the absolute address where people read a translation: its `link`, else its page on this site."""
    return translation.link or absolute(site.base_url, path_of(ArticleAt(translation.slug)))


def by_hreflang(site: Site, translations: Sequence[Translation]) -> tuple[tuple[str, Translation], ...]:
    """Return (hreflang, translation) of each of a row's `translations`, then ("x-default", the one for any other language).

    "x-default" is the one in the site's language, or else the original; it is left out if neither is among `translations`. ()
    for no translations.
    """
    in_site_language = [translation for translation in translations if translation.language == site.language]
    defaults = in_site_language or [translation for translation in translations if translation.is_original]
    return *((translation.language, translation) for translation in translations), *((_DEFAULT, one) for one in defaults[:1])
