"""What a page tells machines in its head: canonical address, feeds, Open Graph (ogp.me) and JSON-LD (schema.org)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from feedsvc.catalog.catalog import Catalog, Listing, Row
from feedsvc.content.media.offered_widths import fitted, fitted_address
from feedsvc.feeds import FORMATS, builder
from feedsvc.model import Image, Site
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, path_of
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute, rooted

# Whatever a page loads is the site's own; only pictures and sound may come from where an editor took them.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' http: https: data:; "
    "media-src 'self' http: https:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)

_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedShown:
    """A feed on a page: `name` of its format, root-relative `href`, absolute `address`."""

    name: str
    type: str
    title: str
    href: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """`graph` are Open Graph's pairs; `data` is JSON-LD, safe inside a script element; `hidden` keeps search engines off."""

    title: str
    canonical: str = ""
    description: str = ""
    feeds: tuple[FeedShown, ...] = ()
    graph: tuple[tuple[str, str], ...] = ()
    data: Markup = Markup()  # noqa: RUF009 - immutable
    hidden: bool = False

    @property
    def own_feeds(self) -> tuple[FeedShown, ...]:
        """The feeds of this very page."""
        return self.feeds[: len(FORMATS)]


def feeds(site: Site, listing: Listing) -> tuple[FeedShown, ...]:
    """The listing's feeds."""
    return tuple(_feed(site, listing, suffix) for suffix in FORMATS)


def _feed(site: Site, listing: Listing, suffix: str) -> FeedShown:
    form, path = FORMATS[suffix], path_of(FeedAt(listing.ref, suffix))
    return FeedShown(
        name=form.name,
        type=form.media_type,
        title=builder.feed_title(site, listing),
        href=rooted(site.base_url, path),
        address=absolute(site.base_url, path),
    )


def listing_graph(catalog: Catalog, title: str, description: str, address: str) -> tuple[tuple[str, str], ...]:
    site = catalog.site
    return _given(
        ("og:type", "website"),
        ("og:title", title),
        ("og:description", description),
        ("og:url", address),
        ("og:site_name", site.title),
        ("og:locale", site.language.replace("-", "_")),
        ("og:image", fitted_address(catalog.media, site.base_url, site.logo)),
    )


def article_graph(catalog: Catalog, row: Row, summary: str, address: str) -> tuple[tuple[str, str], ...]:
    article, site, image = row.article, catalog.site, _fitted(catalog, row.article.image)
    return _given(
        ("og:type", "article"),
        ("og:title", article.title),
        ("og:description", summary),
        ("og:url", address),
        ("og:site_name", site.title),
        ("og:locale", (article.language or site.language).replace("-", "_")),
        *_picture(catalog, image),
        ("article:published_time", rfc3339(article.published)),
        ("article:modified_time", rfc3339(row.touched)),
        ("article:section", next((catalog.listings[ListingRef("category", name)].title for name in article.categories), "")),
        *(("article:tag", tag.title) for tag in article.tags),
        ("twitter:card", "summary_large_image" if image else "summary"),
    )


def _fitted(catalog: Catalog, image: Image | None) -> Image | None:
    return fitted(catalog.media, catalog.site.base_url, image) if image else None


def _picture(catalog: Catalog, image: Image | None) -> tuple[tuple[str, str], ...]:
    if image is None:
        return (("og:image", fitted_address(catalog.media, catalog.site.base_url, catalog.site.logo)),)
    size = (("og:image:width", str(image.width)), ("og:image:height", str(image.height)))
    return (("og:image", image.url), *size, ("og:image:alt", image.alt))


def _given(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in pairs if text)


def news_article(catalog: Catalog, row: Row, summary: str) -> Markup:
    """schema.org/NewsArticle as JSON-LD."""
    article, site, image = row.article, catalog.site, _fitted(catalog, row.article.image)
    people, publisher = (
        [builder.person(catalog, name) for name in article.authors],
        _publisher(site.title, site.base_url, site.logo),
    )
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "description": summary,
        "datePublished": rfc3339(article.published),
        "dateModified": rfc3339(row.touched),
        "author": [{"@type": "Person", "name": one.name, "url": one.url} for one in people] or [publisher],
        "image": [image.url] if image else [],
        "articleSection": [catalog.listings[ListingRef("category", name)].title for name in article.categories],
        "keywords": [tag.title for tag in article.tags],
        "inLanguage": article.language or site.language,
        "publisher": publisher,
        "mainEntityOfPage": absolute(site.base_url, path_of(ArticleAt(article.slug))),
    }
    text = _JSON.encode({key: value for key, value in facts.items() if value})
    # Nothing in it may end the script element (HTML, restrictions for contents of script elements).
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


@lru_cache(maxsize=8)
def _publisher(title: str, base_url: str, logo: str) -> Mapping[str, Any]:
    picture = {"logo": {"@type": "ImageObject", "url": logo}} if logo else {}
    return {"@type": "NewsMediaOrganization", "name": title, "url": absolute(base_url, "/"), **picture}
