"""Plans of an import: which file, id and state each post of a source gets, from a first reading that also collects addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
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

    `path` is below the content folder, `id` is "" for a file in pages/. `is_deleted`: an editor deleted the file. `former_page`
    is the path of the file in pages/ if the post was a page at an earlier import, else "".
    """

    id: str
    slug: str
    path: str
    state: PostState
    is_existing: bool = False
    is_deleted: bool = False
    former_page: str = ""

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


def with_known_ids(posts: Iterable[SourcePost | Omission], base: ImportBase) -> Iterator[SourcePost | Omission]:
    """Yield the posts, without its id each one that an earlier import knows by its address.

    Another post had the same id. A later export may lack that one, whose article must not get the text of this post.
    """
    for post in posts:
        if isinstance(post, SourcePost) and post.id not in ("", post.address) and base.has(ARTICLES, post.address):
            yield replace(post, id="")
        else:
            yield post


def is_selected(post: SourcePost, since: datetime | None) -> bool:
    """Return whether a post is published or changed at or after `since`; a post without dates always is."""
    dates = [date for date in (post.published, post.updated) if date]
    return since is None or not dates or max(dates) >= since


@dataclass(slots=True)
class SourceIndex:
    """Result of the first reading: `plans` by the `source_key` of a post, and what the other steps need of all posts.

    `addresses` are (present address of a post or one with a query, its path at the new site), `former_addresses` the same of
    its other addresses; `site_paths` and `former_paths` have both by `page_key`. `media` are the addresses of files that posts
    name, in order. `empty_pages` are addresses of published pages without text, `shown_pages` the paths of pages that are public
    here. `has_front_page`: a published page was the front page. `first_published` is the earliest date of a post that is no
    page, imported or not, `days` are those of all such posts (YYYY-MM-DD). `unselected` has the ids of posts before `since`.
    `aliases` are the former addresses that articles get, by the paths of their files.
    """

    plans: dict[str, PostPlan] = field(default_factory=dict)
    addresses: list[tuple[str, str]] = field(default_factory=list)
    former_addresses: list[tuple[str, str]] = field(default_factory=list)
    site_paths: dict[str, str] = field(default_factory=dict)
    former_paths: dict[str, str] = field(default_factory=dict)
    media: dict[str, None] = field(default_factory=dict)
    first_published: datetime | None = None
    days: set[str] = field(default_factory=set)
    empty_pages: list[str] = field(default_factory=list)
    shown_pages: set[str] = field(default_factory=set)
    has_front_page: bool = False
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
        self.run, self._ids = run, set[str]()
        paths = [entry.path for entry in run.base.entries(ARTICLES).values()]
        # The name of a deleted file stays in use: redirects lead to it.
        stems = [(is_page_path(path), name_key(PurePosixPath(path).stem)) for path in paths]
        self._names = NamePool((*run.articles.names, *(stem for is_page, stem in stems if not is_page)))
        self._page_names = NamePool((*run.pages.paths, *(stem for is_page, stem in stems if is_page)))
        self._ids_by_path = {path: article_id for article_id, path in run.articles.paths.items()}
        known = {path for path in paths if is_page_path(path)}
        self._taken_pages = set() if self._is_own else known | {run.pages.find(path) for path in known}

    @property
    def _is_own(self) -> bool:
        """True for an export of the newsroom itself: its pages are those of the newsroom, from whichever source they came."""
        return self.run.source.system is SourceSystem.FEEDSVC and page_key(self.run.source.address) == page_key(
            self.run.site.base_url
        )

    def read(self, posts: Iterable[SourcePost | Omission]) -> SourceIndex:
        """Read all posts of a source once, and return their index. Terms and authors of articles are added to `terms`.

        The second reading reports the omissions.
        """
        index, renamed = SourceIndex(), list[SourcePost]()
        for post in posts:
            if isinstance(post, Omission):
                continue
            if not post.is_page and post.published:  # a later import of all posts must find the same first day
                index.days.add(post.published.date().isoformat())
                index.first_published = min(post.published, index.first_published or post.published)
            if not is_selected(post, self.run.since):
                index.unselected.add(usable_id(post))
            elif post.is_page and not can_have_own_name(post, self.run.source.address):
                renamed.append(post)  # after all others: "about-team" for /about/team/ may be the name of another page
            else:
                self._add(post, index)
        for post in renamed:
            self._add(post, index)
        return index

    def _add(self, post: SourcePost, index: SourceIndex) -> None:
        """Add a post to the index; nothing is done for a post with the `source_key` of an earlier one."""
        key = source_key(post)
        if key in index.plans:
            return
        plan = index.plans[key] = self._plan(post, key)
        if not plan.is_page:
            self._ids.add(plan.id)
            self._names.add(plan.slug)
            self._names.add(PurePosixPath(plan.path).stem)
        self._add_addresses(post, plan, index)
        if post.is_page and plan.state is PostState.PUBLISHED:
            self._note_page(post, plan, index)
        if not plan.is_deleted:
            if not plan.is_page:
                self.run.terms.note(post)
            index.media |= dict.fromkeys(media_of(post, self.run.hosts, post.address or self.run.source.address))
            index.media |= dict.fromkeys(embed_images(post.facts, self.run.source.address))

    def _add_addresses(self, post: SourcePost, plan: PostPlan, index: SourceIndex) -> None:
        present, own = page_key(post.address), [] if post.facts.get("link") else [post.address]
        former = [plan.former_page and place_path(plan.former_page, self.run.site.base_url)]
        for address in filter(None, (absolute(self.run.source.address, one) for one in (*own, *post.other_addresses, *former))):
            if is_front_page(address, self.run.source.address):
                continue
            is_present = "?" in address or page_key(address) == present
            (index.site_paths if is_present else index.former_paths).setdefault(page_key(address), plan.site_path)
            if not plan.is_deleted:
                (index.addresses if is_present else index.former_addresses).append((address, plan.site_path))

    def _note_page(self, post: SourcePost, plan: PostPlan, index: SourceIndex) -> None:
        if is_front_page(post.address, self.run.source.address):
            index.has_front_page = True
        elif not has_own_text(post.body):
            index.empty_pages.append(post.address)
        if plan.is_page and not plan.is_deleted and not draft_reason(post, self.run.source.address, post.body, self.run.now):
            index.shown_pages.add(plan.site_path)

    def _plan(self, post: SourcePost, key: str) -> PostPlan:
        """Return the plan of a post: for the file that it has, for that which an editor deleted, or for a new one."""
        known_path = self.run.base.get(ARTICLES, key).path
        post_id = usable_id(post)
        if known_path and not post_id:  # the id was made up: the file has it, unless an editor renamed that
            year = publication_date(post, self.run.now).astimezone(ZoneInfo(self.run.site.timezone)).year
            post_id = self._ids_by_path.get(known_path) or default_id(self.run.site, PurePosixPath(known_path).stem, year)
        path = self.run.articles.find(post_id) or (known_path if known_path in self.run.articles.slugs else "")
        # An article that an earlier import wrote for a page stays one.
        if post.is_page and not path and (not known_path or is_page_path(known_path)):
            return self._page_plan(post, known_path)
        state = self._state(post, path)
        if path:
            return PostPlan(post_id, self.run.articles.slugs[path], path, state, is_existing=True)
        former_page = self.run.pages.find(known_path) if is_page_path(known_path) else ""
        if known_path and not former_page:
            return PostPlan(post_id, PurePosixPath(known_path).stem, known_path, state, is_deleted=True)
        return self._new_plan(post, post_id, state)._replace(former_page=former_page)

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

    def _new_plan(self, post: SourcePost, post_id: str, state: PostState) -> PostPlan:
        """Return the plan of a post without a file: a new file, or that which an import that was killed wrote."""
        date = publication_date(post, self.run.now).astimezone(ZoneInfo(self.run.site.timezone))
        path, slug = stated_path(post.facts), stated_slug(post.facts)
        if path and slug and not self._names.is_used(slug) and not self._names.is_used(PurePosixPath(path).stem):
            return PostPlan(post_id or default_id(self.run.site, PurePosixPath(path).stem, date.year), slug, path, state)
        for slug, is_used in self._names.candidates(portable_name(slug_of_address(post.address) or as_slug(post.title.lower()))):
            new_id = post_id or default_id(self.run.site, slug, date.year)
            if not post_id and new_id not in self._ids and (path := self.run.articles.find(new_id)):
                return PostPlan(new_id, slug, path, state, is_existing=True)
            if not is_used:
                return PostPlan(new_id, slug, f"{ARTICLES_FOLDER}/{date:%Y/%m}/{slug}.md", state)
        raise AssertionError

    def _page_plan(self, post: SourcePost, known_path: str) -> PostPlan:
        """Return the plan of a page for its file, which the base has at `known_path`, or for that with its name, or a new one."""
        if known_path:
            path = self.run.pages.find(known_path)
            slug = self.run.pages.slugs.get(path, PurePosixPath(known_path).stem)
            state = self._state(post, path)
            return PostPlan("", slug, path or known_path, state, is_existing=bool(path), is_deleted=not path)
        for name, is_used in self._page_names.candidates(portable_name(page_name(post, self.run.source.address))):
            path, new_path = self.run.pages.paths.get(name_key(name), ""), page_path(name)
            if self._is_own and not path and any(entry.path == new_path for entry in self.run.base.entries(ARTICLES).values()):
                return PostPlan("", name, new_path, post.state, is_deleted=True)
            if place_of(f"/{name}/") == StaticPageAt(name) and (not is_used or (path and path not in self._taken_pages)):
                self._taken_pages.add(path or new_path)
                self._page_names.add(name)
                slug, state = self.run.pages.slugs.get(path, name), self._state(post, path)
                return PostPlan("", slug, path or new_path, state, is_existing=bool(path))
        raise AssertionError


def place_path(path: str, base_url: str) -> str:
    """Return the path, with that of `base_url`, at which the site has the page of a file in pages/."""
    return f"{split_address(base_url).path.rstrip('/')}{path_of(StaticPageAt(PurePosixPath(path).stem))}"


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
    if len(segments) > 1 and PurePosixPath(segments[-1]).stem == "index":
        segments.pop()
    return segments[1:] if segments[:1] in _FOLDERS else segments


def address_change(post: SourcePost, plan: PostPlan, site_address: str) -> str:
    """Return where a new page is that cannot be at its former address, "" if it can, is the front page, or has a file already."""
    path = split_address(post.address).path
    if plan.is_existing or is_front_page(post.address, site_address) or not path.strip("/"):
        return ""
    if is_nested(post, site_address):
        return f"pages are directly below the front page: it is at {plan.site_path}, and the former address redirects"
    names = (slug_of_address(post.address), unquote(path.strip("/").rpartition("/")[2]))
    return "" if plan.slug in names else f"the site cannot have a page there, or has another one; it is at {plan.site_path}"


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
