"""Static pages: the pages of the files in pages/."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypedDict

from markupsafe import Markup

from feedsvc.free_places import StaticPageAt
from feedsvc.language import direction, get_language
from feedsvc.page_model import StaticPage
from feedsvc.pages import body_html
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.views import DateView, LinkView


class StaticPageVariables(TypedDict):
    """Variables of a static page."""

    title: Annotated[str, "heading of the page"]
    body: Annotated[Markup, "the body as HTML"]
    updated: Annotated[DateView | None, "date in the file; none without one"]
    language: Annotated[str, "language of the page if it is not the site's, or empty"]
    direction: Annotated[str, "writing direction of that language; empty as the language"]
    mark: Annotated[str, "mark of a draft in a preview, or empty"]
    siblings: Annotated[list[LinkView], "the other pages that menus link to, in their order"]


def render_static_page(layout: PageLayout, page: StaticPage) -> bytes:
    """Render the page of a file in pages/."""
    trail = layout.trail(own_title=page.title)
    head = layout.head(StaticPageAt(page.slug), page.title, description=page.description, language=page.language, trail=trail)
    return layout.render(
        "static_page.html",
        replace(head, title=f"{page.title} – {layout.site.title}", hidden=page.is_draft),
        StaticPageVariables(
            title=page.title,
            body=_body(layout, page),
            updated=layout.date_view(page.updated, "updated") if page.updated else None,
            language=page.language,
            direction=direction(page.language) if page.language else "",
            mark=layout.lang.say("draft") if page.is_draft else "",
            siblings=[one for one in layout.page_links() if one.href != layout.href(StaticPageAt(page.slug))],
        ),
    )


def _body(layout: PageLayout, page: StaticPage) -> Markup:
    # `content` has sanitized this HTML.
    lang = get_language(page.language or layout.site.language, layout.site.timezone)
    return Markup(body_html.page_html(layout.catalog, layout.catalog.content.page_html(page), lang))  # noqa: S704
