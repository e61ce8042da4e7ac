"""Metadata in the head of a page: canonical address, feeds, Open Graph (ogp.me) and JSON-LD (schema.org)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from markupsafe import Markup

from feedsvc.catalog import Catalog, Listing, Row, Translation, by_hreflang, translation_url
from feedsvc.content.media import fit_image
from feedsvc.feeds import FORMATS, author_person, feed_title, suffixes_of
from feedsvc.model import Image, Site
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, path_of
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute, path_below, root_relative

# A page loads only files of the site itself, except images, sound and video, which an editor may take from other sites.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' http: https: data:; "
    "media-src 'self' http: https:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
# Of a page with a form that is sent to the site itself.
FORM_POLICY: Final = CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'")

_JSON_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedView:
    """A feed on a page: the `name` of its format, root-relative `href` and absolute `url`."""

    name: str
    type: str
    title: str
    href: str
    url: str


class Breadcrumb(NamedTuple):
    """A page above another one, or that page itself, which comes last. `href` is root-relative, "" for the page itself.

    The page itself is only in JSON-LD; visible breadcrumbs leave it out.
    """

    title: str
    href: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageMetadata:
    """Metadata of a page. `hidden` means that robots must not index it (noindex).

    `alternates` are (hreflang, absolute address) of the page in each language, this one included; () without translations.
    `graph` has Open Graph pairs (property, content); `data` is JSON-LD, safe in a script element. `profiles` are the publisher's
    accounts elsewhere (rel=me). `trail` are the breadcrumbs, from the front page to the page itself; () for none.
    """

    title: str
    canonical: str = ""
    description: str = ""
    alternates: tuple[tuple[str, str], ...] = ()
    feeds: tuple[FeedView, ...] = ()
    graph: tuple[tuple[str, str], ...] = ()
    data: Markup = Markup()  # noqa: RUF009 - immutable
    hidden: bool = False
    profiles: tuple[str, ...] = ()
    trail: tuple[Breadcrumb, ...] = ()

    @property
    def own_feeds(self) -> tuple[FeedView, ...]:
        """Feeds of the first listing in `feeds`: the page's own listing or section, else the site. They are in one folder."""
        folder = self.feeds[0].url.rpartition("/")[0]
        return tuple(feed for feed in self.feeds if feed.url.rpartition("/")[0] == folder)


def feed_views(site: Site, listing: Listing) -> tuple[FeedView, ...]:
    """Return the feeds of a listing that pages link to: RSS, Atom, JSON Feed, then those of plug-ins."""
    linked = {suffix: FORMATS[suffix] for suffix in suffixes_of(listing.ref) if FORMATS[suffix].is_linked}
    paths = {suffix: path_of(FeedAt(listing.ref, suffix)) for suffix in linked}
    return tuple(
        FeedView(
            name=linked[suffix].name,
            type=linked[suffix].media_type,
            title=feed_title(site, listing),
            href=root_relative(site.base_url, path),
            url=absolute(site.base_url, path),
        )
        for suffix, path in paths.items()
    )


def article_alternates(site: Site, row: Row) -> tuple[tuple[str, str], ...]:
    """Return (hreflang, absolute address) of an article's page in each language, its own included, then of x-default, if any.

    () if the article has no visible translation.
    """
    return tuple((language, translation_url(site, translation)) for language, translation in by_hreflang(site, row.translations))


def open_graph(
    catalog: Catalog,
    title: str,
    description: str,
    address: str,
    *,
    logo: Image | None,
    language: str = "",
    image: Image | None = None,
    kind: str = "website",
    details: Iterable[tuple[str, str]] = (),
    card: str = "",
) -> tuple[tuple[str, str], ...]:
    """Return the Open Graph pairs (property, content) of the page at the absolute `address`, without empty values.

    `language` is the page's language tag, "" for the site's. A page without `image` has `logo`, a result of `logo_image`; if
    that is None, it has the address of the site's logo without a size. `card` is the card on Twitter without `image`. Values are
    not escaped.
    """
    pairs = (
        ("og:type", kind),
        ("og:title", title),
        ("og:description", description),
        ("og:url", address),
        ("og:site_name", catalog.site.title),
        ("og:locale", (language or catalog.site.language).replace("-", "_")),
        *_image_properties(catalog, _fit_image(catalog, image) or logo),
        *details,
        ("twitter:card", "summary_large_image" if image else card),
    )
    return tuple((name, text) for name, text in pairs if text)


def article_open_graph(
    catalog: Catalog, row: Row, summary: str, address: str, *, logo: Image | None
) -> tuple[tuple[str, str], ...]:
    """Return the Open Graph pairs of an article's page, see `open_graph`. `summary` is "" for none."""
    article = row.article
    section = next((catalog.listings[ListingRef("category", name)].title for name in article.categories), "")
    details = (
        ("article:published_time", rfc3339(article.published)),
        ("article:modified_time", rfc3339(row.last_changed)),
        ("article:section", section),
        *(("article:tag", catalog.tag_listing(tag.id).title) for tag in article.tags),
    )
    return open_graph(
        catalog,
        article.title,
        summary,
        address,
        logo=logo,
        language=article.language,
        image=article.image,
        kind="article",
        details=details,
        card="summary",
    )


