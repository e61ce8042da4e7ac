"""Former addresses of a source, and where they lead: aliases of articles, and rules of redirects.yaml for all others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, product
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

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
    feeds_below,
    former_feeds,
    listing_page,
)
from feedsvc.importing.writer.article_files import address_key
from feedsvc.importing.writer.base import FACTS, SETTINGS, ImportBase, text_digest
from feedsvc.importing.writer.media import MediaLibrary, upload_path
from feedsvc.importing.writer.plans import ImportContext, SourceIndex
from feedsvc.importing.writer.settings import explain_errors, read_settings
from feedsvc.importing.writer.terms import LISTING_FILES
from feedsvc.redirects import GONE, REDIRECTS_FILE, normalize_address, render_redirects_file, without_slash
from feedsvc.support.atomic_write import write_atomically

_UPLOADS: Final = "/wp-content/uploads/"
_MAX_TERMS: Final = 5000  # whose feeds and pages get rules of their own
_PARENTS: Final = re.compile(r"(?<=category/)(?:[^/?]+/)+(?=[^/?]+/feed/)")
_TERM_KINDS: Final = (FeedHolding.CATEGORY, FeedHolding.TAG, FeedHolding.AUTHOR)
_BLOGGER_FORMATS: Final = {"": "atom", "?alt=rss": "rss", "?alt=json": "json"}  # of its feeds, by their query
PLACES: Final = (routes.ArticleAt, StaticPageAt)

Finder = Callable[[str], str]
Rules = Iterator[tuple[str, str]]


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


class AddressTable:
    """Former addresses of a source: `rules` maps them to targets, as in redirects.yaml. `omissions` are those left out.

    Addresses count if they are at one of the source's hosts, at the port of its address, and below the path of the new site.
    Those that differ in a slash at the end count as one. Of several targets of an address, the first stays.
    """

    def __init__(self, run: ImportContext, index: SourceIndex) -> None:
        self.run, self.site, self.index = run, run.source, index
        self.pages = run.pages.site_paths | index.page_paths
        self.rules: dict[str, str] = {}
        self.omissions: list[Omission] = []
        self._spellings: dict[str, str] = {}  # `address_key` -> address in `rules`

    def fill(self, names: Collection[tuple[str, str]], media: Iterable[tuple[str, str]]) -> None:
        """Add the addresses of plug-ins, posts, feeds, listings and files.

        `names` are the (kind, id or alias) that the settings files have, `media` (address, path) of files.
        """
        is_wordpress = self.site.system is SourceSystem.WORDPRESS
        of_wordpress = (self._feeds_of_wordpress(), self._lists(), self._former_listings(names)) if is_wordpress else ()
        of_blogger = (self._lists_of_blogger(),) if self.site.is_of_blogger else ()
        for old, new in chain(self._plug_ins(), self._posts(), self._feeds(), *of_wordpress, *of_blogger, self._media(media)):
            self._add(old, new)

    def _add(self, old: str, new: str) -> None:
        """Add a rule unless its address has one, or is that of its target; an omission if it cannot lead elsewhere."""
        try:
            address = _usable_address(old) if old else ""
        except ValueError as error:
            self._omit(old, "redirect", str(error))
            return
        key, place = without_slash(address), routes.place_of(address)
        is_there = key == without_slash(new) or (isinstance(place, routes.FeedAt) and routes.path_of(place) == new)
        is_hidden = address in self.pages and isinstance(routes.place_of(new), PLACES)
        if address and key not in self._spellings and not is_there and not is_hidden:
            text = self._spellings[key] = address if decoded_address(address) == address else old
            self.rules[text] = new

    def _omit(self, old: str, what: str, reason: str) -> None:
        self.omissions.append(Omission(old, what, reason))

    def find(self, address: str) -> str:
        """Return the target of an address, "" if it has none."""
        return self.rules.get(self._spellings.get(address_key(address), ""), "")

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

    def finder(self, rules: Mapping[str, str]) -> Finder:
        """Return a function from an address of the source to the path of an article or page here, "" if there is none.

        Addresses that no post has any more are those of articles that are here, of `rules`, and of pages. An address with a query
        is looked up with it, then without.
        """
        articles, pages = self.run.articles, self.pages

        def find(address: str) -> str:
            old = "" if (found := self.index.find(address)) else self.old_path(address)
            for path in dict.fromkeys((old, old.partition("?")[0])) if old else ():
                holder, decoded = articles.holders.get(address_key(path), ""), decoded_address(path)
                target = routes.article_path(articles.slugs[holder]) if holder else self.find(path)
                target = target or rules.get(decoded, decoded if decoded in pages else "")
                if isinstance(routes.place_of(target), PLACES):
                    return target
            return found

        return find

    def _plug_ins(self) -> Rules:
        """Yield the rules that a plug-in of WordPress had. One without a target gets the target GONE.

        A rule from an article's address becomes an omission, because the article stays there; so does one from "/" or another
        site, or to an address that no document here can have. Whether there is one, `feedsvc check` says.
        """
        for redirect in self.site.redirects:
            old, new = self.old_path(redirect.old), self._new_target(redirect)
            own, reason = self.index.find(absolute(self.site.address, redirect.old)), ""
            if isinstance(routes.place_of(own), routes.ArticleAt):
                reason = "an article of the source has this address"
            elif not old or old == "/" or not new:
                reason = "its target is not in the newsroom" if old else "the address is not one of this site"
            if reason:
                self._omit(redirect.old, f"redirect to {redirect.new or 'nothing'}", reason)
            else:
                yield old, new

    def _new_target(self, redirect: SourceRedirect) -> str:
        if not redirect.new:
            return GONE
        target = absolute(self.site.address, redirect.new)
        if path := self.index.find(target):
            return path
        if host_of(target) not in self.run.hosts:
            return target if target.startswith(("http://", "https://")) else ""
        path = self.old_path(target)
        return path if path == "/" or (path and "?" not in path and routes.place_of(path)) else ""

    def _posts(self) -> Rules:
        """Yield the rules for present addresses of posts, then for former ones, but not for that of a feed here."""
        elsewhere = Counter[str]()
        for address, target in (*self.index.addresses, *self.index.former_addresses):
            old = self.old_path(address)
            if old and not isinstance(routes.place_of(old), routes.FeedAt):
                yield old, target
            elif not old and host_of(address) not in self.run.hosts:
                elsewhere[host_of(address)] += 1
        for host, count in sorted(elsewhere.items()):
            reason = f"the host of the source is {host_of(self.site.address)}; let the server of {host} lead to the new site"
            self._omit("", f"redirects of {count:,} addresses of posts at {host}", reason)

    # --- feeds and listings

    def _feeds(self) -> Rules:
        """Yield the rules for the feeds that the source names, and for a front page below a path."""
        front_page = self.old_path(self.site.address)
        if front_page.strip("/"):
            yield front_page, "/"
        for number, address in enumerate(self.site.feeds):
            known = self.site.feed_suffixes[number] if number < len(self.site.feed_suffixes) else ""
            suffix = known or next((name for name in ("atom", "json") if name in address.lower()), "rss")
            yield self.old_path(address), f"/feed.{suffix}"
        if self.site.system is SourceSystem.FEED and not (self.site.feeds or self.site.is_of_blogger):
            reason = f"the address of the former feed is not known; add it to {REDIRECTS_FILE}"
            self._omit("", "redirect of the feed", reason)

    def _feeds_of_wordpress(self) -> Rules:
        site = self.site if len(self.site.terms) <= _MAX_TERMS else replace(self.site, terms=())
        shown_pages = self.index.shown_pages | (self.run.pages.site_paths - self.index.page_paths)
        for feed in former_feeds(site):
            if new := self._feed_target(feed):
                yield from ((self.old_path(path), new) for path in self._feed_paths(feed))
                yield from self._listing(feed, new, shown_pages)

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
        page = self._term_page(kind, feed.key)
        return page if page in ("", GONE) else f"{page}feed.{feed.format}"

    def _term_page(self, kind: str, key: str) -> str:
        """Return the path of the page of a category, tag or author, GONE if the mapping drops it, "" if it has none."""
        if listing := self.run.terms.listing_id(kind, key):
            return f"/{kind}/{listing}/"
        return GONE if self.run.terms.is_dropped(kind, key) else ""

    def _listing(self, feed: WordPressFeed, new: str, shown_pages: Collection[str]) -> Rules:
        """Yield the rules of the page that had a feed, if it moved or was dropped, and one for its further pages.

        No rule leads from a public page to the listing of a language.
        Of a site with plain addresses, listings with a query, such as /?cat=3, get a rule.
        """
        is_term, listing = feed.holding in _TERM_KINDS, GONE if new == GONE else f"{new.rpartition('/')[0]}/"
        for path in dict.fromkeys((feed.path, _PARENTS.sub("", feed.path))):
            page = "" if feed.holding is FeedHolding.SITE else self.old_path(listing_page(replace(feed, path=path)))
            if is_term and page and "?" not in page:
                yield f"{page}page/*", listing
            is_moved = is_term and (not routes.place_of(page) or new == GONE)
            is_by_number = is_term and self.site.has_plain_addresses
            if is_by_number if "?" in page else is_moved or (not is_term and page not in shown_pages):
                yield page, listing

    def _lists(self) -> Rules:
        """Yield the rules of WordPress's lists: further pages, listings below a path or a language, and those by date."""
        front = self.old_path(self.site.address).rstrip("/")
        for prefix in dict.fromkeys((front, f"{front}/{self.site.script_folder}".rstrip("/"))):
            folders = {f"{prefix}/{self.site.language_folder}{language}": language for language in self.site.languages}
            yield f"{prefix}/page/*", "/"
            yield from ((f"{folder}/page/*", language_page(language)) for folder, language in folders.items())
            for folder, kind in product(filter(None, (prefix, *folders)), LISTING_FILES):
                yield f"{folder}/{kind}/*", f"/{kind}/*"
            for day in sorted(self.index.days):
                month = day[:7].replace("-", "/")
                for old in (month, f"{month}/page/*", day.replace("-", "/")):  # of a day, only large months have a page
                    yield f"{prefix}/{old}", f"/archive/{month}/"
                yield f"{prefix}/{day[:4]}/", "/archive/"

    def _former_listings(self, names: Collection[tuple[str, str]]) -> Rules:
        """Yield the rules of listings and their feeds at former ids: because of the map, or because a tag has a new name.

        `names` are the (kind, id or alias) that the settings files have, and that answer by themselves.
        """
        base = f"{split_address(self.site.address).path.rstrip('/')}/"
        folders = dict.fromkeys((base, f"{base}{self.site.script_folder}"))
        for kind in LISTING_FILES:
            former = self.run.terms.former_ids(kind).items()
            for (old, new), folder in product(former, folders):
                if kind != "tag" and (kind, old) in names:
                    continue
                page, target = self.old_path(f"{folder}{kind}/{old}/"), f"/{kind}/{new}/" if new else GONE
                yield page, target
                here = {f"/{kind}/{old}/feed.{suffix}": suffix for suffix in ("rss", "atom")}
                for feed, suffix in {**feeds_below(page), **here}.items() if page else ():
                    yield feed, f"{target}feed.{suffix}" if new else GONE

    def _lists_of_blogger(self) -> Rules:
        """Yield the rules of Blogger's feeds of the site and of labels, and of its pages of labels, months and years."""
        for name in ("default", "full", "summary"):
            yield from self._feeds_of_blogger(name, "/")
        for term in self.site.terms[:_MAX_TERMS]:
            label = quote(term.name, safe="")
            if page := self._term_page(term.kind.value, term.key):
                yield self.old_path(f"/search/label/{label}"), page
                yield from self._feeds_of_blogger(f"default/-/{label}", page)
        for month in sorted({day[:7] for day in self.index.days}):
            year, number = month.split("-")
            yield self.old_path(f"/{year}/{number}/"), f"/archive/{year}/{number}/"
            yield self.old_path(f"/{year}_{number}_01_archive.html"), f"/archive/{year}/{number}/"  # until 2014 or so
            yield self.old_path(f"/{year}/"), "/archive/"

    def _feeds_of_blogger(self, name: str, page: str) -> Rules:
        for query, suffix in _BLOGGER_FORMATS.items():
            yield self.old_path(f"/feeds/posts/{name}{query}"), GONE if page == GONE else f"{page}feed.{suffix}"

    def _media(self, media: Iterable[tuple[str, str]]) -> Rules:
        """Yield the rules of files. One with a "*" leads to the uploads that kept their names."""
        for address, path in media:
            old = self.old_path(address)
            if not old or "?" in old:
                continue
            if old.startswith(_UPLOADS):
                yield f"{_UPLOADS}*", "/media/*"
            if not old.startswith(_UPLOADS) or path != f"media/{upload_path(address)}":
                yield old, f"/{path}"


