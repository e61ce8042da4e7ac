"""Links that open a feed in a feed reader: an app on the device, or a service on the web. They need no scripts of services."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from feedsvc.language import Language
from feedsvc.pages.views import LinkView

# Services with a public address that subscribes to a feed; the percent-encoded address of the feed follows.
_SERVICES: Final = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
)


def reader_links(lang: Language, url: str) -> list[LinkView]:
    """Return links that open the feed at an absolute URL: in an app, by the scheme feed:, and in services."""
    encoded = quote(url, safe="")
    services = [LinkView(title=name, href=f"{address}{encoded}") for name, address in _SERVICES]
    return [LinkView(title=lang.say("reader_app"), href=f"feed:{url}"), *services]
