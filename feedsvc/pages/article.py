"""Page of an article."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Final, NamedTuple, TypedDict
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from feedsvc.catalog import Row, Translation, translation_url, work_of
from feedsvc.feed_model import enclosure_name
from feedsvc.language import Language, direction, get_language, native_name
from feedsvc.model import Article, Correction, Enclosure
from feedsvc.pages import body_html, metadata
from feedsvc.pages.breadcrumbs import trail
from feedsvc.pages.hrefs import local_href
from feedsvc.pages.images import ImageView, image_view
from feedsvc.pages.layout import PageLayout, distinct_summary
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.related import find_related
from feedsvc.pages.views import Card, DateView, LinkView
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.uris import absolute, root_relative

_MAX_RELATED: Final = 3
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
    """A link for sharing an article. A tuple, because each page creates half a dozen. `title` is the name of the service."""

    title: str
    href: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentView:
    """An attachment of an article. `type` is its media type, `size` its size in words, such as 12 MB."""

    title: str
    href: str
    type: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionView:
    """A correction of an article. `title` is the word "Correction" with the day, in the language of the page's words."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AuthorBox:
    """An author below an article. `bio` and `avatar` (an address) are "" if authors.yaml has none.

    `link` leads to the page of the author's articles; `feed` is the address of the author's RSS feed.
    """

    link: LinkView
    bio: str
    avatar: str
    feed: str


class ArticleVariables(TypedDict):
    """Variables of the page of an article."""

    article: Annotated[Article, "the article as its file has it; use the other variables for what a page shows"]
    mark: Annotated[str, "reason why only a preview shows the article; empty if readers see it"]
    language: Annotated[str, "language of the article; empty if it is the site's"]
    direction: Annotated[str, "writing direction of the article; empty as the language"]
    translations: Annotated[list[LinkView], "the article in other languages, each named in its own language"]
    language_listing: Annotated[LinkView | None, "listing of the article's language, if it has one"]
    places: Annotated[list[LinkView], "categories of the article, the section first"]
    published: Annotated[DateView, "date of publication, with the time if it has one"]
    updated: Annotated[DateView | None, "date of the last change, if it is later"]
    authors: Annotated[list[LinkView], "authors"]
    author_boxes: Annotated[list[AuthorBox], "the same authors with bio, portrait and feed"]
    by: Annotated[tuple[str, str], "words before and after the names of the authors"]
    views: Annotated[str, "address at which a script counts a read and gets the number of reads"]
    view_forms: Annotated[Markup, "JSON, escaped: plural forms of the number of reads"]
    views_room: Annotated[str, "the longest number of reads with its noun, for which a page reserves room"]
    photo: Annotated[tuple[str, str], "words before and after the credit of the picture"]
    image: Annotated[ImageView | None, "lead picture"]
    summary: Annotated[str, "summary; empty if there is none, or if it equals the title"]
    elsewhere: Annotated[str, "text of the link to the article if it is on another site; else empty"]
    body: Annotated[Markup, "text as HTML"]
    enclosures: Annotated[list[AttachmentView], "attachments"]
    corrections: Annotated[list[CorrectionView], "corrections"]
    tags: Annotated[list[LinkView], "tags"]
    shares: Annotated[list[ShareLink], "links for sharing"]
    previous: Annotated[LinkView | None, "the next older article of the section"]
    next: Annotated[LinkView | None, "the next newer article of the section"]
    related: Annotated[list[Card], "related articles, without the previous one"]


class _ExpensiveVariables(NamedTuple):
    """The variables of an article's page that take longest to compute, in the order of _EXPENSIVE_FUNCTIONS."""

    json_ld: Markup
    open_graph: tuple[tuple[str, str], ...]
    shares: list[ShareLink]
    body: Markup
    related: list[Row]


_PageArguments = tuple[PageMetadata, ArticleVariables, ListingRef | None]


