"""Redirects of an import: former addresses of posts, feeds, listings and files -> rules of redirects.yaml."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Final

from feedsvc import routes
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.addresses import absolute, host_of, port_of, split_address
from feedsvc.importing.source import Omission, SourceFilePage, SourceRedirect, SourceSite, SourceSystem
from feedsvc.importing.wordpress import FeedHolding, WordPressFeed, former_feeds, listing_page, posts_page_feeds
from feedsvc.importing.writer.base import ImportBase
from feedsvc.importing.writer.feed_targets import TERM_KINDS, feed_suffixes, feed_target, language_page
from feedsvc.importing.writer.known_parents import with_known_parents
from feedsvc.importing.writer.media_names import upload_path
from feedsvc.importing.writer.redirect_table import RedirectTable, decoded_path
from feedsvc.importing.writer.site_languages import with_known_languages
from feedsvc.importing.writer.terms import TermTable
from feedsvc.redirects import GONE, REDIRECTS_FILE

_UPLOADS: Final = "/wp-content/uploads/"
_MAX_INNER_ADDRESSES: Final = 10_000
_MAX_TERMS: Final = 5000  # whose feeds and pages get rules of their own
_PARENTS: Final = re.compile(r"(?<=category/)(?:[^/?]+/)+(?=[^/?]+/feed/)")


class RedirectBuilder:
    """Builder of the rules of one source, in `table`.

    Addresses count if they are at one of `hosts`, at the port of the source's address, and below the path of `base_url`.
    Call `keep_known_facts`, then `add_post` for all posts, then the other methods in this order: `add_feeds`,
    `add_former_listings`, `add_posts_pages`, `add_plug_in_redirects`, `add_inner_addresses`, `add_file_pages`, `add_media`.
    """

    def __init__(self, site: SourceSite, base_url: str, hosts: frozenset[str]) -> None:
        self._site, self._hosts, self._port = site, hosts, port_of(site.address)
        self._prefix = split_address(base_url).path.rstrip("/")
        self._posts_elsewhere = Counter[str]()  # number of addresses of posts by host
        self.table = RedirectTable()

    def keep_known_facts(self, base: ImportBase) -> str:
        """Use the main language of the site's last import, if there was one, and the parents of categories that this one lacks.

        Return the language; "" for a site in one language.
        """
        self._site = with_known_languages(with_known_parents(self._site, base, self.old_path), base, self.old_path)
        return next(iter(self._site.languages), "")

    def old_path(self, address: str) -> str:
        """Return an address as the key of a rule: its path as written, without the path of base_url, and its query.

        "" for an address that does not count.
        """
        address = absolute(self._site.address, address)
        split = split_address(address)
        path = f"{split.path or '/'}"
        is_own = host_of(address) in self._hosts and port_of(address) == self._port
        if not is_own or not f"{path}/".startswith(f"{self._prefix}/"):
            return ""
        return f"{path[len(self._prefix) :] or '/'}{'?' if split.query else ''}{split.query}"

    def add_post(self, addresses: Iterable[str], target: str, *, is_known: bool = False, former_target: str = "") -> None:
        """Add rules from addresses of one post to its root-relative path `target`.

        Addresses that do not count, and those at which feedsvc has a feed, are skipped. With `is_known`, an earlier import added
        the rules: only addresses that no rule can have become omissions. An earlier import may have given the addresses the
        target `former_target`, which is replaced if they have a rule now.
        """
        for address in addresses:
            old = self.old_path(address)
            if not old and not is_known and host_of(address) not in self._hosts:
                self._posts_elsewhere[host_of(address)] += 1
            # The address of a feed stays one: subscribers are more than the readers of a page that was called "feed".
            is_feed = isinstance(routes.place_of(old), routes.FeedAt)
            if not old or is_feed:
                continue
            if former_target:
                self.table.note_earlier(old, former_target)
            if is_known:
                self.table.address_of(old)
            else:
                self.table.add(old, target, post=target)

    def add_inner_addresses(self, addresses: Iterable[tuple[str, str]]) -> None:
        """Add rules for further pages of posts and for pages of their attachments: (address, root-relative path of the post).

        At most 10,000 addresses get a rule. If there are more, one omission states the number of all, with and without one.
        """
        self._add_some(((self.old_path(address), target) for address, target in addresses), "pages of pictures and further pages")

    def add_file_pages(
        self,
        pages: Iterable[SourceFilePage],
        media_path: Callable[[str], str],
        site_paths: Container[str],
        former_target: Callable[[str], str],
    ) -> None:
        """Add rules for pages of files without a post: to the file in media/, and GONE if it is not there.

        `media_path` returns the path in media/ for the address of a file, "" if there is none; addresses at one of `site_paths`
        get no rule. `former_target` returns where the last import led an address, or "": if that is an article or a page, the
        export lacks the file's post, and no rule is added. At most 10,000 rules are added, those to files that are there first.
        """
        rules = [
            (old, f"/{path}" if path else GONE)
            for page in pages
            for path in [media_path(page.file)]
            for old in map(self.old_path, page.addresses)
            if f"{old.rstrip('/')}/" not in site_paths
            and not isinstance(routes.place_of(former_target(decoded_path(old))), routes.ArticleAt | StaticPageAt)
        ]
        self._add_some(sorted(rules, key=lambda rule: rule[1] == GONE), "pages of files without a post")

    def _add_some(self, rules: Iterable[tuple[str, str]], noun: str) -> None:
        """Add rules, (old path, target), but none for "" (another site) and for addresses of feeds.

        At most 10,000 are added. If there are more, one omission with `noun` says how many there are in all, added or not.
        """
        count = 0
        for old, target in rules:
            if not old or isinstance(routes.place_of(old), routes.FeedAt):
                continue
            if count < _MAX_INNER_ADDRESSES:
                self.table.add(old, target)
            count += 1
        if count > _MAX_INNER_ADDRESSES:
            reason = f"there are more than {_MAX_INNER_ADDRESSES:,}, and only these have a rule"
            self.table.omissions.append(Omission("", f"redirects of {count:,} {noun}", reason))

    def add_posts_pages(self, addresses: Iterable[str]) -> None:
        """Add the rules for the feeds of pages that showed the posts: they were the feed of the site. Only for WordPress.

        The rules replace other rules of these addresses.
        """
        for address in addresses if self._site.system is SourceSystem.WORDPRESS else ():
            old = self.old_path(address)
            for feed, file_format in posts_page_feeds(old).items() if old and "?" not in old else ():
                self.table.add(feed, f"{self._front_of(old)}feed.{file_format}", replaces=True)

    def _front_of(self, path: str) -> str:
        """Return "/", or for a site in several languages the page of the language that a path was in."""
        inner = path.removeprefix(self.old_path(self._site.address).rstrip("/")).removeprefix("/")
        inner = inner.removeprefix(self._site.script_folder)
        first = inner.removeprefix(self._site.language_folder).partition("/")[0]
        languages = self._site.languages
        return language_page(first if first in languages else languages[0]) if languages else "/"

    def add_feeds(self, terms: TermTable, shown_pages: Container[str] = ()) -> None:
        """Add the rules for the former feeds and, of WordPress, for its listings. `terms` must have noted all posts.

        `shown_pages` are the root-relative paths of public pages: no rule leads from there to the listing of a language.
        A front page below a path gets a rule to "/". An omission is added for a former feed without known address.
        """
        self.table.omissions += self._omissions_of_other_hosts()
        front_page = self.old_path(self._site.address)
        if front_page.strip("/"):  # the site was below a path
            self.table.add(front_page, "/")
        for address, suffix in zip(self._site.feeds, feed_suffixes(self._site), strict=True):
            self._add_feed(self.old_path(address), f"/feed.{suffix}")
        if self._site.system is SourceSystem.FEED and not self._site.feeds:
            reason = f"the address of the former feed is not known; add it to {REDIRECTS_FILE}"
            self.table.omissions.append(Omission("", "redirect of the feed", reason))
        if self._site.system is not SourceSystem.WORDPRESS:
            return
        for prefix in self._prefixes():
            self._add_lists(prefix)
        self._add_listings(terms, shown_pages)

    def _add_listings(self, terms: TermTable, shown_pages: Container[str]) -> None:
        """Add the rules of the feeds of WordPress and of the pages that had them."""
        site = self._site if len(self._site.terms) <= _MAX_TERMS else replace(self._site, terms=())
        for feed in former_feeds(site):
            if new := feed_target(feed, terms, site.languages):
                for path in self._feed_paths(feed):
                    self._add_feed(self.old_path(path), new)
                self._add_listing(feed, new, shown_pages)

    def _feed_paths(self, feed: WordPressFeed) -> Iterable[str]:
        """Return the paths of a feed: its own, that without parents of a category, and those in the folders of languages."""
        paths = dict.fromkeys((feed.path, _PARENTS.sub("", feed.path)))
        if feed.holding not in TERM_KINDS or "?" in feed.path:
            return paths
        base = f"{split_address(self._site.address).path.rstrip('/')}/"
        folders = (f"{base}{self._site.language_folder}{language}/" for language in self._site.languages)
        return *paths, *(f"{folder}{path.removeprefix(base)}" for folder, path in product(folders, paths))

    def _prefixes(self) -> Iterable[str]:
        """Return the folders of WordPress's lists, without a slash at their end: "" for a site at the root of its host."""
        front_page = self.old_path(self._site.address).rstrip("/")
        return dict.fromkeys((front_page, f"{front_page}/{self._site.script_folder}".rstrip("/")))

    def add_dates(self, days: Iterable[str]) -> None:
        """Add the rules of WordPress's pages of the years, months and days (YYYY-MM-DD) on which something was published."""
        if self._site.system is not SourceSystem.WORDPRESS:
            return
        for prefix, day in product(self._prefixes(), sorted(days)):
            year, month = day[:4], day[:7].replace("-", "/")
            for old in (month, f"{month}/page/*", day.replace("-", "/")):  # of a day, only large months have a page
                self.table.add(f"{prefix}/{old}", f"/archive/{month}/")
            self.table.add(f"{prefix}/{year}/", "/archive/")

    def _add_lists(self, prefix: str) -> None:
        """Add the rules with a "*" of WordPress's lists below a path without a slash at its end, "" for "/"."""
        self.table.add(f"{prefix}/page/*", "/")
        folders = {f"{prefix}/{self._site.language_folder}{language}": language for language in self._site.languages}
        for folder, language in folders.items():
            self.table.add(f"{folder}/page/*", language_page(language))
        for folder in filter(None, (prefix, *folders)):
            for kind in ("category", "tag", "author"):
                self.table.add(f"{folder}/{kind}/*", f"/{kind}/*")

    def _omissions_of_other_hosts(self) -> Iterator[Omission]:
        for host, count in sorted(self._posts_elsewhere.items()):
            reason = f"the host of the source is {host_of(self._site.address)}; let the server of {host} lead to the new site"
            yield Omission("", f"redirects of {count:,} addresses of posts at {host}", reason)

    def add_former_listings(self, former_ids: Mapping[str, Mapping[str, str]], names: Container[tuple[str, str]]) -> None:
        """Add the rules of WordPress's listings and their feeds at former ids.

        `former_ids` and `names` are those of `FormerListings`. What is in `names` needs no rule. The addresses are those without
        parent categories, from which WordPress redirected to others, and those of feeds here.
        """
        if self._site.system is not SourceSystem.WORDPRESS:
            return
        base = f"{split_address(self._site.address).path.rstrip('/')}/"
        folders = [*dict.fromkeys((base, f"{base}{self._site.script_folder}"))]
        for kind, ids in former_ids.items():
            for folder, (former, new) in product(folders, ids.items()):
                page = self.old_path(f"{folder}{kind}/{former}/") if former and (kind, former) not in names else ""
                if not page:
                    continue
                target = f"/{kind}/{new}/" if new else GONE
                self.table.add(page, target)
                here = {f"/{kind}/{former}/feed.{file_format}": file_format for file_format in ("rss", "atom")}
                for feed, file_format in {**posts_page_feeds(page), **here}.items():
                    self.table.add(feed, f"{target}feed.{file_format}" if new else GONE)

    def _add_listing(self, feed: WordPressFeed, new: str, shown_pages: Container[str]) -> None:
        """Add the rules of the page that had a feed: of its further pages, and if it is of a language, moved, or dropped.

        Of a site with plain addresses, those of all categories, tags and authors with a query, such as /?cat=3, get one, too.
        """
        path = listing_page(feed)
        if feed.holding not in (*TERM_KINDS, FeedHolding.LANGUAGE) or not path:
            return
        page, has_query = self.old_path(path), "?" in path
        if has_query and not (self._site.has_plain_addresses and feed.holding in TERM_KINDS):
            return
        is_moved = has_query or (feed.holding in TERM_KINDS and not routes.place_of(page))
        listing = GONE if new == GONE else new.rpartition("/")[0] + "/"
        if page and not has_query and feed.holding in TERM_KINDS:
            self.table.add(f"{page}page/*", listing)
        if page and new == GONE:
            self.table.add(page, GONE)
        elif page and (is_moved or (feed.holding is FeedHolding.LANGUAGE and page not in shown_pages)):
            self.table.add(page, listing)

    def _add_feed(self, old: str, new: str) -> None:
        """Add a rule from the path `old` of a feed to `new`, unless feedsvc has the feed `new` at `old` without a rule.

        Nothing is added if `old` is "".
        """
        place = routes.place_of(decoded_path(old)) if old else None
        if old and not (isinstance(place, routes.FeedAt) and routes.path_of(place) == new):
            self.table.add(old, new)

    def add_plug_in_redirects(
        self, redirects: Iterable[SourceRedirect], find: Callable[[str], str], has_path: Callable[[str], bool]
    ) -> None:
        """Add the rules that a plug-in of WordPress had; they replace other rules.

        `find` returns the path of a post by its address, or "". `has_path` returns whether the new site has something at a
        path. A redirect without a target gets the target GONE. A rule from an article's address becomes an omission, because the
        article stays there; so does one from "/" or another site, in a loop, or to a path here with nothing at it.
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

    def add_media(self, paths: Iterable[tuple[str, str]], former_target: Callable[[str], str]) -> None:
        """Add rules for files, given as (address, path "media/..."). A rule with a "*" answers uploads that kept their names.

        `former_target` returns the last import's target of an old address, "" without one: if a file has its first name again,
        that rule needs a new target.
        """
        for address, path in paths:
            if not (old := self.old_path(address)) or "?" in old:
                continue
            if is_upload := old.startswith(_UPLOADS):
                self.table.add(f"{_UPLOADS}*", "/media/*")
            if not is_upload or path != f"media/{upload_path(address)}" or former_target(old) not in ("", f"/{path}"):
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
