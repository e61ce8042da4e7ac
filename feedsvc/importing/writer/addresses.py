"""Former addresses of a source, and where they lead: aliases of articles, and rules of redirects.yaml for all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, product
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from feedsvc import routes
from feedsvc.content.reading.files import names_in, parse_settings_file
from feedsvc.content.schema.field_types import normalize_language_case
from feedsvc.free_places import StaticPageAt
from feedsvc.importing.addresses import absolute, host_of, port_of, split_address
from feedsvc.importing.source import Omission, SourceRedirect, SourceSite, SourceSystem
from feedsvc.importing.wordpress import (
    LANGUAGE_FOLDER,
    FeedHolding,
    WordPressFeed,
    former_feeds,
    listing_page,
    posts_page_feeds,
)
from feedsvc.importing.writer.article_files import address_key
from feedsvc.importing.writer.base import FACTS, SETTINGS, ImportBase, text_digest
from feedsvc.importing.writer.media import upload_path
from feedsvc.importing.writer.plans import ImportContext, SourceIndex
from feedsvc.importing.writer.report import ImportReport
from feedsvc.importing.writer.settings import explain_errors, read_settings
from feedsvc.importing.writer.terms import LISTING_FILES
from feedsvc.redirects import GONE, REDIRECTS_FILE, normalize_address, render_redirects_file, without_slash
from feedsvc.support.atomic_write import write_atomically

_UPLOADS: Final = "/wp-content/uploads/"
_MAX_TERMS: Final = 5000  # whose feeds and pages get rules of their own
_PARENTS: Final = re.compile(r"(?<=category/)(?:[^/?]+/)+(?=[^/?]+/feed/)")
_TERM_KINDS: Final = (FeedHolding.CATEGORY, FeedHolding.TAG, FeedHolding.AUTHOR)
PLACES: Final = (routes.ArticleAt, StaticPageAt)


Finder = Callable[[str], str]


def language_page(language: str) -> str:
    """Return the path of the listing of a language, whose name may have "_" in place of "-", and any letter case."""
    return f"/language/{normalize_language_case(language.replace('_', '-'))}/"


def with_known_languages(site: SourceSite, base: ImportBase) -> SourceSite:
    """Return the site with the main language of its last import first, also if this export has no published post in it.

    Else a later, partial export would lead subscribers to posts in all languages. The folder of the addresses of languages is
    that of the last import, too.
    """
    main = base.first("main language", site.languages[0]) if site.languages else base.get(FACTS, "main language").path
    if not main:
        return site
    has_folder = base.first("language folder", site.language_folder) == LANGUAGE_FOLDER
    others = (name for name in site.languages if name != main)
    return replace(site, languages=(main, *others), language_folder=LANGUAGE_FOLDER if has_folder else "")


@dataclass(slots=True)
class AddressTable:
    """Former addresses of a source: `rules` maps them to targets, as in redirects.yaml. `omissions` are those left out.

    Of several targets of an address, the first stays. Addresses that differ in a slash at the end count as one.
    """

    rules: dict[str, str] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)
    _spellings: dict[str, str] = field(default_factory=dict)  # `address_key` -> address in `rules`

    def add(self, old: str, new: str, *, replaces: bool = False) -> None:
        """Add a path with its query, unless it leads to itself or has a target. With `replaces`, replace that.

        An omission is added if the address cannot lead elsewhere.
        """
        try:
            address = _usable_address(old)
        except ValueError as error:
            return self.omit(old, "redirect", str(error))
        key = without_slash(address)
        former = self._spellings.get(key, "")
        if (replaces or not former) and key != without_slash(new):
            self.rules.pop(former, None)
            text = self._spellings[key] = address if decoded_address(address) == address else old
            self.rules[text] = new
        return None

    def omit(self, old: str, what: str, reason: str) -> None:
        self.omissions.append(Omission(old, what, reason))

    def remove(self, address: str, reason: str) -> None:
        """Replace the rule of an address, as `rules` has it, by an omission."""
        self.omit(address, f"redirect to {self.rules.pop(address)}", reason)

    def find(self, address: str) -> str:
        """Return the target of an address, "" if it has none."""
        return self.rules.get(self._spellings.get(address_key(address), ""), "")


def _usable_address(old: str) -> str:
    """Return an address in its one spelling. Raises ValueError, with the reason, if it cannot lead elsewhere."""
    address = normalize_address(old)
    if routes.is_never_free(address) or routes.place_of(address) == routes.TagsAt():
        raise ValueError("the new site has a document of its own at this address")
    if address.startswith(routes.PRIVATE_PREFIX):
        raise ValueError("the new site has private feeds below this address")
    return address


def decoded_address(old: str) -> str:
    """Return an address in its one spelling, decoded; "" if none can be written so."""
    try:
        return normalize_address(old)
    except ValueError:
        return ""


@dataclass(slots=True)
class AddressBuilder:
    """Builder of the rules of one source, in `table`.

    Addresses count if they are at one of `hosts`, at the port of the source's address, and below the path of the new site.
    """

    run: ImportContext
    table: AddressTable = field(default_factory=AddressTable)

    @property
    def site(self) -> SourceSite:
        return self.run.source

    def old_path(self, address: str) -> str:
        """Return an address as the key of a rule: its path as written, without the path of base_url, and its query.

        "" for an address that does not count.
        """
        address = absolute(self.site.address, address)
        split, prefix = split_address(address), split_address(self.run.site.base_url).path.rstrip("/")
        path = f"{split.path or '/'}"
        is_own = host_of(address) in self.run.hosts and port_of(address) == port_of(self.site.address)
        if not is_own or not f"{path}/".startswith(f"{prefix}/"):
            return ""
        return f"{path[len(prefix) :] or '/'}{'?' if split.query else ''}{split.query}"

    def finder(self, index: SourceIndex, rules: Mapping[str, str]) -> Finder:
        """Return a function from an address of the source to the path of an article or page here, "" if there is none.

        Addresses that no post has any more are those of articles that are here, of `rules`, and of pages. An address with a query
        is looked up with it, then without.
        """
        articles, pages = self.run.articles, self.run.pages.site_paths | index.page_paths

        def find(address: str) -> str:
            old = "" if (found := index.find(address)) else self.old_path(address)
            for path in dict.fromkeys((old, old.partition("?")[0])) if old else ():
                holder, decoded = articles.holders.get(address_key(path), ""), decoded_address(path)
                target = routes.article_path(articles.slugs[holder]) if holder else self.table.find(path)
                target = target or rules.get(decoded, decoded if decoded in pages else "")
                if isinstance(routes.place_of(target), PLACES):
                    return target
            return found

        return find

    @property
    def _is_wordpress(self) -> bool:
        return self.site.system is SourceSystem.WORDPRESS

    def build(self, index: SourceIndex, names: Collection[tuple[str, str]], media: Iterable[tuple[str, str]]) -> None:
        """Add the addresses of all posts, feeds, listings, plug-ins and files.

        `names` are the (kind, id or alias) that the settings files have, `media` (address, path) of files.
        """
        self._add_posts(index)
        self._add_feeds(index.shown_pages | (self.run.pages.site_paths - index.page_paths))
        if self._is_wordpress:
            self._add_lists(index.days)
            self._add_former_listings(names)
            self._add_posts_pages(index)
        self._add_plug_in_redirects(index)
        self._add_media(media)
        former_pages = {_site_path_of_page(plan.former_page) for plan in index.plans.values() if plan.former_page}
        for path in sorted(({*index.page_paths, *self.run.pages.site_paths} - former_pages) & self.table.rules.keys()):
            if isinstance(routes.place_of(self.table.rules[path]), PLACES):
                self.table.remove(path, "another page has this address now")

    def _add_posts(self, index: SourceIndex) -> None:
        """Add the rules for present addresses of posts, then for former ones, but not for that of a feed here."""
        elsewhere = Counter[str]()
        for address, target in (*index.addresses, *index.former_addresses):
            old = self.old_path(address)
            if old and not isinstance(routes.place_of(old), routes.FeedAt):
                self.table.add(old, target)
            elif not old and host_of(address) not in self.run.hosts:
                elsewhere[host_of(address)] += 1
        for host, count in sorted(elsewhere.items()):
            reason = f"the host of the source is {host_of(self.site.address)}; let the server of {host} lead to the new site"
            self.table.omit("", f"redirects of {count:,} addresses of posts at {host}", reason)

    # --- feeds and listings

    def _add_feeds(self, shown_pages: Collection[str]) -> None:
        """Add the rules for the former feeds and the pages that had them; no rule leads from a public page to a listing.

        A front page below a path gets a rule to "/". An omission is added for a former feed without known address.
        """
        front_page = self.old_path(self.site.address)
        if front_page.strip("/"):  # the site was below a path
            self.table.add(front_page, "/")
        for number, address in enumerate(self.site.feeds):
            known = self.site.feed_suffixes[number] if number < len(self.site.feed_suffixes) else ""
            suffix = known or next((name for name in ("atom", "json") if name in address.lower()), "rss")
            self._add_feed(self.old_path(address), f"/feed.{suffix}")
        if self.site.system is SourceSystem.FEED and not self.site.feeds:
            reason = f"the address of the former feed is not known; add it to {REDIRECTS_FILE}"
            self.table.omit("", "redirect of the feed", reason)
        site = self.site if len(self.site.terms) <= _MAX_TERMS else replace(self.site, terms=())
        for feed in former_feeds(site) if self._is_wordpress else ():
            self._add_wordpress_feed(feed, shown_pages)

    def _add_wordpress_feed(self, feed: WordPressFeed, shown_pages: Collection[str]) -> None:
        if new := self._feed_target(feed):
            for path in self._feed_paths(feed):
                self._add_feed(self.old_path(path), new)
            self._add_listing(feed, new, shown_pages)

    def _feed_paths(self, feed: WordPressFeed) -> Iterable[str]:
        """Return the paths of a feed: its own, that without parents of a category, and those in the folders of languages."""
        paths = dict.fromkeys((feed.path, _PARENTS.sub("", feed.path)))
        if feed.holding not in _TERM_KINDS or "?" in feed.path:
            return paths
        base = f"{split_address(self.site.address).path.rstrip('/')}/"
        folders = (f"{base}{self.site.language_folder}{language}/" for language in self.site.languages)
        return *paths, *(f"{folder}{path.removeprefix(base)}" for folder, path in product(folders, paths))

    def _feed_target(self, feed: WordPressFeed) -> str:
        """Return the path to which a former feed leads now, GONE if the mapping drops what it had, "" without one.

        The feed of a site in several languages held only the posts in the first one.
        """
        languages, kind = self.site.languages, feed.holding.value
        if feed.holding is FeedHolding.SITE and not languages:
            return f"/feed.{feed.format}"
        if feed.holding in (FeedHolding.SITE, FeedHolding.LANGUAGE):
            return f"{language_page(feed.key or languages[0])}feed.{feed.format}"
        if listing := self.run.terms.listing_id(kind, feed.key):
            return f"/{kind}/{listing}/feed.{feed.format}"
        return GONE if self.run.terms.is_dropped(kind, feed.key) else ""

    def _add_feed(self, old: str, new: str) -> None:
        """Add a rule from the path `old` of a feed to `new`, unless feedsvc has the feed `new` at `old` without a rule."""
        place = routes.place_of(decoded_address(old)) if old else None
        if old and not (isinstance(place, routes.FeedAt) and routes.path_of(place) == new):
            self.table.add(old, new)

    def _add_listing(self, feed: WordPressFeed, new: str, shown_pages: Collection[str]) -> None:
        """Add the rules of the page that had a feed: of its further pages, and if it is of a language, moved, or dropped.

        Of a site with plain addresses, those of all categories, tags and authors with a query, such as /?cat=3, get one, too.
        """
        is_term, listing = feed.holding in _TERM_KINDS, GONE if new == GONE else f"{new.rpartition('/')[0]}/"
        for path in dict.fromkeys((feed.path, _PARENTS.sub("", feed.path))):
            page = self.old_path(listing_page(replace(feed, path=path)))
            if not page or feed.holding is FeedHolding.SITE:
                continue
            if "?" in page:
                if self.site.has_plain_addresses and is_term:
                    self.table.add(page, listing)
                continue
            if is_term:
                self.table.add(f"{page}page/*", listing)
            if new == GONE or (not routes.place_of(page) if is_term else page not in shown_pages):
                self.table.add(page, listing)

    def _add_lists(self, days: Iterable[str]) -> None:
        """Add the rules of WordPress's lists: further pages, listings below a path or a language, and those by date.

        `days` are those on which something was published (YYYY-MM-DD).
        """
        front = self.old_path(self.site.address).rstrip("/")
        for prefix in dict.fromkeys((front, f"{front}/{self.site.script_folder}".rstrip("/"))):
            folders = {f"{prefix}/{self.site.language_folder}{language}": language for language in self.site.languages}
            self.table.add(f"{prefix}/page/*", "/")
            for folder, language in folders.items():
                self.table.add(f"{folder}/page/*", language_page(language))
            for folder, kind in product(filter(None, (prefix, *folders)), LISTING_FILES):
                self.table.add(f"{folder}/{kind}/*", f"/{kind}/*")
            for day in sorted(days):
                month = day[:7].replace("-", "/")
                for old in (month, f"{month}/page/*", day.replace("-", "/")):  # of a day, only large months have a page
                    self.table.add(f"{prefix}/{old}", f"/archive/{month}/")
                self.table.add(f"{prefix}/{day[:4]}/", "/archive/")

    def _add_former_listings(self, names: Collection[tuple[str, str]]) -> None:
        """Add the rules of listings and their feeds at former ids: because of the map, or because a tag has a new name.

        `names` are the (kind, id or alias) that the settings files have, and that answer by themselves.
        """
        base = f"{split_address(self.site.address).path.rstrip('/')}/"
        for kind in LISTING_FILES:
            for former, new in self.run.terms.former_ids(kind).items():
                target = f"/{kind}/{new}/" if new else GONE
                for folder in dict.fromkeys((base, f"{base}{self.site.script_folder}")):
                    page = self.old_path(f"{folder}{kind}/{former}/")
                    if page and (kind == "tag" or (kind, former) not in names):
                        self.table.add(page, target)
                        here = {f"/{kind}/{former}/feed.{suffix}": suffix for suffix in ("rss", "atom")}
                        for feed, suffix in {**posts_page_feeds(page), **here}.items():
                            self.table.add(feed, f"{target}feed.{suffix}" if new else GONE)

    def _add_posts_pages(self, index: SourceIndex) -> None:
        """Add the rules for the feeds of pages that showed the posts: they were the feed of the site, or of a language.

        WordPress shows the posts on a page without text if another is in front. The rules replace others of these addresses.
        """
        languages = self.site.languages
        for address in index.empty_pages if index.has_front_page else ():
            old = self.old_path(address)
            inner = old.removeprefix(self.old_path(self.site.address).rstrip("/")).removeprefix("/")
            first = inner.removeprefix(self.site.script_folder).removeprefix(self.site.language_folder).partition("/")[0]
            front = language_page(first if first in languages else languages[0]) if languages else "/"
            for feed, suffix in posts_page_feeds(old).items() if old and "?" not in old else ():
                self.table.add(feed, f"{front}feed.{suffix}", replaces=True)

    # --- plug-ins and files

    def _add_plug_in_redirects(self, index: SourceIndex) -> None:
        """Add the rules that a plug-in of WordPress had; they replace others. One without a target gets the target GONE.

        A rule from an article's address becomes an omission, because the article stays there; so does one from "/" or another
        site, or to an address that no document here can have. Whether there is one, `feedsvc check` says.
        """
        for redirect in self.site.redirects:
            old, new = self.old_path(redirect.old), self._new_target(redirect, index)
            own = index.find(absolute(self.site.address, redirect.old))
            what = f"redirect to {redirect.new or 'nothing'}"
            if isinstance(routes.place_of(own), routes.ArticleAt):
                self.table.omit(redirect.old, what, "an article of the source has this address")
            elif not old or old == "/" or not new:
                reason = "its target is not in the newsroom" if old else "the address is not one of this site"
                self.table.omit(redirect.old, what, reason)
            else:
                self.table.add(old, new, replaces=True)
        self._remove_circles()

    def _remove_circles(self) -> None:
        """Replace by omissions the rules that lead back to themselves: redirects.yaml with one is not valid."""
        targets = {without_slash(old): without_slash(new) for old, new in self.table.rules.items()}
        for old in [*self.table.rules] if self.site.redirects else ():
            passed, following = set[str](), without_slash(old)
            while following in targets and following not in passed:
                passed.add(following)
                following = targets[following]
            if following in passed:
                self.table.remove(old, "the redirects go in a circle")

    def _new_target(self, redirect: SourceRedirect, index: SourceIndex) -> str:
        if not redirect.new:
            return GONE
        target = absolute(self.site.address, redirect.new)
        if path := index.find(target):
            return path
        if host_of(target) not in self.run.hosts:
            return target if target.startswith(("http://", "https://")) else ""
        path = self.old_path(target)
        return path if path == "/" or (path and "?" not in path and routes.place_of(path)) else ""

    def _add_media(self, media: Iterable[tuple[str, str]]) -> None:
        """Add the addresses of files. One with a "*" leads to the uploads that kept their names."""
        for address, path in media:
            old = self.old_path(address)
            if not old or "?" in old:
                continue
            if old.startswith(_UPLOADS):
                self.table.add(f"{_UPLOADS}*", "/media/*")
            if not old.startswith(_UPLOADS) or path != f"media/{upload_path(address)}":
                self.table.add(old, f"/{path}")


def _site_path_of_page(path: str) -> str:
    return routes.path_of(StaticPageAt(PurePosixPath(path).stem))


def listing_names(texts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return (kind, id or alias) of all entries of categories.yaml, authors.yaml and tags.yaml, by their texts."""
    return frozenset((kind, name) for kind, file in LISTING_FILES.items() for name in names_in(file, texts[file].encode()))


