"""Lint of links: links of an article to articles that readers cannot open, and to the site itself without https."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc import routes, uris
from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import DeferredWarning, warn_at, warn_at_text
from feedsvc.model import Article, ArticleStatus

_URL_ATTRIBUTE: Final = re.compile(r'(?:href|src|cite|poster)="([^"]*)"')


def check_self_link(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning if `link` is the address of the article itself."""
    own_path = routes.path_of(routes.ArticleAt(article.slug))
    if article.link and uris.path_below(context.content.site.base_url, article.link).rstrip("/") == own_path.rstrip("/"):
        message = "link: leads to this very article, whose page would show a summary only"
        yield warn_at(("link",), message, "delete it; it is for articles that live elsewhere")


def check_links(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield warnings about the addresses in the body, in `link` and in `sources`."""
    base_url = context.content.site.base_url
    for address in _addresses(context, article):
        place = routes.place_of(uris.path_below(base_url, address))
        if isinstance(place, routes.ArticleAt):
            yield from _check_article_link(context, article, unicodedata.normalize("NFC", place.slug))
        elif _is_insecure(base_url, address):
            yield _insecure_link_warning(base_url, address)


def _addresses(context: LintContext, article: Article) -> Iterable[str]:
    """Return each address once."""
    in_body = (html.unescape(address) for address in _URL_ATTRIBUTE.findall(context.content.html(article)))
    return dict.fromkeys((article.link, *(source.url for source in article.sources), *in_body))


def _check_article_link(context: LintContext, article: Article, slug: str) -> Iterator[DeferredWarning]:
    """Yield a warning if no article has the slug, or if the one that has it becomes public later than this article."""
    target = context.articles_by_slug.get(slug)
    if target is None:
        message, hint = f"body: a link to '{slug}', but no article has this slug", context.suggest_slug(slug)
        is_dead = slug not in context.excluded_stems
    else:
        message, hint = f"body: a link to '{slug}', which is not public yet", f"see {target.path}"
        is_dead = target.status is ArticleStatus.DRAFT or target.published > max(context.now, article.published)
    if is_dead:
        yield warn_at_text(_link_patterns(slug), message, hint)


def _link_patterns(slug: str) -> tuple[str, ...]:
    """Return patterns of an article's path with the slug as it is, percent-encoded, and percent-encoded in lower case."""
    return tuple(rf"articles/{re.escape(form)}(?![\w%~-])" for form in (slug, quote(slug), quote(slug).lower()))


def _is_insecure(base_url: str, address: str) -> bool:
    """Return whether the site has https and the address is at the same host, but with http."""
    base, other = urlsplit(base_url), urlsplit(address)
    return (base.scheme, other.scheme) == ("https", "http") and base.hostname == other.hostname


def _insecure_link_warning(base_url: str, address: str) -> DeferredWarning:
    path = urlsplit(address).path.removeprefix(urlsplit(base_url).path) or "/"
    patterns = (re.escape(address), re.escape(urlsplit(address).netloc))
    return warn_at_text(patterns, f"'{address}' is this very site, without https", f"write {path}")
