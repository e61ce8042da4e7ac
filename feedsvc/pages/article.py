"""Page of an article, with related ones: older articles that share tags with it, so a new article changes no older page."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Annotated, Final, NamedTuple, TypedDict
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from feedsvc.catalog import Catalog, Listing, Row, RowKey, Translation, row_key, translation_url, work_of
from feedsvc.feed_model import enclosure_name
from feedsvc.language import Language, direction, get_language, native_name
from feedsvc.model import Article, Correction, Enclosure
from feedsvc.pages import body_html, metadata
from feedsvc.pages.layout import PageLayout, distinct_summary
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.views import Card, DateView, ImageView, LinkView, image_view, local_href
from feedsvc.routes import ArticleAt, FeedAt, ListingRef, PageAt, path_of
from feedsvc.support.sorted_chunks import PersistentSortedList
from feedsvc.uris import absolute, root_relative

# The next older articles of each tag, from which related ones are chosen. With a limit, a page costs the same in any archive.
MAX_CANDIDATES: Final = 24
_MAX_RELATED: Final = 3
_RELATED_CANDIDATES: Final = 4  # one more than a page shows, because the previous article is not shown again
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


def render_article(layout: PageLayout, row: Row) -> bytes:
    """Render the page of a visible article.

    An article with a `link` to another site has a page with its text, too, but that link is the canonical address of the page.
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
        graph=metadata.article_open_graph(catalog, row, summary, _canonical_url(layout, row), logo=layout.logo),
        data=Markup() if article.link else metadata.news_article_json_ld(catalog, row, summary),
        trail=layout.trail(*((PageAt(section.ref), section.title) for section in sections[:1]), own_title=article.title),
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
        body=_body(layout, row),
        enclosures=[_attachment_view(layout, enclosure) for enclosure in article.enclosures],
        corrections=[correction_view(layout, correction) for correction in article.corrections],
        tags=[layout.listing_link(catalog.listings[ListingRef("tag", tag.id)]) for tag in article.tags],
        shares=_share_links(layout, row),
        previous=_article_link(layout, older),
        next=_article_link(layout, newer),
        related=[layout.card(other) for other in find_related(catalog, row) if not older or work_of(other) != work_of(older)][
            :_MAX_RELATED
        ],
    )
    return layout.render("article.html", head, variables, sections[0].ref if sections else None)


def _canonical_url(layout: PageLayout, row: Row) -> str:
    return row.article.link or absolute(layout.site.base_url, path_of(ArticleAt(row.article.slug)))


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


def find_related(catalog: Catalog, row: Row) -> list[Row]:
    """Return up to _RELATED_CANDIDATES older visible rows of different works.

    First come those that share the most tags with `row`, then the newest.

    [] if no older row shares a tag. Only the next MAX_CANDIDATES older rows of each tag of `row` are compared.
    """
    candidates = [_older_candidates(catalog.listings[ListingRef("tag", tag.id)], row) for tag in row.article.tags]
    tag_counts = Counter(map(id, chain.from_iterable(candidates)))  # number of tags in common, by id of the row
    related: list[Row] = []
    if max(tag_counts.values(), default=0) > 1:
        rows_by_id = {id(other): other for other in chain.from_iterable(candidates) if tag_counts[id(other)] > 1}
        related = sorted(rows_by_id.values(), key=lambda other: (-tag_counts[id(other)], row_key(other)))
    if len(related) < _RELATED_CANDIDATES:
        # Only the first few of each tag can be among the newest, and comparing dates costs most here.
        heads = [islice((other for other in rows if tag_counts[id(other)] == 1), _RELATED_CANDIDATES) for rows in candidates]
        related += sorted(chain.from_iterable(heads), key=row_key)
    rows_by_work: dict[str, Row] = {}
    for other in related:
        rows_by_work.setdefault(work_of(other), other)
    return [*rows_by_work.values()][:_RELATED_CANDIDATES]


def _older_candidates(tag_listing: Listing, row: Row) -> tuple[Row, ...]:
    stories, row = tag_listing.stories, tag_listing.story_of(row)
    start = stories.rank(row)
    rows = stories.visible[start : start + MAX_CANDIDATES + 1]
    return rows[1:] if rows and rows[0].key == row.key else rows[:MAX_CANDIDATES]


def find_linking_rows(catalog: Catalog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the visible rows of `catalog` whose pages may link to one of `rows` as related.

    They are, for each of `rows` and each of its tags, the next MAX_CANDIDATES newer rows with this tag. `rows` may be rows of
    another catalog. A row with several tags may be yielded more than once.
    """
    rows_by_tag: dict[str, list[Row]] = {}
    for row in rows:
        for tag in row.article.tags:
            rows_by_tag.setdefault(tag.id, []).append(row)
    for name, tagged in rows_by_tag.items():
        if tag_listing := catalog.listings.get(ListingRef("tag", name)):
            yield from _newer_candidates(tag_listing.stories.visible, {tag_listing.story_of(row).key for row in tagged})


def _newer_candidates(visible: PersistentSortedList[Row], keys: Iterable[RowKey]) -> Iterator[Row]:
    """Yield, for each key, up to MAX_CANDIDATES rows directly before its place in `visible` (newer ones), each row once."""
    end = 0
    for index in sorted(bisect_left(visible, key, key=row_key) for key in keys):
        yield from visible[max(end, index - MAX_CANDIDATES) : index]
        end = index