# --- aliases and rules


class FormerAddresses(NamedTuple):
    """Result for one source: `aliases` of articles by their paths, `rules` of redirects.yaml, and what neither can have."""

    aliases: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, str]
    omissions: tuple[Omission, ...]


def split_addresses(run: ImportContext, table: AddressTable, index: SourceIndex) -> FormerAddresses:
    """Return the addresses that lead to articles of the source as their aliases, and all others as rules.

    An article keeps the aliases that it has, unless another one has the address now. An address that an editor's rule has,
    or an article whose file stays, becomes an omission.
    """
    paths = {plan.site_path: plan.path for plan in index.plans.values() if not plan.is_page and not plan.is_deleted}
    rules = {old: new for old, new in table.rules.items() if new not in paths or old.endswith("*") or old == "/"}
    own = {} if is_imported(run.root, run.base) else stored_rules(run.root)
    keys, imported = {address_key(old): new for old, new in own.items()}, {*paths.values()} - run.articles.ids.keys()
    aliases: dict[str, dict[str, None]] = {path: {} for path in paths.values()}
    omissions = list[Omission]()
    for old, new in table.rules.items():
        holder = run.articles.holders.get(address_key(old), "")
        if old in rules:
            continue
        if (mine := keys.get(address_key(old), new)) != new:
            reason = f"the file has a rule to {mine} for this address; change the rule, or delete one of two equal articles"
            omissions.append(Omission(REDIRECTS_FILE, f"{old}: {new}", reason))
        elif holder not in ("", paths[new]) and holder not in imported:
            reason = "the file has this address among its aliases; delete it there, or one of two equal articles"
            omissions.append(Omission(holder, f"{old}: {new}", reason))
        elif address_key(old) not in keys:
            aliases[paths[new]][old] = None
    for path in paths.values():
        kept = (old for old in run.articles.addresses.get(path, ()) if not table.find(old))
        aliases[path] |= dict.fromkeys(kept)
    in_order = {path: tuple(sorted(found, key=lambda old: ("?" in old, old))) for path, found in aliases.items()}
    return FormerAddresses(in_order, rules, tuple(omissions))