def _fit_image(catalog: Catalog, image: Image | None) -> Image | None:
    return fit_image(catalog.media, catalog.site.base_url, image) if image else None


def _image_properties(catalog: Catalog, image: Image | None) -> tuple[tuple[str, str], ...]:
    if image is None:
        return (("og:image", catalog.site.logo),)
    size = (("og:image:width", str(image.width)), ("og:image:height", str(image.height)))
    return (("og:image", image.url), *size, ("og:image:alt", image.alt))


def logo_image(catalog: Catalog, pixels: tuple[int, int] | None) -> Image | None:
    """Return the site's logo, or a narrower variant if it is too wide for feeds and Open Graph.

    `pixels` are width and height of the logo; None if they are unknown or there is no logo, and then the result is None.
    """
    if pixels is None:
        return None
    logo = catalog.site.logo
    file_type = catalog.media[path_below(catalog.site.base_url, logo)[1:]].type
    return _fit_image(catalog, Image(url=logo, type=file_type, width=pixels[0], height=pixels[1]))


def news_article_json_ld(catalog: Catalog, row: Row, summary: str) -> Markup:
    """Return a visible article as schema.org/NewsArticle in JSON-LD, safe in a script element. `summary` is "" for none."""
    article, site, image = row.article, catalog.site, _fit_image(catalog, row.article.image)
    people = [author_person(catalog, name) for name in article.authors]
    publisher = _publisher(site.title, site.base_url, site.logo)
    properties: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "description": summary,
        "datePublished": rfc3339(article.published),
        "dateModified": rfc3339(row.last_changed),
        "author": [{"@type": "Person", "name": person.name, "url": person.url} for person in people] or [publisher],
        "image": [image.url] if image else [],
        "articleSection": [catalog.listings[ListingRef("category", name)].title for name in article.categories],
        "keywords": [catalog.tag_listing(tag.id).title for tag in article.tags],
        "inLanguage": article.language or site.language,
        "publisher": publisher,
        "mainEntityOfPage": absolute(site.base_url, path_of(ArticleAt(article.slug))),
        **_work_properties(site, row),
    }
    return _as_script({key: value for key, value in properties.items() if value})


def home_json_ld(site: Site) -> Markup:
    """Return the site as schema.org/WebSite, and its publisher, in JSON-LD, safe in a script element."""
    url = absolute(site.base_url, "/")
    organization = {
        **_publisher(site.title, site.base_url, site.logo),
        "@id": f"{url}#publisher",
        "description": site.description,
        "sameAs": list(site.profiles),
    }
    website = {
        "@type": "WebSite",
        "@id": f"{url}#website",
        "name": site.title,
        "url": url,
        "inLanguage": site.language,
        "publisher": {"@id": f"{url}#publisher"},
    }
    graph = [{key: value for key, value in organization.items() if value}, website]
    return _as_script({"@context": "https://schema.org", "@graph": graph})


def breadcrumb_json_ld(site: Site, trail: Sequence[Breadcrumb], address: str) -> Markup:
    """Return the breadcrumbs of a page as schema.org/BreadcrumbList in JSON-LD, safe in a script element.

    `address` is the page's absolute address, which a breadcrumb without `href` gets.
    """
    origin = f"{urlsplit(site.base_url).scheme}://{urlsplit(site.base_url).netloc}"
    items = [
        {
            "@type": "ListItem",
            "position": position,
            "name": crumb.title,
            "item": f"{origin}{crumb.href}" if crumb.href else address,
        }
        for position, crumb in enumerate(trail, 1)
    ]
    return _as_script({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items})


def _as_script(properties: Mapping[str, Any]) -> Markup:
    text = _JSON_ENCODER.encode(properties)
    # No text may end the script element (HTML, "Restrictions for contents of script elements").
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _work_properties(site: Site, row: Row) -> Mapping[str, Any]:
    """Return a property of schema.org: `translationOfWork` for a translation, `workTranslation` for any other article.

    `workTranslation` is the list of the visible translations, which may be empty. `translationOfWork` is the original; if that
    is not visible, the result is {}.
    """
    others = [translation for translation in row.translations if translation.slug != row.article.slug]
    if not row.article.translation_of:
        return {"workTranslation": [_translation_json_ld(site, translation) for translation in others]}
    original = next((translation for translation in others if translation.is_original), None)
    return {"translationOfWork": _translation_json_ld(site, original)} if original else {}


def _translation_json_ld(site: Site, translation: Translation) -> Mapping[str, Any]:
    return {"@type": "NewsArticle", "url": translation_url(site, translation), "inLanguage": translation.language}


@lru_cache(maxsize=8)
def _publisher(title: str, base_url: str, logo: str) -> Mapping[str, Any]:
    logo_property = {"logo": {"@type": "ImageObject", "url": logo}} if logo else {}
    return {"@type": "NewsMediaOrganization", "name": title, "url": absolute(base_url, "/"), **logo_property}
