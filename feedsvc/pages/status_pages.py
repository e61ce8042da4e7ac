"""Pages for withdrawn articles (410), unknown addresses (404) and former addresses (redirect pages)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Final

from feedsvc.catalog import MAX_TERMS
from feedsvc.model import Article
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.metadata import PageMetadata
from feedsvc.support.digest import sha256
from feedsvc.uris import absolute, root_relative

_MAX_NAME_LENGTH: Final = 100  # characters of a name that a client sent
# Reason why the form on /subscribe/ gives no feed -> key of the sentence.
COMBINATION_ERRORS: Final[Mapping[str, str]] = {
    "nothing": "combine_nothing",
    "unknown": "combine_unknown",
    "too_many": "combine_too_many",
    "contradiction": "combine_contradiction",
    "unreadable": "combine_unreadable",
}
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


def render_gone(layout: PageLayout, article: Article) -> bytes:
    """Render the page of a withdrawn article: its notice in the article's language, or a text in the site's if there is none."""
    title = layout.lang.say("withdrawn_title")
    if not article.notice:
        return render_message(layout, title, layout.lang.say("withdrawn_text"))
    return render_message(layout, title, article.notice, article.language, layout.direction(article))


def render_not_found(layout: PageLayout) -> bytes:
    """Render the page of an unknown address."""
    return render_message(layout, layout.lang.say("missing_title"), layout.lang.say("missing_text"))


def render_combination_error(layout: PageLayout, reason: str, name: str = "") -> bytes:
    """Render the page that says why the form on /subscribe/ gave no feed.

    `reason` is a key of COMBINATION_ERRORS; `name` may be any text that a client sent.
    """
    lang = layout.lang
    shown_name = "".join(filter(str.isprintable, name))[:_MAX_NAME_LENGTH]
    text = lang.say(COMBINATION_ERRORS[reason], name=shown_name, count=lang.number(MAX_TERMS))
    return render_message(layout, lang.say("combine_failed"), text)


def render_message(layout: PageLayout, title: str, text: str, language: str = "", direction: str = "") -> bytes:
    """Render a page with a title and a sentence in a language, "" for the site's. Robots must not index it."""
    head = PageMetadata(title=f"{title} – {layout.site.title}", hidden=True)
    return layout.render("message.html", head, title=title, text=text, language=language, direction=direction)


def render_redirect_page(layout: PageLayout, path: str) -> bytes:
    """Render the page at a former address for a host that serves files and cannot redirect.

    The page redirects at once to `path`, relative to base_url, and has a link to it for clients that do not follow. It loads
    nothing and shows no part of a theme. Its bytes depend only on the site's settings and `path`.
    """
    lang, base = layout.lang, layout.site.base_url
    address, href = escape(absolute(base, path)), escape(root_relative(base, path))
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