def stored_rules(root: Path) -> dict[str, str]:
    """Return the exact rules of redirects.yaml as they are written there; {} without a readable file."""
    value: Any = parse_settings_file(REDIRECTS_FILE, read_settings(root, REDIRECTS_FILE) or b"").value
    exact = value.get("exact") if isinstance(value, dict) else None
    return {str(old): str(new) for old, new in exact.items()} if isinstance(exact, dict) else {}


def is_imported(root: Path, base: ImportBase) -> bool:
    """Return whether redirects.yaml is as an import wrote it, or missing and none wrote it."""
    data = read_settings(root, REDIRECTS_FILE)
    return (
        not base.has(SETTINGS, REDIRECTS_FILE) if data is None else base.has_digest(SETTINGS, REDIRECTS_FILE, text_digest(data))
    )


def write_rules(run: ImportContext, found: FormerAddresses) -> None:
    """Write redirects.yaml anew with further rules if it is as an import wrote it. Any other stays, and its gaps are listed.

    Rules of earlier imports stay, except GONE and those of addresses that lead elsewhere now or are those of listings.
    """
    root, base, report, names = run.root, run.base, run.report, run.terms.names
    own, data = stored_rules(root), read_settings(root, REDIRECTS_FILE)
    known = {address_key(old): target for old, target in own.items()}
    new = {old: target for old, target in found.rules.items() if known.get(address_key(old)) != target}
    taken = {address_key(old) for old in (*found.rules, *chain.from_iterable(found.aliases.values()))}
    kept = {old: to for old, to in own.items() if address_key(old) not in taken and not _is_outdated(old, to, names)}
    text = render_redirects_file({**kept, **found.rules})
    if is_imported(root, base) or text_digest(data or b"") == text_digest(text):
        report.redirects |= new
        _write(root, data or b"", text, report)
        base.put(SETTINGS, REDIRECTS_FILE, REDIRECTS_FILE, text_digest(text))
    elif data is not None:
        reason = "the file was changed here, so it stays; add the rule by hand"
        report.omit(Omission(REDIRECTS_FILE, f"{old}: {target}", reason) for old, target in new.items())


def _write(root: Path, before: bytes, text: str, report: ImportReport) -> None:
    if text_digest(text) != text_digest(before) and not report.is_dry_run:
        with explain_errors(root / REDIRECTS_FILE):
            write_atomically(root / REDIRECTS_FILE, (text.replace("\n", "\r\n") if b"\r\n" in before else text).encode())


def _is_outdated(address: str, target: str, names: Collection[tuple[str, str]]) -> bool:
    """Return whether a rule of an earlier import says GONE, or is at a listing of the source or its feed and leads elsewhere."""
    if target == GONE:
        return True
    place, end = routes.place_of(address), routes.place_of(target)
    if not isinstance(place, routes.PageAt | routes.FeedAt) or getattr(end, "listing", None) == place.listing:
        return False
    return (place.listing.kind, place.listing.id) in names
