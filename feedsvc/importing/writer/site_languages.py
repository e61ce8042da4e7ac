"""Languages of a site of WordPress at an earlier import, of which a later, partial export may lack some."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from feedsvc.importing.source import SourceSite
from feedsvc.importing.wordpress import LANGUAGE_FOLDER
from feedsvc.importing.writer.base import REDIRECTS, ImportBase, former_target
from feedsvc.importing.writer.feed_targets import language_page

_LANGUAGE_FEED: Final = re.compile(r"(/language/[^/]+/)feed\.atom")
_FORMER_FEED: Final = re.compile(r".*/([^/]+)/feed/atom/")


def with_known_languages(site: SourceSite, base: ImportBase, old_path: Callable[[str], str]) -> SourceSite:
    """Return the site with the main language of its last import first, also if this export has no published post in it.

    Else a later, partial export would lead subscribers to posts in all languages. The folder of the addresses of languages is
    that of the last import, too. `old_path` returns an address of the site as the key of a rule.
    """
    front = site.address.rstrip("/")
    known = _LANGUAGE_FEED.fullmatch(former_target(base, old_path(f"{front}/feed/atom/")))
    if not known:
        return site
    former = (_FORMER_FEED.fullmatch(old) for old in base.keys(REDIRECTS) if former_target(base, old) == known[0])
    main = next((match[1] for match in former if match and language_page(match[1]) == known[1]), known[1].split("/")[2])
    others = (name for name in site.languages if name != main)
    is_below_folder = base.has(REDIRECTS, old_path(f"{front}/{LANGUAGE_FOLDER}{main}/feed/atom/"))
    folder = LANGUAGE_FOLDER if is_below_folder else site.language_folder
    return replace(site, languages=(main, *others), language_folder=folder)
