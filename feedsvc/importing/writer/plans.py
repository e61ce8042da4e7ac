"""Plans of an import: which file, id and state each post of a source gets, from a first reading that also collects addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.page import PAGE_SUFFIX, PAGES_FOLDER
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.field_types import is_article_id, is_guid
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.addresses import absolute, is_front_page, page_key, page_keys, split_address
from feedsvc.importing.source import Omission, PostState, SourcePost, SourceSite, SourceSystem
from feedsvc.importing.writer.article_files import ExistingArticles, ExistingPages, parse_article_file
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.names import NamePool, as_slug, name_key, plain_line, portable_name, slug_of_address
from feedsvc.importing.writer.references import media_of
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.stated_facts import embed_images, stated_id, stated_path, stated_slug
from feedsvc.importing.writer.terms import TermTable
from feedsvc.model import Site
from feedsvc.routes import article_path, path_of, place_of

_YEARS: Final = range(1900, 9999)
# First segment of the addresses of pages: of WordPress on servers that rewrite none, and of Blogger.
_FOLDERS: Final = (["index.php"], ["p"])
_VISIBLE: Final = re.compile(r"[^\s\u00ad\u200b-\u200f\u2060\ufeff]")  # a character that takes space and ink
_SHOWN: Final = re.compile(r"<(?:img|video|audio|iframe|figure|a|hr)\b", re.IGNORECASE)  # show something without text


def is_page_path(path: str) -> bool:
    """Return whether a file is in pages/."""
    return path.startswith(f"{PAGES_FOLDER}/")


def page_path(name: str) -> str:
    """Return the path of a page's file, below the content folder."""
    return f"{PAGES_FOLDER}/{name}{PAGE_SUFFIX}"


class PostPlan(NamedTuple):
    """Plan for one post: the id of its article, the slug and path of its file, and the state that it gets.

    `path` is below the content folder, `id` is "" for a file in pages/. `is_deleted`: an editor deleted the file.
    """

    id: str
    slug: str
    path: str
    state: PostState
    is_existing: bool = False
    is_deleted: bool = False

    @property
    def is_page(self) -> bool:
        return is_page_path(self.path)

    @property
    def site_path(self) -> str:
        """The root-relative path at which the site has, or will have, the article or page."""
        return path_of(StaticPageAt(self.slug)) if self.is_page else article_path(self.slug)


def usable_id(post: SourcePost) -> str:
    """Return the id that a post's article can have, unchanged; "" if it is no URI without fragment, as articles' ids must be.

    It is the URI that an export of feedsvc states beside another id, else the post's id, else, only if the post has no id, its
    address, by which feed readers identify an entry without id.
    """
    wanted = stated_id(post.facts) or post.id or post.address
    return wanted if is_article_id(wanted) else ""


def guid_of(post: SourcePost) -> str:
    """Return the id by which readers of RSS and JSON Feed know a post, if it cannot be the article's id; else ""."""
    return post.id if post.id != usable_id(post) and is_guid(post.id) else ""


def source_key(post: SourcePost) -> str:
    """Return what tells a post from all others of its source: its id, else its address, else its date and title."""
    return post.id or post.address or f"{post.published or ''} {post.title}"


def valid_date(date: datetime | None) -> datetime | None:
    """Return a date in whole seconds, with a zone of whole minutes; None if it is missing or not in the years 1900 to 9998."""
    if date is None or date.year not in _YEARS:
        return None
    offset = date.utcoffset()
    if offset is None or offset.total_seconds() % 60:  # before 1900 or so, zones had seconds
        date = date.astimezone(UTC)
    return date.replace(microsecond=0)


def publication_date(post: SourcePost, fallback: datetime) -> datetime:
    """Return the date that the article gets: that of the post, else of its last change, else `fallback`, in whole seconds."""
    return valid_date(post.published) or valid_date(post.updated) or fallback.replace(microsecond=0)


def is_selected(post: SourcePost, since: datetime | None) -> bool:
    """Return whether a post is published or changed at or after `since`; a post without dates always is."""
    dates = [date for date in (post.published, post.updated) if date]
    return since is None or not dates or max(dates) >= since


