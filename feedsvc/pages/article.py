"""The page of an article."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from feedsvc.catalog import Row
from feedsvc.language import Language
from feedsvc.model import Correction, Enclosure, enclosure_name
from feedsvc.pages import body_html, metadata
from feedsvc.pages.images import image_view, local_href
from feedsvc.pages.layout import Card, LinkView, PageLayout, distinct_summary
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.related import find_related
from feedsvc.routes import ArticleAt, ListingRef, path_of
from feedsvc.uris import absolute, root_relative

_MAX_VIEWS: Final = 999_999  # the largest count that a page reserves room for

# Links for sharing an article, without scripts of other sites. Each is the HTML before the title and the HTML between the title
# and the article's address. Title and address are percent-encoded.
_MAIL_LINK: Final = ("mailto:?subject=", "&amp;body=")
_SHARE_SERVICES: Final = (
    ("Mastodon", "https://share.joinmastodon.org/#text=", "%20"),
    ("Bluesky", "https://bsky.app/intent/compose?text=", "%20"),
    ("X", "https://x.com/intent/post?text=", "&amp;url="),
    ("WhatsApp", "https://wa.me/?text=", "%20"),
)
_LINKEDIN: Final = "https://www.linkedin.com/sharing/share-offsite/?url="


class ShareLink(NamedTuple):
    """A link for sharing an article. A tuple, because each page creates half a dozen."""

    title: str
    href: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentView:
    title: str
    href: str
    type: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionView:
    title: str
    text: str


class _ExpensiveVariables(NamedTuple):
    """The variables of an article's page that take longest to compute, in the order of _EXPENSIVE_FUNCTIONS."""

    json_ld: Markup
    open_graph: tuple[tuple[str, str], ...]
    shares: list[ShareLink]
    body: Markup
    related: list[Card]


_PageArguments = tuple[PageMetadata, dict[str, Any]]


def render_article(frame: PageLayout, row: Row) -> bytes:
    """Render the page of a visible article."""
    return render_articles(frame, [row])[0]


def render_articles(frame: PageLayout, rows: Sequence[Row]) -> list[bytes]:
    """Render the pages of visible articles, in order. Each step runs for all pages: that uses the processor's caches better."""
    columns = [[say(frame, row) for row in rows] for say in _EXPENSIVE_FUNCTIONS]
    facts = [_page_arguments(frame, row, _ExpensiveVariables(*said)) for row, *said in zip(rows, *columns, strict=True)]
    return [frame.render("article.html", shown, **others) for shown, others in facts]


def _page_arguments(frame: PageLayout, row: Row, said: _ExpensiveVariables) -> _PageArguments:
    catalog, site, one, lang = frame.catalog, frame.site, row.article, frame.lang
    sections = [catalog.listings[ListingRef("category", name)] for name in one.categories]
    told = distinct_summary(catalog, one)
    newer, older = (sections[0] if sections else catalog.listings[ListingRef()]).neighbours_of(row)
    return PageMetadata(
        title=f"{one.title} – {site.title}",
        canonical=_canonical_url(frame, row),
        description=told,
        feeds=frame.feed_views(*sections[:1], catalog.listings[ListingRef()]),
        graph=said.open_graph,
        data=said.json_ld,
    ), {
        "current_listing": sections[0].ref if sections else None,
        "article": one,
        "mark": frame.preview_label(row),
        "language": one.language,
        "direction": frame.direction(one),
        "places": [frame.listing_link(section) for section in sections],
        "published": frame.date_view(one.published, "published"),
        "updated": frame.date_view(row.last_changed, "updated") if row.last_changed > one.published else None,
        "authors": [frame.listing_link(catalog.listings[ListingRef("author", name)]) for name in one.authors],
        "by": lang.split_at_placeholder("by"),
        "views": root_relative(site.base_url, f"{path_of(ArticleAt(one.slug))}views"),
        "view_forms": _view_forms(lang),
        "views_room": _longest_view_count(lang),
        "photo": lang.split_at_placeholder("photo"),
        "image": image_view(catalog, one.image) if one.image else None,
        "summary": told,
        "elsewhere": lang.say("elsewhere", host=urlsplit(one.link).hostname or "") if one.link else "",
        "body": said.body,
        "enclosures": [_attachment_view(frame, enclosure) for enclosure in one.enclosures],
        "corrections": [_correction_view(frame, correction) for correction in one.corrections],
        "tags": [frame.listing_link(catalog.listings[ListingRef("tag", tag.id)]) for tag in one.tags],
        "shares": said.shares,
        "previous": _article_link(frame, older),
        "next": _article_link(frame, newer),
        "related": said.related,
    }


