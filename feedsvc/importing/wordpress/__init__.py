"""Reader of WordPress's export format, WXR 1.0 to 1.2, and of what posts of WordPress contain.

Files come in; the neutral records of `importing.source` go out, with the addresses of the site's former feeds. Only other
packages of `importing` call it.
"""

from feedsvc.importing.wordpress.export_source import open_wordpress_export
from feedsvc.importing.wordpress.former_feeds import (
    FeedHolding,
    WordPressFeed,
    feeds_below,
    former_feeds,
    listing_page,
)
from feedsvc.importing.wordpress.site_facts import LANGUAGE_FOLDER

__all__ = [
    "LANGUAGE_FOLDER",
    "FeedHolding",
    "WordPressFeed",
    "feeds_below",
    "former_feeds",
    "listing_page",
    "open_wordpress_export",
]
