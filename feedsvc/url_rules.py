"""URL rules of the web application, in the syntax of Werkzeug: the paths that it passes on to `routes.place_of`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feedsvc.free_places import WELL_KNOWN_FOLDER
from feedsvc.routes import LISTING_KINDS, MOST_READ_PATH, SEGMENTS, SITE_DOCUMENTS, WELL_KNOWN_FEEDS, ListingKind


def _listing_rules(kind: ListingKind) -> Mapping[str, tuple[str, ...]]:
    home = "/" if kind == "site" else f"/{SEGMENTS[kind]}/<id>/"
    feed = "feed.<suffix>"
    well_known = ", ".join(f"'{name}'" for name in WELL_KNOWN_FEEDS)
    return {
        f"{kind}_page": (home,),
        f"{kind}_feed": (f"{home}{feed}",),
        f"{kind}_archive_page": (f"{home}archive/<period>/",),
        f"{kind}_archive_feed": (f"{home}archive/<period>/{feed}",),
        # Werkzeug prefers the second rule, which has no variable in this segment, to feed.<suffix>.
        f"{kind}_well_known_feed": (f"{home}<any({well_known}):name>", f"{home}feed.xml"),
    }


# Rules by endpoint. They match at least the paths that `place_of` parses,
# except in other folders of root/ than .well-known: the application asks for these as for old addresses. `place_of` decides.
URL_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    **{endpoint: rules for kind in LISTING_KINDS for endpoint, rules in _listing_rules(kind).items()},
    "combination_feed": ("/feed/<expression>.<suffix>",),
    "article": ("/articles/<slug>/",),
    "issue": (f"/{SEGMENTS['custom']}/<id>/<date>/",),
    "media_file": ("/media/<feedsvc_path:path>",),
    "static_file": ("/static/<feedsvc_path:path>",),
    "image_variant": ("/sized/<digest>-<width>/<feedsvc_path:path>",),
    **{name.rstrip("/").replace("-", "_").replace(".", "_"): (f"/{name}",) for name in SITE_DOCUMENTS},
    "tag_list": ("/tags/", "/tags/from/<start>/"),
    "archive": ("/archive/", "/archive/<year>/<month>/", "/archive/<year>/<month>/<day>/"),
    "sitemap_part": ("/sitemap-<part>.xml",),
    "static_page": ("/<slug>/",),
    "read_counts": (MOST_READ_PATH,),
    "root_file": (f"/{WELL_KNOWN_FOLDER}/<feedsvc_path:path>",),
}