def render_article(layout: PageLayout, row: Row) -> bytes:
    """Render the page of a visible article.

    An article with a `link` to another site has a page with its text, too, but that link is the canonical address of the page.
    """
    return render_articles(layout, [row])[0]


def render_articles(layout: PageLayout, rows: Sequence[Row]) -> list[bytes]:
    """Render the pages of visible articles, in the order of `rows`.

    Each step runs for all pages before the next step, which uses the processor's caches better.
    """
    columns = [[compute(layout, row) for row in rows] for compute in _EXPENSIVE_FUNCTIONS]
    pages = [_page_arguments(layout, row, _ExpensiveVariables(*values)) for row, *values in zip(rows, *columns, strict=True)]
    return [layout.render("article.html", *arguments) for arguments in pages]


def _page_arguments(layout: PageLayout, row: Row, expensive: _ExpensiveVariables) -> _PageArguments:
    """Return the arguments of `PageLayout.render` after the template: metadata, variables, ListingRef of the section or None.

    The section is the article's first category; None means that it has no category. `expensive` are the variables that
    `_EXPENSIVE_FUNCTIONS` computed for this row.
    """
    catalog, site, article, lang = layout.catalog, layout.site, row.article, layout.lang
    sections = [catalog.listings[ListingRef("category", name)] for name in article.categories]
    summary = distinct_summary(catalog, article)
    newer, older = (sections[0] if sections else catalog.listings[ListingRef()]).neighbours_of(row)
    head = PageMetadata(
        title=f"{article.title} – {site.title}",
        canonical=_canonical_url(layout, row),
        description=summary,
        alternates=metadata.article_alternates(site, row) if row.translations else (),
        feeds=layout.feed_views(*sections[:1], catalog.listings[ListingRef()]),
        graph=expensive.open_graph,
        data=expensive.json_ld,
        trail=trail(layout, *((PageAt(section.ref), section.title) for section in sections[:1]), own_title=article.title),
    )
    variables = ArticleVariables(
        article=article,
        mark=layout.preview_label(row),
        language=article.language,
        direction=layout.direction(article),
        translations=[_translation_link(layout, other) for other in row.translations if other.slug != article.slug],
        language_listing=_language_link(layout, row),
        places=[layout.listing_link(section) for section in sections],
        published=layout.date_view(article.published, "published", with_time=True),
        updated=layout.date_view(row.last_changed, "updated", with_time=True) if row.last_changed > article.published else None,
        authors=[layout.listing_link(catalog.listings[ListingRef("author", name)]) for name in article.authors],
        author_boxes=[_author_box(layout, name) for name in article.authors],
        by=lang.split_at_placeholder("by"),
        views=root_relative(site.base_url, f"{path_of(ArticleAt(article.slug))}views"),
        view_forms=_view_forms(lang),
        views_room=_longest_view_count(lang),
        photo=lang.split_at_placeholder("photo"),
        image=image_view(catalog, article.image) if article.image else None,
        summary=summary,
        elsewhere=lang.say("elsewhere", host=urlsplit(article.link).hostname or "") if article.link else "",
        body=expensive.body,
        enclosures=[_attachment_view(layout, enclosure) for enclosure in article.enclosures],
        corrections=[correction_view(layout, correction) for correction in article.corrections],
        tags=[layout.listing_link(catalog.listings[ListingRef("tag", tag.id)]) for tag in article.tags],
        shares=expensive.shares,
        previous=_article_link(layout, older),
        next=_article_link(layout, newer),
        related=[layout.card(other) for other in expensive.related if not older or work_of(other) != work_of(older)][
            :_MAX_RELATED
        ],
    )
    return head, variables, sections[0].ref if sections else None


def _canonical_url(layout: PageLayout, row: Row) -> str:
    return row.article.link or absolute(layout.site.base_url, path_of(ArticleAt(row.article.slug)))


def _json_ld(layout: PageLayout, row: Row) -> Markup:
    article = row.article
    if article.link:
        return Markup()
    return metadata.news_article_json_ld(layout.catalog, row, distinct_summary(layout.catalog, article))


