"""Lint of links: to articles, files and listings that readers cannot open, to the article itself, and to the site by http.

And of `embeds`, the cards of links.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc import routes, uris
from feedsvc.content import text
from feedsvc.content.lint.context import DeferredWarning, LintContext, warn_at, warn_at_text
from feedsvc.content.markdown.figures import bare_links
from feedsvc.content.reading.files import usual_suffix
from feedsvc.model import Article, ArticleStatus
from feedsvc.page_model import StaticPage

_HTTP_HOST: Final = re.compile(r"\Ahttp://([^/?#:]*)(?::80(?![0-9]))?")
_LOCAL_HOST: Final = re.compile(r"https?://(?:(?:[^/?#@]*\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])(?=[:/?#]|\Z)")
# A host in the place of a path's first name. Of endings with two letters, those of files are left out.
_HOST_AS_PATH: Final = re.compile(
    r"/(?:www\.[^/]+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|int|info|news|media|dev|app|blog"
    r"|(?!cc|cs|db|gz|js|ps|py|rb|rm|sh|so|ts|xz)[a-z]{2}))(?=/|\Z)",
    re.IGNORECASE,
)
_URL_ATTRIBUTE: Final = re.compile(r'(?:href|src|cite|poster)="([^"]*)"')


def check_self_link(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning if `link` is the address of the article itself."""
    own_path = routes.path_of(routes.ArticleAt(article.slug))
    if article.link and uris.path_below(context.content.site.base_url, article.link).rstrip("/") == own_path.rstrip("/"):
        message = "link: is the address of this article, so its page would show only the summary"
        yield warn_at("self-link", ("link",), message, "delete it; link: is for articles on another site")