def listing_names(texts: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    """Return (kind, id or alias) of all entries of categories.yaml, authors.yaml and tags.yaml, by their texts."""
    return frozenset((kind, name) for kind, file in LISTING_FILES.items() for name in names_in(file, texts[file].encode()))


# --- aliases and rules


def write_addresses(run: ImportContext, index: SourceIndex, texts: Mapping[str, str], library: MediaLibrary) -> Finder:
    """Write redirects.yaml and note the aliases of articles; return a function from an address of the source to the path here.

    `texts` are those of the settings files.
    """
    table, own, report = AddressTable(run, index), _stored_rules(run.root), run.report
    table.fill(listing_names(texts), [(address, path) for address in index.media if (path := library.path_of(address))])
    report.omit(table.omissions)
    articles = {plan.site_path: plan.path for plan in index.plans.values() if not plan.is_page and not plan.is_deleted}
    is_rule = {old: new not in articles or old.endswith("*") or old == "/" for old, new in table.rules.items()}
    of_articles = {old: articles[new] for old, new in table.rules.items() if not is_rule[old]}
    _find_aliases(run, index, table, of_articles, {} if _is_imported(run) else own)
    rules = {old: new for old, new in table.rules.items() if is_rule[old]}
    for plan in index.plans.values():
        known = run.articles.addresses.get(plan.path, ())
        report.redirects |= {old: plan.site_path for old in index.aliases.get(plan.path, ()) if old not in known}
    _write_rules(run, rules, own, {*map(address_key, table.rules)})
    for addresses in (index.addresses, index.former_addresses):  # some 50 MB for 100,000 posts
        addresses.clear()
    run.terms.remember(run.base)  # last, because the rules compare with the ids of the last import
    return table.finder(own)


def _find_aliases(
    run: ImportContext, index: SourceIndex, table: AddressTable, addresses: Mapping[str, str], rules: Mapping[str, str]
) -> None:
    """Add to the index the aliases of all its articles: `addresses` by their files, and those that only the files have.

    An address that a rule of an editor (`rules`) has, or an article whose file stays, becomes an omission.
    """
    articles, keys = run.articles, {address_key(old): new for old, new in rules.items()}
    paths = {plan.path: plan.site_path for plan in index.plans.values() if not plan.is_page and not plan.is_deleted}
    aliases: dict[str, set[str]] = {
        path: {old for old in articles.addresses.get(path, ()) if not table.find(old)} for path in paths
    }
    for old, path in addresses.items():
        key, new = address_key(old), paths[path]
        holder = articles.holders.get(key, path)
        if (mine := keys.get(key, new)) != new:
            reason = f"the file has a rule to {mine} for this address; change the rule, or delete one of two equal articles"
            run.report.omit([Omission(REDIRECTS_FILE, f"{old}: {new}", reason)])
        elif holder != path and (holder not in paths or holder in articles.ids):
            reason = "the file has this address among its aliases; delete it there, or one of two equal articles"
            run.report.omit([Omission(holder, f"{old}: {new}", reason)])
        elif key not in keys:
            aliases[path].add(old)
    index.aliases.update({path: tuple(sorted(found, key=lambda old: ("?" in old, old))) for path, found in aliases.items()})


def _stored_rules(root: Path) -> dict[str, str]:
    """Return the exact rules of redirects.yaml as they are written there; {} without a readable file."""
    value: Any = parse_settings_file(REDIRECTS_FILE, read_settings(root, REDIRECTS_FILE) or b"").value
    exact = value.get("exact") if isinstance(value, dict) else None
    return {str(old): str(new) for old, new in exact.items()} if isinstance(exact, dict) else {}


def _is_imported(run: ImportContext) -> bool:
    """Return whether redirects.yaml is as an import wrote it, or missing and none wrote it."""
    data, written = read_settings(run.root, REDIRECTS_FILE), run.base.digests(SETTINGS, REDIRECTS_FILE)
    return not written if data is None else text_digest(data) in written


def _write_rules(run: ImportContext, rules: Mapping[str, str], own: Mapping[str, str], taken: Collection[str]) -> None:
    """Write redirects.yaml anew with further rules if it is as an import wrote it. Any other stays, and its gaps are listed.

    Rules of earlier imports (`own`) stay, except GONE and those of `taken` addresses or of listings that lead elsewhere now.
    """
    names, data = run.terms.names, read_settings(run.root, REDIRECTS_FILE)
    known = {address_key(old): target for old, target in own.items()}
    new = {old: target for old, target in rules.items() if known.get(address_key(old)) != target}
    kept = {old: to for old, to in own.items() if address_key(old) not in taken and not _is_outdated(old, to, names)}
    text = render_redirects_file({**kept, **rules})
    if _is_imported(run) or text_digest(data or b"") == text_digest(text):
        run.report.redirects |= new
        run.base.put(SETTINGS, REDIRECTS_FILE, REDIRECTS_FILE, text_digest(text))
        if text_digest(text) != text_digest(data or b"") and not run.report.is_dry_run:
            with explain_errors(run.root / REDIRECTS_FILE):
                write_atomically(run.root / REDIRECTS_FILE, text.encode())
    elif data is not None:
        reason = "the file was changed here, so it stays; add the rule by hand"
        run.report.omit(Omission(REDIRECTS_FILE, f"{old}: {target}", reason) for old, target in new.items())


def _is_outdated(address: str, target: str, names: Collection[tuple[str, str]]) -> bool:
    """Return whether a rule of an earlier import says GONE, or is at a listing of the source or its feed and leads elsewhere."""
    place, end = routes.place_of(address), routes.place_of(target)
    is_listing = isinstance(place, routes.PageAt | routes.FeedAt) and (place.listing.kind, place.listing.id) in names
    return target == GONE or (is_listing and getattr(end, "listing", None) != getattr(place, "listing", None))