def _open_graph(layout: PageLayout, row: Row) -> tuple[tuple[str, str], ...]:
    summary = distinct_summary(layout.catalog, row.article)
    return metadata.article_open_graph(layout.catalog, row, summary, _canonical_url(layout, row), logo=layout.logo)


def _body(layout: PageLayout, row: Row) -> Markup:
    # `content` has sanitized this HTML.
    article, site = row.article, layout.site
    lang = get_language(article.language or site.language, site.timezone)
    text = layout.catalog.content.html(article)
    return Markup(body_html.page_html(layout.catalog, text, lang, article.embeds))  # noqa: S704


@lru_cache(maxsize=256)
def _view_forms(lang: Language) -> Markup:
    return escape(json.dumps(dict(lang.plural_forms("views")), ensure_ascii=False))


@lru_cache(maxsize=256)
def _longest_view_count(lang: Language) -> str:
    return lang.count("views", _MAX_VIEWS)


def _share_links(layout: PageLayout, row: Row) -> list[ShareLink]:
    title = "%20".join(map(_percent_encode, row.article.title.split(" ")))
    url = "%2F".join(map(_percent_encode, _canonical_url(layout, row).split("/")))
    services = ((layout.lang.say("email"), *_MAIL_LINK), *_SHARE_SERVICES)
    # Percent-encoded text needs no escaping.
    links = [ShareLink(name, Markup(f"{before}{title}{after}{url}")) for name, before, after in services]  # noqa: S704
    return [*links, ShareLink("LinkedIn", Markup(_LINKEDIN + url))]  # noqa: S704


# In the order of _ExpensiveVariables.
_EXPENSIVE_FUNCTIONS: Final[tuple[Callable[[PageLayout, Row], Any], ...]] = (
    _json_ld,
    _open_graph,
    _share_links,
    _body,
    lambda layout, row: find_related(layout.catalog, row),
)


@lru_cache(maxsize=4096)
def _percent_encode(word: str) -> str:
    """Percent-encode a word. Cached, since words and the parts of addresses recur."""
    return quote(word, safe="")


def correction_view(layout: PageLayout, correction: Correction) -> CorrectionView:
    day = layout.lang.period_name(correction.date.isoformat())
    return CorrectionView(title=layout.lang.say("correction", date=day), text=correction.text)


def _attachment_view(layout: PageLayout, enclosure: Enclosure) -> AttachmentView:
    href, size = local_href(layout.site, enclosure.url), layout.lang.file_size(enclosure.length)
    return AttachmentView(title=enclosure_name(enclosure), href=href, type=enclosure.type, size=size)


def _author_box(layout: PageLayout, name: str) -> AuthorBox:
    listing, author = layout.catalog.listings[ListingRef("author", name)], layout.catalog.content.authors[name]
    return AuthorBox(
        link=layout.listing_link(listing),
        bio=author.bio,
        avatar=local_href(layout.site, author.avatar) if author.avatar else "",
        feed=layout.href(FeedAt(listing.ref, "rss")),
    )


def _translation_link(layout: PageLayout, translation: Translation) -> LinkView:
    language = translation.language
    href = local_href(layout.site, translation_url(layout.site, translation))
    return LinkView(title=native_name(language), href=href, language=language, direction=direction(language))


def _language_link(layout: PageLayout, row: Row) -> LinkView | None:
    """Return a link to the listing of the article's language; None if it is the site's language or has no listing."""
    listing = layout.catalog.listings.get(ListingRef("language", row.article.language))
    return layout.listing_link(listing) if listing else None


def _article_link(layout: PageLayout, row: Row | None) -> LinkView | None:
    if row is None:
        return None
    article = row.article
    href = layout.href(ArticleAt(article.slug))
    return LinkView(title=article.title, href=href, language=article.language, direction=layout.direction(article))