def _canonical_url(frame: PageLayout, row: Row) -> str:
    return row.article.link or absolute(frame.site.base_url, path_of(ArticleAt(row.article.slug)))


def _json_ld(frame: PageLayout, row: Row) -> Markup:
    one = row.article
    return Markup() if one.link else metadata.news_article_json_ld(frame.catalog, row, distinct_summary(frame.catalog, one))


def _open_graph(frame: PageLayout, row: Row) -> tuple[tuple[str, str], ...]:
    return metadata.article_open_graph(
        frame.catalog, row, distinct_summary(frame.catalog, row.article), _canonical_url(frame, row)
    )


def _body(frame: PageLayout, row: Row) -> Markup:
    # `content` has sanitized this HTML.
    return Markup(body_html.page_html(frame.catalog, frame.catalog.content.html(row.article)))  # noqa: S704


def _related_cards(frame: PageLayout, row: Row) -> list[Card]:
    return [frame.card(other) for other in find_related(frame.catalog, row)]


@lru_cache(maxsize=256)
def _view_forms(lang: Language) -> Markup:
    return escape(json.dumps(dict(lang.plural_forms("views")), ensure_ascii=False))


@lru_cache(maxsize=256)
def _longest_view_count(lang: Language) -> str:
    return lang.count("views", _MAX_VIEWS)


def _share_links(frame: PageLayout, row: Row) -> list[ShareLink]:
    told = "%20".join(map(_percent_encode, row.article.title.split(" ")))
    url = "%2F".join(map(_percent_encode, _canonical_url(frame, row).split("/")))
    forms = ((frame.lang.say("email"), *_MAIL_LINK), *_SHARE_SERVICES)
    # Percent-encoded text needs no escaping.
    found = [ShareLink(name, Markup(f"{before}{told}{after}{url}")) for name, before, after in forms]  # noqa: S704
    return [*found, ShareLink("LinkedIn", Markup(_LINKEDIN + url))]  # noqa: S704


# In the order of _ExpensiveVariables.
_EXPENSIVE_FUNCTIONS: Final[tuple[Callable[[PageLayout, Row], Any], ...]] = (
    _json_ld,
    _open_graph,
    _share_links,
    _body,
    _related_cards,
)


@lru_cache(maxsize=4096)
def _percent_encode(word: str) -> str:
    """Percent-encode a word. Cached, since words and the parts of addresses recur."""
    return quote(word, safe="")


def _correction_view(frame: PageLayout, correction: Correction) -> CorrectionView:
    day = frame.lang.period_name(correction.date.isoformat())
    return CorrectionView(title=frame.lang.say("correction", date=day), text=correction.text)


def _attachment_view(frame: PageLayout, enclosure: Enclosure) -> AttachmentView:
    href, size = local_href(frame.site, enclosure.url), frame.lang.file_size(enclosure.length)
    return AttachmentView(title=enclosure_name(enclosure), href=href, type=enclosure.type, size=size)


def _article_link(frame: PageLayout, row: Row | None) -> LinkView | None:
    if row is None:
        return None
    one = row.article
    href = frame.href(ArticleAt(one.slug))
    return LinkView(title=one.title, href=href, language=one.language, direction=frame.direction(one))
