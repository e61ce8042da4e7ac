"""Pages for withdrawn articles (410), unknown addresses (404), forms that gave no feed, and former addresses (redirect pages)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from itertools import islice
from typing import Annotated, Final, TypedDict

from feedsvc.catalog import MAX_TERMS, Catalog, Row, is_visible
from feedsvc.model import Article
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.menus import navigation_categories
from feedsvc.pages.metadata import PageMetadata
from feedsvc.pages.views import Card, DateView, LinkView
from feedsvc.routes import ListingRef
from feedsvc.support.digest import sha256
from feedsvc.uris import absolute, root_relative

_NEWEST_ARTICLES: Final = 5
_MAX_NAME_LENGTH: Final = 100  # characters of a name that a client sent
# Reasons why the form on /subscribe/ gives no feed; the key of the sentence is combine_REASON.
COMBINATION_ERRORS: Final = ("nothing", "unknown", "too_many", "contradiction", "unreadable")
_REDIRECT_STYLE: Final = (
    "body{margin:0;font:1.125rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff}"
    "main{max-width:40rem;margin:15vh auto;padding:0 1.25rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25}a{color:#0b57a4}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}a{color:#8ec1ff}}"
)
# The digest allows this style and no other (CSP Level 3, section 8.3).
_REDIRECT_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_REDIRECT_STYLE)).decode()}'; base-uri 'none'; form-action 'none'"
)


class MessageVariables(TypedDict):
    """Variables of pages with a sentence: a withdrawn article, an unknown address, a form that gave no feed."""

    title: Annotated[str, "heading of the page"]
    article: Annotated[Article | None, "article that was withdrawn; None on other pages"]
    published: Annotated[DateView | None, "date of its publication"]
    withdrawn: Annotated[DateView | None, "date of its withdrawal"]
    text: Annotated[str, "the sentence"]
    language: Annotated[str, "language of the sentence; empty if it is the page's"]
    direction: Annotated[str, "writing direction of the sentence; empty as the language"]
    leads_on: Annotated[bool, "true if the page links to sections and archive: all but that of a form"]
    section_links: Annotated[list[LinkView], "the categories in the navigation menu, or all"]
    newest: Annotated[list[Card], "newest articles, on the page of an unknown address; else empty"]


def render_gone(layout: PageLayout, article: Article) -> bytes:
    """Render the page of a withdrawn article: its title, date and `notice`; without one, a sentence in the site's language."""
    title = layout.lang.say("withdrawn_title")
    if not article.notice:
        return render_message(layout, title, layout.lang.say("withdrawn_text"), article=article)
    return render_message(layout, title, article.notice, article.language, layout.direction(article), article=article)


def render_not_found(layout: PageLayout) -> bytes:
    """Render the page of an unknown address, with the newest articles."""
    newest = newest_rows(layout.catalog)
    return render_message(layout, layout.lang.say("missing_title"), layout.lang.say("missing_text"), newest=newest)


def newest_rows(catalog: Catalog) -> tuple[Row, ...]:
    """Return up to _NEWEST_ARTICLES newest visible rows of the site, for the page of an unknown address."""
    return tuple(islice(filter(is_visible, catalog.listings[ListingRef()].stories.feed_rows), _NEWEST_ARTICLES))


def render_combination_error(layout: PageLayout, reason: str, name: str = "") -> bytes:
    """Render the page that says why the form on /subscribe/ gave no feed.

    `reason` is one of COMBINATION_ERRORS. `name` is the name at fault, "" for none; it may be any text that a client sent: the
    page shows its first _MAX_NAME_LENGTH printable characters.
    """
    lang = layout.lang
    shown_name = "".join(filter(str.isprintable, name))[:_MAX_NAME_LENGTH]
    text = lang.say(f"combine_{reason}", name=shown_name, count=lang.number(MAX_TERMS))
    return render_message(layout, lang.say("combine_failed"), text, leads_on=False)


def render_message(
    layout: PageLayout,
    title: str,
    text: str,
    language: str = "",
    direction: str = "",
    *,
    article: Article | None = None,
    newest: Sequence[Row] = (),
    leads_on: bool = True,
) -> bytes:
    """Render a page with a title and a sentence, `text`. Robots must not index the page.

    `language` and `direction` are those of the sentence, "" if it is in the language of the layout. `article` is the article
    that was withdrawn, whose title and date the page shows. With `leads_on`, the page links to the sections and the archive,
    and lists the articles of `newest`, if there are any.
    """
    head = PageMetadata(title=f"{title} – {layout.site.title}", hidden=True)
    variables = MessageVariables(
        title=title,
        article=article,
        published=layout.date_view(article.published, "published") if article and layout.site.show.dates else None,
        withdrawn=layout.date_view(article.withdrawn_at) if article and article.withdrawn_at and layout.site.show.dates else None,
        text=text,
        language=language,
        direction=direction,
        leads_on=leads_on,
        section_links=[
            layout.listing_link(layout.catalog.listings[ListingRef("category", name)])
            for name in dict.fromkeys(navigation_categories(layout.catalog))
        ],
        newest=[layout.card(row) for row in newest],
    )
    return layout.render("message.html", head, variables)


def render_redirect_page(layout: PageLayout, path: str) -> bytes:
    """Render the page at a former address for a host that serves files and cannot redirect.

    The page redirects at once to `path`, and has a link to it for clients that do not follow. `path` is a decoded path below
    base_url that begins with a slash, or an absolute address. The page loads nothing and shows no part of a theme. Its bytes
    depend only on the site's settings and `path`.
    """
    lang, base = layout.lang, layout.site.base_url
    is_path = path.startswith("/")
    address, href = (escape(absolute(base, path)), escape(root_relative(base, path))) if is_path else (escape(path), escape(path))
    title = escape(lang.say("moved_title"))
    return f"""<!doctype html>
<html lang="{escape(lang.tag)}" dir="{lang.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(_REDIRECT_POLICY, quote=False)}">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} – {escape(layout.site.title)}</title>
<link rel="canonical" href="{address}">
<meta http-equiv="refresh" content="0; url={href}">
<style>{_REDIRECT_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{escape(lang.say("moved_text"))} <a href="{href}" dir="ltr">{address}</a></p>
</main>
</body>
</html>
""".encode()
