"""Redirects of an import: former addresses of posts, feeds, listings and files -> rules of redirects.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from feedsvc import routes
from feedsvc.importing.addresses import absolute, host_of, port_of, split_address
from feedsvc.importing.source import Omission, SourceRedirect, SourceSite, SourceSystem, TermKind
from feedsvc.importing.wordpress import FeedHolding, WordPressFeed, former_feeds, posts_page_feeds
from feedsvc.importing.writer.comment_feeds import CommentFeedRules
from feedsvc.importing.writer.media_names import upload_path
from feedsvc.importing.writer.terms import TermTable
from feedsvc.redirects import GONE, REDIRECTS_FILE, normalize_address, without_slash

_UPLOADS: Final = "/wp-content/uploads/"
_MAX_INNER_ADDRESSES: Final = 10_000
_MAX_TERMS: Final = 5000  # whose feeds get rules of their own; of more, the patterns answer those of today's names
_WORDPRESS_PATTERNS: Final = {
    "/category/{parents...}/{id}/feed/atom/": "/category/{id}/feed.atom",
    "/category/{parents...}/{id}/feed/": "/category/{id}/feed.rss",
    **{
        f"/{kind}/{{id}}/feed/{name}/": f"/{kind}/{{id}}/feed.{suffix}"
        for kind in ("category", "tag", "author")
        for name, suffix in (("atom", "atom"), ("rss2", "rss"), ("rdf", "rss"))
    },
    "/category/{parents...}/{id}/page/{number}/": "/category/{id}/",
    **{f"/{kind}/{{id}}/page/{{number}}/": f"/{kind}/{{id}}/" for kind in ("category", "tag", "author")},
    "/page/{number}/": "/",
    "/{year}/{month}/{day}/": "/archive/{year}/{month}/",  # of a day, only large months have a page
    "/{year}/{month}/": "/archive/{year}/{month}/",
    "/{year}/{month}/page/{number}/": "/archive/{year}/{month}/",
    "/{year}/": "/archive/",
}
# Of a site that was below a path and is not any more.
_MOVED_PATTERNS: Final = {
    "/category/{parents...}/{id}/": "/category/{id}/",
    **{f"/{kind}/{{id}}/feed/": f"/{kind}/{{id}}/feed.rss" for kind in ("category", "tag", "author")},
    **{f"/{kind}/{{id}}/": f"/{kind}/{{id}}/" for kind in ("category", "tag", "author")},
}
_TERM_KINDS: Final = {FeedHolding.CATEGORY: TermKind.CATEGORY, FeedHolding.TAG: TermKind.TAG, FeedHolding.AUTHOR: None}
_UPLOADS_PATTERN: Final = {f"{_UPLOADS}{{path...}}": "/media/{path...}"}


@dataclass(slots=True)
class RedirectTable:
    """Rules of an import. `exact` and `patterns` map old addresses to targets, as in redirects.yaml.

    `of_posts` are the keys of `exact` that belong to posts, not to feeds, listings or files. `omissions` are rules that were not
    added or were removed.
    """

    exact: dict[str, str] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)
    of_posts: set[str] = field(default_factory=set)
    _spellings: dict[str, str] = field(default_factory=dict)  # address without slash -> address in `exact`

    def add(self, old: str, new: str, *, is_of_post: bool = False, replaces: bool = False) -> bool:
        """Add a rule for a path with its query, unless it leads to itself or the address has one already.

        With `replaces`, the rule takes the place of one that the address has. Return False, and add an omission, if no rule can
        have the address, else True, also if nothing was added. Addresses that differ in a slash at the end count as one.
        """
        try:
            address = normalize_address(old)
        except ValueError as error:
            self.omissions.append(Omission(old, "redirect", str(error)))
            return False
        if routes.is_never_free(address) or routes.place_of(address) == routes.TagsAt():
            self.omissions.append(Omission(old, "redirect", "the new site has a document of its own at this address"))
            return False
        key = without_slash(address)
        former = self._spellings.get(key, "")
        if (replaces or not former) and key != without_slash(new):
            self.exact.pop(former, None)
            self.of_posts.discard(former)
            text = self._spellings[key] = address if _is_stable(address) else old
            self.exact[text] = new
            if is_of_post:
                self.of_posts.add(text)
        return True

    def omit_loops(self) -> None:
        """Replace the rules that lead into a loop, which redirects of a plug-in may make, by omissions."""
        targets = {without_slash(old): without_slash(new) for old, new in self.exact.items()}
        for old in [*self.exact]:
            path, following = set[str](), without_slash(old)
            while following in targets and following not in path:
                path.add(following)
                following = targets[following]
            if following in path:
                self.omissions.append(Omission(old, f"redirect to {self.exact.pop(old)}", "the redirects go in a circle"))

    def omit_without_target(self, addresses: Iterable[str], has_path: Callable[[str], bool]) -> None:
        """Replace the rules of these addresses that lead to a path with nothing at it, nor another rule, by omissions."""
        texts = [text for address in addresses if (text := self._text(address))]
        while missing := [old for old in texts if old in self.exact and self._is_missing(self.exact[old], has_path)]:
            for old in missing:
                self.omissions.append(Omission(old, f"redirect to {self.exact.pop(old)}", "its target is not in the newsroom"))

    def _is_missing(self, target: str, has_path: Callable[[str], bool]) -> bool:
        return target.startswith("/") and not self._text(target) and not has_path(target)

    def _text(self, address: str) -> str:
        """Return an address as `exact` has it, "" if it has no rule."""
        try:
            text = self._spellings.get(without_slash(normalize_address(address)), "")
        except ValueError:
            return ""
        return text if text in self.exact else ""

    def omit_addresses_of_pages(self, paths: Iterable[str]) -> None:
        """Replace the rules of posts at these root-relative paths by omissions, because pages answer them."""
        for path in sorted(self.of_posts.intersection(paths)):
            if target := self.exact.pop(path, ""):
                self.omissions.append(Omission(path, f"redirect to {target}", "another page has this address now"))


def _is_stable(address: str) -> bool:
    """Return whether a decoded address means itself: one with a "%" of its own must stay encoded."""
    try:
        return normalize_address(address) == address
    except ValueError:
        return False


class RedirectBuilder:
    """Builder of the rules of one source, in `table`.

    Addresses count if they are at one of its hosts, at its port, and below the path of `base_url`.
    Call `add_post` for all posts, then the other methods in this order: `add_feeds`, `add_posts_pages`, `add_plug_in_redirects`,
    `add_inner_addresses`, `add_media`.
    """

    def __init__(self, site: SourceSite, base_url: str, hosts: frozenset[str]) -> None:
        self._site, self._hosts, self._port = site, hosts, port_of(site.address)
        self._prefix = split_address(base_url).path.rstrip("/")
        self._comment_feeds = CommentFeedRules()
        self.table = RedirectTable()

    def old_path(self, address: str) -> str:
        """Return an own address as the key of a rule: its path as it is, relative to the site, with its query. Else return ""."""
        address = absolute(self._site.address, address)
        split = split_address(address)
        path = f"{split.path or '/'}"
        is_own = host_of(address) in self._hosts and port_of(address) == self._port
        if not is_own or not f"{path}/".startswith(f"{self._prefix}/"):
            return ""
        return f"{path[len(self._prefix) :] or '/'}{'?' if split.query else ''}{split.query}"

    def add_post(self, addresses: Iterable[str], target: str) -> None:
        """Add rules from addresses of one post to its root-relative path `target`, and rules (410) of the feeds of its comments.

        Only sources of WordPress have the latter. Addresses of other hosts, and those at which feedsvc has a feed, are skipped.
        """
        for address in addresses:
            old = self.old_path(address)
            # The address of a feed stays one: subscribers are more than the readers of a page that was called "feed".
            is_feed = isinstance(routes.place_of(old), routes.FeedAt)
            if not old or is_feed or not self.table.add(old, target, is_of_post=True):
                continue
            for feed in self._comment_feeds.add(old) if self._site.system is SourceSystem.WORDPRESS else ():
                self.table.add(feed, GONE, is_of_post=True)

    def add_inner_addresses(self, addresses: Iterable[tuple[str, str]]) -> None:
        """Add rules for the further pages of posts and the pages for their pictures, given with the path of the post.

        At most 10,000 addresses get a rule; one omission counts all if there are more.
        """
        count = 0
        for address, target in addresses:
            if (old := self.old_path(address)) and count < _MAX_INNER_ADDRESSES:
                self.table.add(old, target)
            count += bool(old)
        if count > _MAX_INNER_ADDRESSES:
            reason = f"there are more than {_MAX_INNER_ADDRESSES:,}, and only these have a rule"
            self.table.omissions.append(Omission("", f"redirects of {count:,} pages of pictures and further pages", reason))

    def add_posts_pages(self, addresses: Iterable[str]) -> None:
        """Add the rules for the feeds of pages that showed the posts, which were the feed of the site; only for WordPress.

        They replace other rules of these addresses.
        """
        for address in addresses if self._site.system is SourceSystem.WORDPRESS else ():
            old = self.old_path(address)
            for feed, file_format in posts_page_feeds(old).items() if old and "?" not in old else ():
                self.table.add(feed, f"/feed.{file_format}", replaces=True)

    def add_feeds(self, terms: TermTable) -> None:
        """Add the rules for the former feeds and, of WordPress, for its listings. `terms` must know all posts."""
        front_page = self.old_path(self._site.address)
        if front_page.strip("/"):  # the site was below a path
            self.table.add(front_page, "/")
        for address, suffix in zip(self._site.feeds, _suffixes(self._site), strict=True):
            self._add_feed(self.old_path(address), f"/feed.{suffix}")
        if self._site.system is SourceSystem.FEED and not self._site.feeds:
            reason = f"the address of the former feed is not known; add it to {REDIRECTS_FILE}"
            self.table.omissions.append(Omission("", "redirect of the feed", reason))
        if self._site.system is not SourceSystem.WORDPRESS:
            return
        for feed in former_feeds(self._site) if len(self._site.terms) <= _MAX_TERMS else ():
            if new := _feed_target(feed, terms):
                self._add_feed(self.old_path(feed.path), new)
                self._add_listing(feed, new)
        prefix = front_page.rstrip("/")
        patterns = _WORDPRESS_PATTERNS | (_MOVED_PATTERNS if prefix else {})
        self.table.patterns |= {f"{prefix}{old}": new for old, new in patterns.items()}
        self.table.patterns |= dict.fromkeys(self._comment_feeds.patterns, GONE)

    def _add_listing(self, feed: WordPressFeed, new: str) -> None:
        """Add the rule of the page to which a feed belonged, for a category below another and for what the mapping drops."""
        if feed.holding not in _TERM_KINDS or not feed.path.endswith("/feed/"):
            return
        page = self.old_path(feed.path.removesuffix("feed/"))
        if page and new == GONE:
            self.table.add(page, GONE)
        elif feed.holding is FeedHolding.CATEGORY and not routes.place_of(page):
            self.table.add(page, new.rpartition("/")[0] + "/")

    def _add_feed(self, old: str, new: str) -> None:
        """Add the rule of one feed, unless feedsvc answers the address like that without a rule."""
        place = routes.place_of(old) if old else None
        if old and not (isinstance(place, routes.FeedAt) and routes.path_of(place) == new):
            self.table.add(old, new)

    def add_plug_in_redirects(
        self, redirects: Iterable[SourceRedirect], find: Callable[[str], str], has_path: Callable[[str], bool]
    ) -> None:
        """Add the rules that a plug-in of the source had. `find` returns the path of a post by its address, or "".

        `has_path` returns whether the new site has something at a path. These rules replace other ones. A rule from an article's
        address is left out, with an omission, because the article stays there. A page with such a rule is a draft, so that the
        rule is reached.
        """
        added = list[str]()
        for redirect in redirects:
            old, new = self.old_path(redirect.old), self._new_target(redirect.new, find)
            is_article = isinstance(routes.place_of(find(absolute(self._site.address, redirect.old))), routes.ArticleAt)
            if old and old != "/" and new and not is_article:
                self.table.add(old, new, replaces=True)
                added.append(old)
            else:
                reason = _omission_reason(old, is_article=is_article)
                self.table.omissions.append(Omission(redirect.old, f"redirect to {redirect.new or 'nothing'}", reason))
        self.table.omit_loops()
        self.table.omit_without_target(added, has_path)

    def add_media(self, paths: Iterable[tuple[str, str]]) -> None:
        """Add rules for files, given as (address, path "media/..."). One pattern answers all uploads that kept their names."""
        for address, path in paths:
            old = self.old_path(address)
            if not old or "?" in old:
                continue
            if old.startswith(_UPLOADS):
                self.table.patterns |= _UPLOADS_PATTERN
            if not old.startswith(_UPLOADS) or path != f"media/{upload_path(address)}":
                self.table.add(old, f"/{path}")

    def _new_target(self, address: str, find: Callable[[str], str]) -> str:
        if not address:
            return GONE
        target = absolute(self._site.address, address)
        if path := find(target):
            return path
        if host_of(target) not in self._hosts:
            return target if target.startswith(("http://", "https://")) else ""
        path = self.old_path(target)
        return path if path == "/" or (path and "?" not in path and routes.place_of(path)) else ""


def _omission_reason(old: str, *, is_article: bool) -> str:
    """Return why a rule of a plug-in is left out. `old` is "" for an address of another site."""
    if is_article:
        return "an article of the source has this address"
    return "its target is not in the newsroom" if old else "the address is not one of this site"


def _suffixes(site: SourceSite) -> Iterator[str]:
    for index, address in enumerate(site.feeds):
        known = site.feed_suffixes[index] if index < len(site.feed_suffixes) else ""
        yield known or next((suffix for suffix in ("atom", "json") if suffix in address.lower()), "rss")


def _feed_target(feed: WordPressFeed, terms: TermTable) -> str:
    """Return where a former feed leads now, GONE if the mapping drops what it held, "" if the newsroom does not have it."""
    if feed.holding is FeedHolding.COMMENTS:
        return GONE
    if feed.holding is FeedHolding.SITE:
        return f"/feed.{feed.format}"
    find = {FeedHolding.CATEGORY: terms.category_id, FeedHolding.TAG: terms.tag_id, FeedHolding.AUTHOR: terms.author_id}
    listing = find[feed.holding](feed.key)
    if not listing and terms.is_dropped(_TERM_KINDS[feed.holding], feed.key):
        return GONE
    return f"/{feed.holding.value}/{listing}/feed.{feed.format}" if listing else ""