def check_links(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield warnings about links to articles that readers cannot open, and about links to this site with http, not https.

    Links are `link`, the addresses in `sources` and those in the body, also of images. Readers cannot open an article that is
    missing (unless its file has an error) or a draft, or whose date is in the future and after that of `article`. Also yield
    warnings about paths that end in .md, .yaml or .yml without being a file in root/, and about links to categories, authors
    and custom feeds that do not exist, and about addresses without https://, such as example.org, but in these cases not if
    redirects.yaml has a rule for the path. Other paths are not checked: another program may answer them. Addresses at the
    reader's own computer, such as http://127.0.0.1/, have a warning.
    """
    yield from _check_addresses(context, _addresses(context, article), article.published)


def check_embeds(context: LintContext, article: Article) -> Iterator[DeferredWarning]:
    """Yield a warning for each entry of `embeds` whose address is no paragraph of its own in the body."""
    if not article.embeds:
        return
    addresses = dict.fromkeys(bare_links(context.content.html(article)))
    for index, embed in enumerate(article.embeds):
        if embed.url not in addresses:
            message = f"embeds: no paragraph of the text is only the address {embed.url}, so no card is shown"
            hint = text.did_you_mean(embed.url, addresses) or "write the address in a line of its own, with empty lines around it"
            yield warn_at("unused-embed", ("embeds", index, "url"), message, hint)


def check_page_links(context: LintContext, page: StaticPage) -> Iterator[DeferredWarning]:
    """Yield the warnings of `check_links` about the links in the body of a static page, which is public now."""
    yield from _check_addresses(context, dict.fromkeys(_addresses_in(context.content.page_html(page))), context.now)


def _check_addresses(context: LintContext, addresses: Iterable[str], published: datetime) -> Iterator[DeferredWarning]:
    """Yield warnings about the addresses in a text that is `published` at a moment."""
    base_url = context.content.site.base_url
    for address in addresses:
        path = uris.path_below(base_url, address)
        place = routes.place_of(path)
        if fault := _file_fault(context, path) or _listing_fault(context, place) or _scheme_fault(context, path):
            if not _is_old_address(context, path):
                names = (path, path.strip("/").rpartition("/")[2])
                patterns = (rf"(?<=[(=\"']){re.escape(path[1:])}", *map(re.escape, names))
                yield warn_at_text("broken-link", patterns, *fault)
        elif isinstance(place, routes.ArticleAt):
            yield from _check_article_link(context, published, unicodedata.normalize("NFC", place.slug))
        elif not f"{address}/".startswith(f"{base_url}/") and _LOCAL_HOST.match(address):
            message = f"'{address}' leads readers to their own computer, not to this one"
            yield warn_at_text("broken-link", (re.escape(address),), message, "write the public address")
        elif _is_insecure(base_url, address):
            yield _insecure_link_warning(address)


def _addresses(context: LintContext, article: Article) -> Iterable[str]:
    """Return the addresses in `link`, `sources` and the body, each once in total; "" is among them if `link` is ""."""
    in_body = _addresses_in(context.content.html(article))
    return dict.fromkeys((article.link, *(source.url for source in article.sources), *in_body))


def _addresses_in(body: str) -> Iterator[str]:
    """Yield the addresses in the HTML of a body."""
    return (html.unescape(address) for address in _URL_ATTRIBUTE.findall(body))


def _file_fault(context: LintContext, path: str) -> tuple[str, str] | None:
    """Return message and hint if a path ends like a content file, in .md, .yaml or .yml, and is no file in root/; else None."""
    name = path.rpartition("/")[2]
    if not usual_suffix(name) or path[1:] in context.content.root_files:
        return None
    stem = text.file_stem(name)
    slug = next((article.slug for article in context.public_articles if text.file_stem(article.path) == stem), "")
    page = context.content.pages.get(stem)
    example = routes.path_of(routes.ArticleAt(slug)) if slug else f"/{page.slug}/" if page else "one like /articles/a-title/"
    return f"body: '{name}' is the name of a file, and readers find nothing there", f"write the address, {example}"


def _scheme_fault(context: LintContext, path: str) -> tuple[str, str] | None:
    """Return message and hint for a path that begins with a host: an address without https://. None for pages and root/."""
    if not _HOST_AS_PATH.match(path) or path.strip("/") in {*context.content.root_files, *context.content.pages}:
        return None
    return f"body: '{path[1:]}' has no https://, so it leads to a page of this site", f"write https://{path[1:]}"


def _listing_fault(context: LintContext, place: routes.Place | None) -> tuple[str, str] | None:
    """Return message and hint for a page or feed of a category, author or custom feed that does not exist; else None."""
    if not isinstance(place, routes.PageAt | routes.FeedAt):
        return None
    names = context.listings.get(place.listing.kind)
    if names is None or place.listing.id in names:
        return None
    word = "feed" if place.listing.kind == "custom" else place.listing.kind
    return f"body: a link to the {word} '{place.listing.id}', which does not exist", text.did_you_mean(place.listing.id, names)


def _is_old_address(context: LintContext, path: str) -> bool:
    redirects = context.content.redirects
    is_former = context.content.addresses.find(path)
    return bool(redirects.exact_target(path) or is_former or redirects.wildcard_target(path))


def _check_article_link(context: LintContext, published: datetime, slug: str) -> Iterator[DeferredWarning]:
    """Yield a warning if no article has the current or former slug `slug`, or if that article appears after `published`.

    It does if it is a draft, or if its own date is in the future and after `published`, the moment at which the text with the
    link appears. An article that has expired or is withdrawn gives no warning, and neither does a slug that is the name of an
    article file with an error.
    """
    target = context.articles_by_slug.get(slug)
    if target is None:
        message, hint = f"body: a link to '{slug}', but no article has this slug", context.suggest_slug(slug)
        is_dead = slug not in context.excluded_stems
    else:
        message, hint = f"body: a link to '{slug}', which is not public yet", f"see {target.path}"
        is_dead = target.status is ArticleStatus.DRAFT or target.published > max(context.now, published)
    if is_dead:
        yield warn_at_text("broken-link", _link_patterns(slug), message, hint)


def _link_patterns(slug: str) -> tuple[str, ...]:
    """Return regular expressions of the path of the article with this slug.

    One has the slug as it is, one percent-encoded, and one percent-encoded in lower case.
    """
    return tuple(rf"articles/{re.escape(form)}(?![\w%~-])" for form in (slug, quote(slug), quote(slug).lower()))


def _is_insecure(base_url: str, address: str) -> bool:
    """Return True if `base_url` has https, and the address is that of the site, or below it, but with http."""
    secure_address = _secure(address)
    path, _ = uris.split_at_query(secure_address)
    return secure_address != address and bool(uris.path_below(base_url, f"{path}/"))


def _secure(address: str) -> str:
    """Return an http address with https, and without the port of http; any other address unchanged."""
    return _HTTP_HOST.sub(r"https://\1", address)


def _insecure_link_warning(address: str) -> DeferredWarning:
    patterns = (re.escape(address), re.escape(urlsplit(address).netloc))
    return warn_at_text("http-link", patterns, f"'{address}' is this site without https", f"write {_secure(address)}")
