"""Lint of articles: rules that warn about valid articles that could be better, and `lint_content`, which calls all rules.

The rules about one article skip drafts because they are not finished. Of a withdrawn article, whose content is not shown, only
the notice is checked.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from feedsvc.content import text
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint.context import DeferredWarning, FilePositions, LintContext, warn_at, warn_at_text
from feedsvc.content.lint.files import lint_file_names, lint_media
from feedsvc.content.lint.links import check_embeds, check_links, check_page_links, check_self_link
from feedsvc.content.lint.redirects import lint_redirects
from feedsvc.content.lint.settings import SETTINGS_RULES
from feedsvc.content.markdown.render import removed_elements
from feedsvc.content.reading.body import BodyPositions
from feedsvc.content.reading.files import usual_suffix
from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.errors import Problem, limit_problems
from feedsvc.model import Article, ArticleStatus
from feedsvc.page_model import StaticPage

MAX_TITLE_LENGTH: Final = 120
MAX_SUMMARY_LENGTH: Final = 300
_MAX_WARNINGS_PER_FILE: Final = 100
_CODE_OR_TAG: Final = re.compile(r"<(pre|code)\b.*?</\1>|<[^<>]*>", re.DOTALL)  # in the HTML of a body
# In the text of a body: a footnote mark without note, a shortcode of WordPress, and one of Hugo or a tag of Jekyll.
_LEFTOVER: Final = re.compile(
    r"\[\^[^\[\]\s]+\]|\[(?:(?:gallery|playlist|caption|embed)\b|[a-z][\w-]* [\w-]+=[\"'\w])[^\[\]\n]*\]"
    r"|\{\{[^{}\n]*\}\}|\{%[^{}\n]*%\}"
)
# For elements that are often pasted. Of other elements only the text can be kept.
_REPLACEMENT_HINTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("iframe", "embed", "object"), "write a link to what it shows, with a picture of it"),
    **dict.fromkeys(("script", "form", "input", "button", "select", "textarea"), "write a link to a page that has it"),
    **dict.fromkeys(("style", "link", "font", "center"), "leave looks to the theme"),
}


def lint_content(content: ContentSnapshot, root: Path, now: datetime) -> tuple[Problem, ...]:
    """Return the warnings about the content at `now`, sorted by path and position: at most 100 about each text or settings file.

    A text is an article or a static page; warnings about names of files are not counted. The content of drafts and withdrawn
    articles is not checked, but the names of their files are. `root` is the content folder. Files with warnings are read again
    for positions; if one was deleted meanwhile, its warnings have line 1 and column 1. Raises TextUnavailableError if the text
    of a published article is lost.
    """
    context = LintContext(content=content, root=root, now=now)
    found = [(article.path, _article_warnings(context, article)) for article in content.articles]
    found += [(page.path, _page_warnings(context, page)) for page in content.published_pages]
    texts = (context.warnings(path, islice(warnings, _MAX_WARNINGS_PER_FILE)) for path, warnings in found)
    settings = (context.warnings(path, _apply(rules, context)) for path, rules in SETTINGS_RULES.items())
    settings_warnings = limit_problems(chain(*settings, lint_redirects(context)))
    return tuple(sorted((*chain(*texts), *settings_warnings, *lint_media(context), *lint_file_names(content))))


def _apply(rules: Iterable[Callable[..., Iterator[DeferredWarning]]], *arguments: object) -> Iterator[DeferredWarning]:
    return chain.from_iterable(rule(*arguments) for rule in rules)


def _article_warnings(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    rules = _RULES if article.status is ArticleStatus.PUBLISHED else (_check_notice,)
    return _apply(rules, context, article)


def _page_warnings(context: LintContext, page: StaticPage) -> Iterator[DeferredWarning]:
    yield from check_page_links(context, page)
    yield from _leftover_warnings(context.content.page_html(page))


def _check_title(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    if (length := len(article.title)) > MAX_TITLE_LENGTH:
        message = f"title: has {length} characters; readers and search engines cut at about {MAX_TITLE_LENGTH}"
        yield warn_at("long-title", ("title",), message, "write a shorter one")


def _check_summary(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    shown = article.summary or article.link or article.image or article.enclosures
    if not shown and not context.content.html(article):
        message = "no text; readers get a headline that leads to nothing more"
        hint = "write body: and the text, or status: draft until it is written"
        yield lambda file: file.warning_at("no-text", ("body" if file.document.has_value(("body",)) else "title",), message, hint)
    elif not article.summary:
        message = "no summary; feeds and search engines would show the beginning of the body"
        hint = "write summary: and a sentence"
        yield lambda file: file.warning_at("no-summary", (_summary_key(file),), message, hint, at_key=True)
    elif (length := len(article.summary)) > MAX_SUMMARY_LENGTH:
        message = f"summary: has {length} characters; readers expect at most {MAX_SUMMARY_LENGTH}"
        yield warn_at("long-summary", ("summary",), message, "move the rest into the body")


def _summary_key(file: FilePositions) -> str:
    return "summary" if file.document.has_value(("summary",)) else "title"


def _check_image(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    if article.image and not article.image.alt:
        message = "image: no alt; readers who cannot see the picture get no description"
        yield warn_at("no-alt", ("image",), message, "write alt: and what it shows", at_key=True)
    if article.image and not article.image.credit:
        message = "image: no credit; news partners ask for one"
        yield warn_at("no-credit", ("image",), message, "write credit: and whose picture it is", at_key=True)


def _check_quotes(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning for each text with a single straight quotation mark, at its beginning or end. YAML takes it as it is."""
    image = article.image
    texts: dict[tuple[str, ...], str] = {("title",): article.title, ("summary",): article.summary}
    if image:
        texts |= {("image", "alt"): image.alt, ("image", "caption"): image.caption, ("image", "credit"): image.credit}
    for key_path, value in texts.items():
        is_at_end = value.endswith('"') and not value[-2:-1].isdigit()  # 27" is a length
        if value.count('"') == 1 and (is_at_end or value.startswith('"')):
            message = f"{key_path[-1]}: has one quotation mark, at its {'end' if is_at_end else 'beginning'}, which readers see"
            yield warn_at("quotation-mark", key_path, message, "write both, or none")


