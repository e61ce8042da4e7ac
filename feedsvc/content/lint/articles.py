"""Lint of articles: warnings about valid content that could be better, for `check` only: rules need all articles and the time.

Drafts are skipped because they are not finished, and withdrawn articles because nothing of them is shown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc import routes, uris
from feedsvc.content import safe_read, text
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint.media import lint_media
from feedsvc.content.lint.tags import merged_tags, tag_key_path
from feedsvc.content.markdown import removed_elements
from feedsvc.content.media import is_truncated
from feedsvc.content.reading import AUTHORS_FILE, BodyPositions, parse_settings_file
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.yaml import KeyPath, YamlDocument, parse_yaml
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus

BODY_PLACEHOLDER: Final = "Write here, in Markdown."  # body of a new article
MAX_TITLE_LENGTH: Final = 120
MAX_SUMMARY_LENGTH: Final = 300
_MAX_COMPARISONS: Final = 20_000  # of names, to suggest the nearest one; more would take seconds
_MAX_WARNINGS_PER_FILE: Final = 100
_FRONT_MATTER_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_REFERENCE: Final = re.compile(r'(?:href|src|cite|poster)="([^"]*)"')
# For elements that are often pasted. Of other elements only the text can be kept.
_REPLACEMENT_HINTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("iframe", "embed", "object"), "write a link to what it shows, with a picture of it"),
    **dict.fromkeys(("script", "form", "input", "button", "select", "textarea"), "write a link to a page that has it"),
    **dict.fromkeys(("style", "link", "font", "center"), "leave looks to the theme"),
}
_REFERENCE_DELIMITERS: Final = frozenset(" \t\n\r\"'(<>[]{}=`")


def lint_content(content: ContentSnapshot, root: Path, now: datetime) -> tuple[Problem, ...]:
    """Return all warnings at a moment, sorted. Never raises; warnings about a file deleted meanwhile have no exact position."""
    house = _LintContext(content=content, root=root, now=now)
    found = [problem for article in house.public_articles for problem in _article_warnings(house, article)]
    return tuple(sorted((*found, *_unused_author_warnings(house), *lint_media(content, house.public_articles))))


@dataclass(kw_only=True)
class _LintContext:
    """Facts about the whole content that the rules use, computed once."""

    content: ContentSnapshot
    root: Path
    now: datetime
    suggestions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.articles_by_slug: Mapping[str, Article] = {
            name: article for article in self.content.articles for name in (*article.aliases, article.slug)
        }
        self.public_articles = [article for article in self.content.articles if article.status is ArticleStatus.PUBLISHED]
        self.merged_tags = merged_tags(self.public_articles)
        # Articles with an error cannot be linked to now, but they have problems of their own.
        self.excluded_stems = {
            _stem(problem.path) for problem in self.content.errors if problem.path.startswith(f"{ARTICLES_FOLDER}/")
        }

    def suggest_slug(self, slug: str) -> str:
        """Return a hint with the existing slug nearest to this one, "" if none is similar or too many were compared before."""
        if slug not in self.suggestions and len(self.suggestions) * len(self.articles_by_slug) < _MAX_COMPARISONS:
            self.suggestions[slug] = text.did_you_mean(slug, self.articles_by_slug)
        return self.suggestions.get(slug, "")


class _ArticleFile:
    """Article file, read again to find the positions of the warnings about it. Create it only if there are warnings."""

    def __init__(self, root: Path, path: str) -> None:
        data = safe_read.read_file(root, path)
        self.text = text.decode(path, data).text if isinstance(data, bytes) else ""
        # The first '---' of a Markdown file begins a document in YAML, too, so it can stay.
        end = _FRONT_MATTER_END.search(self.text, 3) if path.endswith(".md") else None
        self.document: YamlDocument = parse_yaml(path, self.text[: end.start()] if end else self.text)

    def warning_at(self, location: KeyPath, message: str, hint: str, *, at_key: bool = False) -> Problem:
        return replace(self.document.problem(location, message, hint, at_key=at_key), severity="warning")

    def warning_at_text(self, forms: tuple[str, ...], message: str, hint: str) -> Problem:
        """Return a warning at the start of the word or address that holds the first match; at `body` if nothing matches.

        `forms` are regular expressions, tried in order on the text of the whole file; the first that matches counts.
        """
        index = next((found.start() for form in forms if (found := re.search(form, self.text))), None)
        if index is None:
            return self.warning_at(("body",), message, hint)
        while index > 0 and self.text[index - 1] not in _REFERENCE_DELIMITERS:
            index -= 1
        return self.warning_at_position(text.line_and_column(self.text, index), message, hint)

    def warning_at_position(self, place: tuple[int, int], message: str, hint: str) -> Problem:
        line, column = place
        told = text.sanitize_message(message)
        return Problem(
            path=self.document.path, line=line, column=column, message=told, hint=text.sanitize_message(hint), severity="warning"
        )


_DeferredWarning = Callable[[_ArticleFile], Problem]


def _article_warnings(house: _LintContext, article: Article) -> Iterator[Problem]:
    found = list(islice((one for rule in _RULES for one in rule(house, article)), _MAX_WARNINGS_PER_FILE))
    if found:
        file = _ArticleFile(house.root, article.path)
        yield from (one(file) for one in found)


def _check_title(_: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    if (length := len(article.title)) > MAX_TITLE_LENGTH:
        message = f"title: has {length} characters; readers and search engines cut at about {MAX_TITLE_LENGTH}"
        yield lambda file: file.warning_at(("title",), message, "write a shorter one")


def _check_summary(_: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    if not article.summary:
        message, hint = (
            "no summary; feeds and search engines would show the beginning of the body",
            "write summary: and a sentence",
        )
        yield lambda file: file.warning_at(("title",), message, hint, at_key=True)
    elif (length := len(article.summary)) > MAX_SUMMARY_LENGTH:
        long = f"summary: has {length} characters; readers expect at most {MAX_SUMMARY_LENGTH}"
        yield lambda file: file.warning_at(("summary",), long, "move the rest into the body")


def _check_image(_: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    if article.image and not article.image.alt:
        message, hint = "image: no alt; who does not see the picture learns nothing of it", "write alt: and what it shows"
        yield lambda file: file.warning_at(("image",), message, hint, at_key=True)
    if article.image and not article.image.credit:
        credit, name = "image: no credit; news partners ask for one", "write credit: and whose picture it is"
        yield lambda file: file.warning_at(("image",), credit, name, at_key=True)


def _check_truncated_media(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    for path in article.media:
        with suppress(OSError):
            if is_truncated(house.content.media[path]):
                message, forms = (
                    f"'{path}' is cut off; readers see a part of it",
                    (re.escape(path), re.escape(quote(path))),
                )
                yield lambda file, forms=forms, message=message: file.warning_at_text(forms, message, "save it again")  # type: ignore[misc]


def _check_updated(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    if article.updated > max(article.published, house.now):
        message = "updated: lies in the future; until then the article counts as never updated"
        yield lambda file: file.warning_at(("updated",), message, "write when it was changed")


def _check_corrections(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    message = "corrections: lies in the future, but is shown already"
    for index, correction in enumerate(article.corrections):
        if correction.date > house.now.date() + timedelta(days=1):  # one day of tolerance for time zones
            yield lambda file, index=index: file.warning_at(("corrections", index, "date"), message, "write today's date")  # type: ignore[misc]


def _check_placeholder(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    if BODY_PLACEHOLDER in house.content.html(article):
        message, hint = f"body: still says '{BODY_PLACEHOLDER}'", "write the text, or status: draft until it is written"
        yield lambda file: file.warning_at_text((re.escape(BODY_PLACEHOLDER),), message, hint)


def _check_removed_html(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    """Yield a warning for each HTML element that the sanitizer removes, at most 100. The first built finds all positions."""
    markdown = house.content.texts.markdown(article)
    removed = removed_elements(markdown)[:_MAX_WARNINGS_PER_FILE]
    if not removed:
        return
    places: list[tuple[int, int]] = []

    def warning(file: _ArticleFile, number: int, name: str) -> Problem:
        if not places:
            places.extend(
                BodyPositions(file.document, file.text, markdown).positions_of_tags(tuple(one.offset for one in removed))
            )
        hint = _REPLACEMENT_HINTS.get(name, "write Markdown, or `<` before what is no HTML as &lt;")
        return file.warning_at_position(
            places[number], f"body: <{name}> is taken out; readers would not show it, or not safely", hint
        )

    for number, one in enumerate(removed):
        yield lambda file, number=number, name=one.name: warning(file, number, name)  # type: ignore[misc]


def _check_merged_tags(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    for tag in article.tags:
        if sentences := house.merged_tags.get(tag.title):
            yield lambda file, title=tag.title, both=sentences: file.warning_at(tag_key_path(file.document, title), *both)  # type: ignore[misc]


def _check_self_link(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    own = routes.path_of(routes.ArticleAt(article.slug))
    if article.link and uris.path_below(house.content.site.base_url, article.link).rstrip("/") == own.rstrip("/"):
        message = "link: leads to this very article, whose page would show a summary only"
        yield lambda file: file.warning_at(("link",), message, "delete it; it is for articles that live elsewhere")


def _check_file_name(_: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    stem = _stem(article.path)
    if stem != article.slug:
        message = f"the file's name is '{stem}' and its slug '{article.slug}'; who looks for one will not find the other"
        hint = f"rename it to {article.slug}{PurePosixPath(article.path).suffix}"
        yield lambda file: file.warning_at(("slug",), message, hint)


def _check_links(house: _LintContext, article: Article) -> Iterator[_DeferredWarning]:
    base = house.content.site.base_url
    for address in _addresses(house, article):
        place = routes.place_of(uris.path_below(base, address))
        if isinstance(place, routes.ArticleAt):
            yield from _check_article_link(house, article, unicodedata.normalize("NFC", place.slug))
        elif _is_insecure(base, address):
            yield from _insecure_link_warning(base, address)


def _addresses(house: _LintContext, article: Article) -> Iterable[str]:
    written = (html.unescape(found) for found in _REFERENCE.findall(house.content.html(article)))
    return dict.fromkeys((article.link, *(source.url for source in article.sources), *written))


def _check_article_link(house: _LintContext, article: Article, slug: str) -> Iterator[_DeferredWarning]:
    target = house.articles_by_slug.get(slug)
    if target is None:
        message, hint = f"body: a link to '{slug}', but no article has this slug", house.suggest_slug(slug)
        lost = slug not in house.excluded_stems
    else:
        message, hint = f"body: a link to '{slug}', which is not public yet", f"see {target.path}"
        lost = target.status is ArticleStatus.DRAFT or target.published > max(house.now, article.published)
    if lost:
        yield lambda file: file.warning_at_text(_link_patterns(slug), message, hint)


def _link_patterns(slug: str) -> tuple[str, ...]:
    return tuple(rf"articles/{re.escape(form)}(?![\w%~-])" for form in (slug, quote(slug), quote(slug).lower()))


def _is_insecure(base: str, address: str) -> bool:
    """Return whether the site has https and the address is at the same host, but with http."""
    ours, theirs = urlsplit(base), urlsplit(address)
    return (ours.scheme, theirs.scheme) == ("https", "http") and ours.hostname == theirs.hostname


def _insecure_link_warning(base: str, address: str) -> Iterator[_DeferredWarning]:
    message = f"'{address}' is this very site, without https"
    path = urlsplit(address).path.removeprefix(urlsplit(base).path) or "/"
    yield lambda file: file.warning_at_text((re.escape(address), re.escape(urlsplit(address).netloc)), message, f"write {path}")


_RULES: Final[tuple[Callable[[_LintContext, Article], Iterator[_DeferredWarning]], ...]] = (
    *(
        _check_title,
        _check_summary,
        _check_image,
        _check_truncated_media,
        _check_updated,
        _check_corrections,
        _check_placeholder,
        _check_removed_html,
        _check_merged_tags,
        _check_self_link,
        _check_file_name,
        _check_links,
    ),
)


def _stem(path: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(path).stem)


def _unused_author_warnings(house: _LintContext) -> Iterator[Problem]:
    """Yield warnings about authors without articles; none while an article has an error, as its authors are unknown."""
    used = {name for article in house.content.articles for name in article.authors}
    idle = [name for name, author in house.content.authors.items() if author.id not in used and name == author.id]
    if not idle or house.excluded_stems:
        return
    data = safe_read.read_file(house.root, AUTHORS_FILE)
    grown = parse_settings_file(AUTHORS_FILE, data if isinstance(data, bytes) else b"")
    spelled = {unicodedata.normalize("NFC", key): key for key in grown.value} if isinstance(grown.value, dict) else {}
    for name in idle:
        message, hint = f"{name}: no article names this author", "delete the entry, or name it in an article"
        problem = grown.problem((spelled.get(name, name),), message, hint, at_key=True)
        yield replace(problem, severity="warning")
