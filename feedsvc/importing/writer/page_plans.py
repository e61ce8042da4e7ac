"""Plans for the pages of a source: the file in pages/ that each one gets, and why it loses its address or becomes a draft."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.addresses import is_front_page, page_key, split_address
from feedsvc.importing.source import PostState, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.existing import ExistingPages, name_key
from feedsvc.importing.writer.names import NamePool, as_slug, portable_name, slug_of_address
from feedsvc.importing.writer.one_line import plain_line
from feedsvc.importing.writer.plans import PostPlan, is_page_path
from feedsvc.model import Site
from feedsvc.routes import place_of

# First segment of the addresses of pages: of WordPress on servers that rewrite none, and of Blogger.
_FOLDERS: Final = (["index.php"], ["p"])
_INDEX: Final = "index"  # name, without suffix, of the file of a folder's page
_VISIBLE: Final = re.compile(r"[^\s\u00ad\u200b-\u200f\u2060\ufeff]")  # a character that takes space and ink
_SHOWN: Final = re.compile(r"<(?:img|video|audio|iframe|figure|a|hr)\b", re.IGNORECASE)  # show something without text


class PagePlanner:
    """Planner of the pages of one source. A file in pages/ with the name of a page is its file, unless it is another page's.

    If the source is an export of the newsroom itself (`site`), it is the file even if the page came from another source first.
    """

    def __init__(self, existing: ExistingPages, base: ImportBase, source: SourceSite, site: Site) -> None:
        self._existing, self._site_address = existing, source.address or site.base_url
        self._is_own = source.system is SourceSystem.FEEDSVC and page_key(source.address) == page_key(site.base_url)
        lines = (base.get(ARTICLES, key) for key in base.keys(ARTICLES))
        known = {line[0] for line in lines if is_page_path(line[0])}
        self._planned = set[str]() if self._is_own else known | {existing.find(path) for path in known}
        self._deleted = {path for path in known if not existing.find(path)}
        # That of a deleted file stays in use, because redirects lead to it.
        self._names = NamePool((*existing.paths, *(name_key(PurePosixPath(path).stem) for path in known)))

    def plan(self, post: SourcePost, known_path: str) -> PostPlan:
        """Return the plan of a page for its file, which the base has at `known_path`; `is_deleted` if the file is not there.

        If `known_path` is "", it is for the file in pages/ with the page's name or a new one, and the name is reserved.
        """
        if known_path:
            path = self.find(known_path)
            slug = self._existing.slugs.get(path, PurePosixPath(known_path).stem)
            base_path = known_path if path and slug != PurePosixPath(known_path).stem else ""  # the name is an alias now
            return PostPlan("", slug, path or known_path, is_existing=bool(path), is_deleted=not path, base_path=base_path)
        for name, is_used in self._names.candidates(portable_name(page_name(post, self._site_address))):
            path = self._existing.paths.get(name_key(name), "")
            if self._is_own and page_path(name) in self._deleted:
                return PostPlan("", name, page_path(name), is_deleted=True)
            if is_used and (not path or path in self._planned):
                continue
            if place_of(f"/{name}/") == StaticPageAt(name):
                plan = PostPlan("", self._existing.slugs.get(path, name), path or page_path(name), is_existing=bool(path))
                self._planned.add(plan.path)
                self._names.add(name)
                return plan
        raise AssertionError

    def find(self, known_path: str) -> str:
        """Return the path of the file that was at `known_path` after the last import, "" if it is not there."""
        return self._existing.find(known_path)


def page_path(name: str) -> str:
    """Return the path of a page's file, below the content folder."""
    return f"{PAGES_FOLDER}/{name}{PAGE_SUFFIX}"


def page_name(post: SourcePost, site_address: str) -> str:
    """Return the wanted name of a page as a slug: about-team for /about/team/; without one in the address, made from its title.

    It is "" if neither has a letter or digit, and may be in use.
    """
    *parents, _own = _segments(post.address, site_address) or [""]
    own = slug_of_address(post.address)
    return as_slug("-".join((*map(unquote, parents), own))) if own else as_slug(post.title.lower())


def can_have_own_name(post: SourcePost, site_address: str) -> bool:
    """Return whether a page can be at its former address, unless another page is."""
    name = slug_of_address(post.address)
    is_free = place_of(f"/{name}/") == StaticPageAt(name) and portable_name(name) == name
    return bool(name) and is_free and not is_nested(post, site_address)


def is_nested(post: SourcePost, site_address: str) -> bool:
    """Return whether the address of a page has several segments below that of the site. Menus do not show such a page."""
    return len(_segments(post.address, site_address)) > 1


def _segments(address: str, site_address: str) -> list[str]:
    """Return the segments of an address below that of the site, without index.php, or the folder p of Blogger, at the start.

    An index.html at the end is left out, too, if there are other segments.
    """
    path, prefix = split_address(address).path, split_address(site_address).path.rstrip("/")
    segments = [segment for segment in path.removeprefix(f"{prefix}/").split("/") if segment]
    if len(segments) > 1 and PurePosixPath(segments[-1]).stem == _INDEX:
        segments.pop()
    return segments[1:] if segments[:1] in _FOLDERS else segments


def address_changes(post: SourcePost, plan: PostPlan, site_address: str) -> Iterator[tuple[str, str]]:
    """Yield ("address PATH", reason) for a new page that cannot be at its former address; nothing for one that can.

    Nothing, too, for the former front page and for a page that has a file already.
    """
    path = split_address(post.address).path
    if plan.is_existing or is_front_page(post.address, site_address) or not path.strip("/"):
        return
    if is_nested(post, site_address):
        reason = f"pages are directly below the front page: it is at {plan.site_path}, and the former address redirects"
        yield f"address {path}", reason
    elif plan.slug not in (slug_of_address(post.address), _last_segment(path)):
        yield f"address {path}", f"{_address_reason(page_name(post, site_address), path)}; the page is at {plan.site_path}"


def _address_reason(wanted: str, path: str) -> str:
    """Return why a page cannot have the name `wanted`, or why `path`, that of its former address, gives none.

    The caller has found that one of these is so: the result is never "".
    """
    if not slug_of_address(path):
        return f"'{_last_segment(path)}' is no name that a page can have"
    if portable_name(wanted) != wanted:
        return f"Windows can have no file named '{wanted}'"
    return "another page has it" if place_of(f"/{wanted}/") == StaticPageAt(wanted) else "the site itself has it"


def _last_segment(path: str) -> str:
    return unquote(path.strip("/").rpartition("/")[2])


def draft_reason(post: SourcePost, site_address: str, body: str, now: datetime) -> str:
    """Return why a page that the source has published becomes a draft, "" if it does not or is a draft already."""
    if post.state is not PostState.PUBLISHED:
        return ""
    if is_front_page(post.address, site_address):
        return "it was the front page, which has the newest articles here, so it is a draft"
    if post.published and post.published > now:
        return f"it was to become public on {post.published:%Y-%m-%d}; a page has no such date, so it is a draft until then"
    return "" if has_own_text(body) else "it has no text of its own, so it is a draft"


def has_own_text(body: str) -> bool:
    """Return whether the HTML of a page shows anything: a visible character, a picture, a frame, a link or a line."""
    return bool(_SHOWN.search(body) or _VISIBLE.search(plain_line(body)))
