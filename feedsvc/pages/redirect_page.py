"""The page at a former address, for a host that serves files and cannot redirect.

The page loads nothing and shows no part of a theme. Its bytes depend only on the site's settings and the target address.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from feedsvc.pages.layout import PageLayout
from feedsvc.uris import absolute, root_relative

_STYLE: Final = (
    "body{margin:0;font:1.125rem/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff}"
    "main{max-width:40rem;margin:15vh auto;padding:0 1.25rem;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25}a{color:#0b57a4}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}a{color:#8ec1ff}}"
)
# The digest allows this style and no other (CSP Level 3, section 8.3).
_CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)


def render_redirect_page(frame: PageLayout, path: str) -> bytes:
    """Render a page that redirects to the document at `path` at once, with a link for clients that do not follow."""
    lang, base = frame.lang, frame.site.base_url
    address, href = escape(absolute(base, path)), escape(root_relative(base, path))
    title = escape(lang.say("moved_title"))
    return f"""<!doctype html>
<html lang="{escape(lang.tag)}" dir="{lang.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(_CONTENT_SECURITY_POLICY, quote=False)}">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} – {escape(frame.site.title)}</title>
<link rel="canonical" href="{address}">
<meta http-equiv="refresh" content="0; url={href}">
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{escape(lang.say("moved_text"))} <a href="{href}" dir="ltr">{address}</a></p>
</main>
</body>
</html>
""".encode()