def _check_published(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    folder = f"/{article.published.year}/"
    if article.published > context.now + timedelta(days=366) and folder not in article.path:
        message = "published: lies more than a year ahead, and readers do not see the article before that day"
        yield warn_at("distant-date", ("published",), message, f"correct the year, or move the file to articles{folder}")


def _check_updated(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    if article.updated > max(article.published, context.now):
        message = "updated: lies in the future; until then the article counts as never updated"
        yield warn_at("future-update", ("updated",), message, "write when it was changed")


def _check_corrections(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    for index, correction in enumerate(article.corrections):
        if correction.date > context.now.date() + timedelta(days=1):  # one day of tolerance for time zones
            message = "corrections: lies in the future, but is shown already"
            yield warn_at("future-correction", ("corrections", index, "date"), message, "write today's date")


def _leftover_warnings(markup: str) -> Iterator[DeferredWarning]:
    """Yield a warning for each footnote mark without note, and each shortcode of another program, in the HTML of a body.

    Those in code are meant.
    """
    for found in dict.fromkeys(_LEFTOVER.findall(html.unescape(_CODE_OR_TAG.sub("", markup)))):
        # The beginning alone, if the Markdown inside differs from what readers see.
        patterns = (re.escape(found), re.escape(found[:2]))
        if found.startswith("[^"):
            message, hint = "marks a footnote, but no note has this mark", f"write the note in a line that begins with {found}:"
            yield warn_at_text("missing-footnote", patterns, f"body: {found} {message}", hint)
        else:
            message = f"body: {found} is a shortcode of another program, which readers see as it stands"
            yield warn_at_text("shortcode", patterns, message, "write a picture as ![a boat](media/boat.jpg), others as a link")


def _check_removed_html(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a deferred warning for each raw HTML start tag that rendering removes, at most 100.

    Building the first warning finds the positions of all.
    """
    markdown = context.content.texts.markdown(article)
    elements = removed_elements(markdown)[:_MAX_WARNINGS_PER_FILE]
    positions: list[tuple[int, int]] = []

    def warn(index: int, name: str) -> DeferredWarning:
        def build(file: FilePositions) -> Problem:
            if not positions:
                body = BodyPositions(file.document, file.text, markdown)
                positions.extend(body.positions_of_tags(tuple(element.offset for element in elements)))
            message = f"body: <{name}> is removed, because feed readers do not show it, or not safely"
            hint = _REPLACEMENT_HINTS.get(name, "write Markdown, or `<` before what is no HTML as &lt;")
            return text.problem_at(article.path, positions[index], message, hint, "html-element")

        return build

    for index, element in enumerate(elements):
        yield warn(index, element.name)


def _check_merged_tags(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    def warn(title: str, message: str, hint: str) -> DeferredWarning:
        return lambda file: file.warning_at("equal-tags", _tag_key_path(file.document, title), message, hint)

    for tag in article.tags:
        if message_and_hint := context.merged_tags.get(tag.title):
            yield warn(tag.title, *message_and_hint)


def _check_hashtags(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    def warn(title: str, name: str) -> DeferredWarning:
        message, hint = f"tags: readers see '{title}' with the # of a hashtag", f"write '{name}'"
        return lambda file: file.warning_at("hashtag", _tag_key_path(file.document, title), message, hint)

    for tag in article.tags:
        if (name := tag.title.lstrip("#\uff03 ")) != tag.title:
            yield warn(tag.title, name)


def _tag_key_path(document: YamlDocument, title: str) -> KeyPath:
    """Return the key path of the first tag with this title in an article's document; that of `tags` if there is none.

    White space in the file counts as one space. A single tag without a list has the key path of `tags`, too.
    """
    tags = document.value.get("tags") if isinstance(document.value, dict) else None
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if isinstance(tag, str) and " ".join(tag.split()) == title:
            return ("tags", index)
    return ("tags",)


def _check_translation(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning if no article has the id `translation_of`.

    Yield none if the last part of that id, after ":" or "/", is the name of an article file with an error: it may have the id.
    """
    target = article.translation_of
    if not target or target in context.ids:
        return
    stem = unicodedata.normalize("NFC", unquote(re.split("[:/]", target)[-1]))
    if stem not in context.excluded_stems:
        similar = context.articles_by_slug.get(stem, article)
        hint = f"write {similar.id}" if similar is not article else "write the id of the article that this one translates"
        message = f"translation_of: no article has the id '{target}'"
        yield warn_at("unknown-translation", ("translation_of",), message, hint)


def _check_file_name(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    stem = text.file_stem(article.path)
    if stem not in (article.slug, *article.aliases):
        message = f"slug: '{article.slug}' is not the file's name '{stem}', so the file is hard to find by its address"
        hint = f"rename it to {article.slug}{usual_suffix(article.path)}"
        yield warn_at("file-name", ("slug",), message, hint)


def _check_notice(_: LintContext, article: Article) -> Iterator[DeferredWarning]:
    if article.status is ArticleStatus.WITHDRAWN and not article.notice:
        message = "no notice; readers are not told why the article was withdrawn"
        yield warn_at("no-notice", ("status",), message, "write withdrawn: and below it notice: with a sentence for them")


_RULES: Final[tuple[Callable[[LintContext, Article], Iterator[DeferredWarning]], ...]] = (
    _check_title,
    _check_summary,
    _check_image,
    _check_quotes,
    _check_published,
    _check_updated,
    _check_corrections,
    lambda context, article: _leftover_warnings(context.content.html(article)),
    _check_removed_html,
    _check_merged_tags,
    _check_hashtags,
    check_self_link,
    _check_translation,
    _check_file_name,
    check_links,
    check_embeds,
)