@dataclass(slots=True)
class SourceIndex:
    """Result of the first reading: `plans` by the `source_key` of a post, and what the other steps need of all posts.

    `addresses` are (present address of a post or one with a query, its path at the new site), `former_addresses` the same of
    its other addresses; `site_paths` and `former_paths` have both by `page_key`. `media` are the media types ("" if unknown)
    by address of the files that posts name, in order. `first_published` is the earliest date of a post that is no page,
    imported or not, `days` are those of all such posts (YYYY-MM-DD). `unselected` has the ids of posts before `since`.
    `shown_pages` are the paths of pages that are public here. `aliases` are the former addresses that articles get, by the paths
    of their files.
    """

    plans: dict[str, PostPlan] = field(default_factory=dict)
    addresses: list[tuple[str, str]] = field(default_factory=list)
    former_addresses: list[tuple[str, str]] = field(default_factory=list)
    site_paths: dict[str, str] = field(default_factory=dict)
    former_paths: dict[str, str] = field(default_factory=dict)
    media: dict[str, str] = field(default_factory=dict)
    first_published: datetime | None = None
    days: set[str] = field(default_factory=set)
    shown_pages: set[str] = field(default_factory=set)
    unselected: set[str] = field(default_factory=set)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def page_paths(self) -> frozenset[str]:
        """The root-relative paths at the new site of the source's pages that no editor deleted."""
        return frozenset(plan.site_path for plan in self.plans.values() if plan.is_page and not plan.is_deleted)

    def find(self, address: str) -> str:
        """Return the root-relative path here of the post at an address of the source, "" if there is none.

        Scheme, "www." and a slash at the end make no difference, nor does a query by which no post is known.
        """
        found = (self.site_paths.get(key) or self.former_paths.get(key) for key in page_keys(address))
        return next(filter(None, found), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportContext:
    """Facts that all steps of an import share: where it writes, what the source says, and the newsroom as it was before.

    `source` has also what earlier imports knew, `site` is that of site.yaml, which may be new. `hosts` are the source's own.
    Posts before `since` are left out.
    """

    root: Path
    site: Site
    source: SourceSite
    base: ImportBase
    report: ImportReport
    articles: ExistingArticles
    pages: ExistingPages
    terms: TermTable
    hosts: frozenset[str]
    now: datetime
    since: datetime | None = None


class Planner:
    """Planner of the posts of one source."""

    def __init__(self, run: ImportContext) -> None:
        self.run = run
        # The name of a deleted file stays in use: redirects lead to it.
        paths = [entry.path for entry in run.base.entries(ARTICLES).values()]
        self._names = NamePool(run.articles.names)
        self._page_names = NamePool()
        for path in paths:
            (self._page_names if is_page_path(path) else self._names).add(PurePosixPath(path).stem)
        for path in paths:
            self._page_names.add(run.pages.slugs.get(run.pages.find(path) if is_page_path(path) else "", ""))
        ids = reversed(run.articles.paths.items())  # the guid of an article comes after its id
        self._ids_by_path = {path: article_id for article_id, path in ids}
        # The pages of an export of the newsroom itself are those of the newsroom, from whichever source they came.
        if run.source.system is SourceSystem.FEEDSVC and page_key(run.source.address) == page_key(run.site.base_url):
            self._page_names = NamePool()

    def read(self, posts: Iterable[SourcePost | Omission]) -> SourceIndex:
        """Read all posts of a source once, and return their index. Terms and authors of articles are added to `terms`.

        The second reading reports the omissions.
        """
        index = SourceIndex()
        for post in posts:
            if isinstance(post, Omission):
                continue
            if not post.is_page and post.published:  # a later import of all posts must find the same first day
                index.days.add(post.published.date().isoformat())
                index.first_published = min(post.published, index.first_published or post.published)
            if is_selected(post, self.run.since):
                self._add(post, index)
            else:
                index.unselected.add(usable_id(post))
        return index

    def _add(self, post: SourcePost, index: SourceIndex) -> None:
        """Add a post to the index; nothing is done for a post with the `source_key` of an earlier one."""
        key = source_key(post)
        if key in index.plans:
            return
        plan = index.plans[key] = self._plan(post, key)
        self._add_addresses(post, plan, index)
        if not plan.is_deleted:
            if not plan.is_page:
                self.run.terms.note(post)
            elif plan.state is PostState.PUBLISHED and not draft_reason(post, self.run.source.address, post.body, self.run.now):
                index.shown_pages.add(plan.site_path)
            for address, media_type in media_of(post, self.run.hosts, post.address or self.run.source.address):
                index.media[address] = index.media.get(address) or media_type
            index.media |= dict.fromkeys(embed_images(post.facts, self.run.source.address), "")

    def _add_addresses(self, post: SourcePost, plan: PostPlan, index: SourceIndex) -> None:
        present, own = page_key(post.address), [] if post.facts.get("link") else [post.address]
        for address in filter(None, (absolute(self.run.source.address, one) for one in (*own, *post.other_addresses))):
            if is_front_page(address, self.run.source.address):
                continue
            is_present = "?" in address or page_key(address) == present
            (index.site_paths if is_present else index.former_paths).setdefault(page_key(address), plan.site_path)
            is_hidden = self.run.source.is_of_blogger and plan.state is PostState.DRAFT  # nobody ever saw this address
            if not (plan.is_deleted or is_hidden):
                (index.addresses if is_present else index.former_addresses).append((address, plan.site_path))

    def _plan(self, post: SourcePost, key: str) -> PostPlan:
        """Return the plan of a post: for the file that it has, for that which an editor deleted, or for a new one."""
        known_path, articles = self.run.base.get(ARTICLES, key).path, self.run.articles
        path = articles.find(usable_id(post)) or articles.find(post.id) or (known_path if known_path in articles.slugs else "")
        if path:
            article_id = usable_id(post) or self._ids_by_path.get(path) or self._made_up_id(post, path)
            return PostPlan(article_id, articles.slugs[path], path, self._state(post, path), is_existing=True)
        if post.is_page and (not known_path or is_page_path(known_path)):  # an article of an earlier import stays one
            return self._page_plan(post, known_path)
        if known_path and not is_page_path(known_path):
            return PostPlan(usable_id(post), PurePosixPath(known_path).stem, known_path, post.state, is_deleted=True)
        return self._new_plan(post)

    def _made_up_id(self, post: SourcePost, path: str) -> str:
        year = publication_date(post, self.run.now).astimezone(ZoneInfo(self.run.site.timezone)).year
        return default_id(self.run.site, PurePosixPath(path).stem, year)

    def _state(self, post: SourcePost, path: str) -> PostState:
        """Return the state of a post in the newsroom. Nothing becomes public that was not public at the source.

        One that was still scheduled though its date has come is a draft, unless its file at `path` is public already.
        """
        if post.state is not PostState.SCHEDULED:
            return post.state
        if post.published and post.published > self.run.now:
            return PostState.PUBLISHED
        data = read_file(self.run.root, path) if path else None
        is_public = isinstance(data, bytes) and parse_article_file(path, data).keys.get("status", "published") == "published"
        return PostState.PUBLISHED if is_public else PostState.DRAFT

    def _new_plan(self, post: SourcePost) -> PostPlan:
        date = publication_date(post, self.run.now).astimezone(ZoneInfo(self.run.site.timezone))
        path, slug = stated_path(post.facts), stated_slug(post.facts)
        if path and slug and not self._names.is_used(slug) and not self._names.is_used(PurePosixPath(path).stem):
            self._names.add(slug)
            self._names.add(PurePosixPath(path).stem)
        else:
            slug = self._names.take(portable_name(slug_of_address(post.address) or as_slug(post.title.lower())))
            path = f"{ARTICLES_FOLDER}/{date:%Y/%m}/{slug}.md"
        return PostPlan(usable_id(post) or self._made_up_id(post, path), slug, path, self._state(post, ""))

    def _page_plan(self, post: SourcePost, known_path: str) -> PostPlan:
        """Return the plan of a page for its file, which the base has at `known_path`, or for that with its name, or a new one."""
        pages, path = self.run.pages, self.run.pages.find(known_path) if known_path else ""
        name = PurePosixPath(known_path).stem
        if not known_path:
            wanted = self._page_names.candidates(portable_name(page_name(post, self.run.source.address)))
            name = next(one for one, is_used in wanted if not is_used and place_of(f"/{one}/") == StaticPageAt(one))
            path = pages.paths.get(name_key(name), "")
            self._page_names.add(name)
        is_deleted, state = bool(known_path) and not path, self._state(post, path)
        return PostPlan("", pages.slugs.get(path, name), path or page_path(name), state, bool(path), is_deleted)


def page_name(post: SourcePost, site_address: str) -> str:
    """Return the wanted name of a page as a slug: about-team for /about/team/; without one in the address, made from its title.

    It is "" if neither has a letter or digit, and may be in use.
    """
    *parents, _own = _segments(post.address, site_address) or [""]
    own = slug_of_address(post.address)
    return as_slug("-".join((*map(unquote, parents), own))) if own else as_slug(post.title.lower())


def is_nested(post: SourcePost, site_address: str) -> bool:
    """Return whether the address of a page has several segments below that of the site. Menus do not show such a page."""
    return len(_segments(post.address, site_address)) > 1


def _segments(address: str, site_address: str) -> list[str]:
    """Return the segments of an address below that of the site, without index.php, or the folder p of Blogger, at the start.

    An index.html at the end is left out, too, if there are other segments.
    """
    path, prefix = split_address(address).path, split_address(site_address).path.rstrip("/")
    segments = [segment for segment in path.removeprefix(f"{prefix}/").split("/") if segment]
    if len(segments) > 1 and PurePosixPath(segments[-1]).stem == "index":
        segments.pop()
    return segments[1:] if segments[:1] in _FOLDERS else segments


def draft_reason(post: SourcePost, site_address: str, body: str, now: datetime) -> str:
    """Return why a page that the source has published becomes a draft, "" if it does not."""
    if is_front_page(post.address, site_address):
        return "it was the front page, which has the newest articles here, so it is a draft"
    if post.published and post.published > now:
        return f"it was to become public on {post.published:%Y-%m-%d}; a page has no such date, so it is a draft until then"
    return "" if has_own_text(body) else "it has no text of its own, so it is a draft"


def has_own_text(body: str) -> bool:
    """Return whether the HTML of a page shows anything: a visible character, a picture, a frame, a link or a line."""
    return bool(_SHOWN.search(body) or _VISIBLE.search(plain_line(body)))
