"""Lint of site.yaml (front page, menus, icon, what search engines take from it), authors.yaml, tags.yaml and feeds.yaml.

`SETTINGS_RULES` has the rules by file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import chain
from typing import Final

from feedsvc.content.folder import ROOT_FOLDER
from feedsvc.content.lint.context import DeferredWarning, LintContext, warn_at
from feedsvc.content.media import image_size
from feedsvc.content.reading.files import AUTHORS_FILE, FEEDS_FILE, SITE_FILE, TAGS_FILE
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.language_tags import language_ranges
from feedsvc.model import Article, ArticleStatus, CustomFeed, FeedOverrides, IssueSchedule, Selection
from feedsvc.page_model import TITLED_KINDS, TITLES_OF_PATHS, MenuEntry
from feedsvc.routes import ArticleAt, FileAt, PageAt, place_of
from feedsvc.uris import path_below, split_at_query

_MAX_NAME_LENGTH: Final = 60  # characters
_NEWS_AGE: Final = timedelta(days=2)
_MAX_NEWS_ARTICLES: Final = 1_000
# Google: "Define a favicon to show in search results" (square, at least 8 pixels, better more than 48).
_MIN_SIDE: Final = 48
_FAVICON: Final = "favicon.ico"
_FAVICONS: Final = (_FAVICON, "favicon.svg")
_ICO_HEADER: Final = struct.Struct("<HHH")  # reserved, type, number of pictures
_ICO_ENTRY: Final = struct.Struct("<BB14x")  # width and height of a picture, 0 for 256
_LARGEST_SIDE: Final = 256
_KEYS: Final = Selection.__slots__
_DAY: Final = 24 * 3600  # seconds
_Fault = tuple[str, str]  # message and hint
_Contents = tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...], str, int | None, IssueSchedule | None, FeedOverrides]


def _check_home(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield the warnings about `home` in site.yaml: a lead that is not the slug of a published article, and unknown sections.

    The lead may be before its day, but must not have expired. While a file in articles/ has an error, there is no warning about
    a lead that no article has as slug.
    """
    home, categories = context.content.site.home, context.content.categories
    if home.lead and (message := _lead_fault(context, home.lead)):
        hint = context.suggest_slug(home.lead) or "name a published article by its slug, or delete the line"
        yield warn_at("home-entry", ("home", "lead"), f"{message}; the newest article with a picture leads instead", hint)
    for index, name in enumerate(home.sections):
        if name not in categories:
            hint = did_you_mean(name, categories) or "name ids of categories.yaml"
            yield warn_at("home-entry", ("home", "sections", index), f"home.sections: there is no section '{name}'", hint)


def _lead_fault(context: LintContext, slug: str) -> str:
    """Return a message about the fault of `slug` as `home.lead`; "" if it has none.

    Faults are: `slug` is no article's slug or only a former one, the article's status is not published, or the article
    has expired. No faults are: its day is in the future, or no article has the slug while a file in articles/ has an error.
    """
    article = context.articles_by_slug.get(slug)
    if article is None:
        return "" if context.excluded_stems else f"home.lead: no article has the slug '{slug}'"
    if article.slug != slug:
        return f"home.lead: '{slug}' is a former slug of {article.slug}"
    if article.status is not ArticleStatus.PUBLISHED:
        return f"home.lead: {article.path} is not published"
    return f"home.lead: {article.path} has expired" if article.expires and article.expires <= context.now else ""


def _check_menus(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield the warnings about entries of `navigation` and `footer.links` in site.yaml that lead nowhere or need a title."""
    site = context.content.site
    for keys, entries in ((("navigation",), site.navigation), (("footer", "links"), site.footer.links)):
        for index, entry in enumerate(entries or ()):
            if fault := _menu_fault(context, entry):
                message, hint = fault
                yield warn_at("menu-entry", (*keys, index), f"{'.'.join(keys)}: {message}", hint)


def _menu_fault(context: LintContext, entry: MenuEntry) -> _Fault | None:
    """Return message and hint about an entry that leads nowhere or needs a title, else None.

    Not checked are entries to other sites, paths of feed files, and whether a tag, a language, an issue or a period exists.
    """
    target = entry.target
    if target.startswith("/"):
        return _path_fault(context, target) or _title_fault(entry)
    if ":" in target:
        path = path_below(context.content.site.base_url, target)
        return _path_fault(context, path) if path else None
    return None if target in context.content.categories else _page_fault(context, target)


def _page_fault(context: LintContext, name: str) -> _Fault | None:
    page = context.content.pages.get(name)
    if page is None:
        names = (*context.content.categories, *context.content.pages)
        hint = did_you_mean(name, names) or f"write pages/{name}.md, or name an id of categories.yaml"
        return f"there is no section and no page '{name}', so the menu leaves it out", hint
    if page.is_draft:
        return f"{page.path} is a draft, so the menu leaves it out", "publish it, or delete this line"
    return None


def _path_fault(context: LintContext, target: str) -> _Fault | None:
    path, _ = split_at_query(target)
    content, place = context.content, place_of(path)
    match place:
        case StaticPageAt(name) | RootFileAt(name):
            message = f"'{path}' is the address of no page and of no file in root/"
            hint = did_you_mean(name, (*content.root_files, *content.pages))
            return None if context.has_free_place(place) else (message, hint)
        case ArticleAt(slug):
            article = context.articles_by_slug.get(slug)
            is_public = article is not None and article.status is ArticleStatus.PUBLISHED
            return None if is_public else (f"no published article has the slug '{slug}'", context.suggest_slug(slug))
        case PageAt(ref) if ref.id not in (names := context.listings.get(ref.kind, {ref.id: None})):
            kind = "custom feed" if ref.kind == "custom" else ref.kind
            return f"there is no {kind} '{ref.id}'", did_you_mean(ref.id, names)
        case FileAt(name) if name.startswith("media/") and name not in context.public_media:
            return f"nothing public refers to {name}, so it has no address", "link to it from a page"
        case None:
            return f"'{path}' has the form of no address of this site", "write one like /subscribe/ or /category/asia/"
        case _:
            return None


def _title_fault(entry: MenuEntry) -> _Fault | None:
    """Return message and hint for an entry without title whose target, a path, has no title of its own; else None.

    Paths have one if they are those of a category, author, custom feed or static page, or in TITLES_OF_PATHS.
    """
    place = place_of(entry.target)
    is_listing = isinstance(place, PageAt) and not place.period and place.listing.kind in TITLED_KINDS
    if entry.title or entry.target in TITLES_OF_PATHS or is_listing or isinstance(place, StaticPageAt):
        return None
    hint = f"write {{to: {entry.target}, title: What the link says}}"
    return f"'{entry.target}' has no title, so the menu shows the address", hint


def _check_search_engines(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield a warning about a title of the site of over 60 characters, and one about over 1,000 new articles.

    Search engines cut such a title, and a news sitemap names no more articles. New are published articles without `link` whose
    date is within the last two days. Since March 2025 a publisher cannot register feeds or logos with Google News: its pages are
    made from the name of the site, its news sitemap and its icon.
    """
    length = len(context.content.site.title)
    if length > _MAX_NAME_LENGTH:
        message = f"title: has {length} characters; search engines cut the name of a site after about {_MAX_NAME_LENGTH}"
        hint = "shorten it; a longer sentence can stand in description:"
        yield warn_at("long-site-title", ("title",), message, hint, at_key=True)
    start = context.now - _NEWS_AGE
    recent = sum(start < article.published <= context.now and not article.link for article in context.public_articles)
    if recent > _MAX_NEWS_ARTICLES:
        limit = f"the news sitemap names the newest {_MAX_NEWS_ARTICLES}, because Google reads no more"
        message = f"site: {recent} articles appeared within two days; {limit}"
        hint = "move what is no news, such as listings and weather, to another site"
        yield warn_at("news-sitemap", ("title",), message, hint, at_key=True)


def _check_icon(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield one warning if the site's icon is not square, is narrower than 48 pixels, or is an invalid favicon.ico.

    One image is checked: `icon` of site.yaml; without that key, root/favicon.ico (its largest picture); without both,
    the logo, but not if there is root/favicon.svg. SVG files, images on other sites, and an `icon` or logo that cannot
    be read give no warning.
    """
    content, site = context.content, context.content.site
    data = content.root_files.get(_FAVICON)
    if data is not None and not site.icon and (fault := _favicon_fault(data)):
        hint = f"save it with a square picture of at least {_MIN_SIDE} by {_MIN_SIDE} pixels in it"
        problem = Problem(path=f"{ROOT_FOLDER}/{_FAVICON}", message=fault, hint=hint, rule="icon")
        yield lambda _: problem
    has_favicon = any(name in content.root_files for name in _FAVICONS)
    key, address = ("icon", site.icon) if site.icon else ("logo", "" if has_favicon else site.logo)
    file = content.media.get(path_below(site.base_url, address)[1:]) if address else None
    with suppress(ValueError):  # most often an SVG, which has every size
        if file and (fault := _icon_fault(*image_size(file))):
            reason = "" if site.icon else "is the icon of the site, too, because there is no icon:, and "
            hint = f"name a square picture of at least {_MIN_SIDE} by {_MIN_SIDE} pixels as icon:"
            yield warn_at("icon", (key,), f"{key}: {reason}{fault}", hint, at_key=True)


def _icon_fault(width: int, height: int) -> str:
    if width != height:
        return f"{width} by {height} pixels is not square, so search engines do not show it"
    return f"{width} by {height} pixels is small; search engines show larger ones better" if width < _MIN_SIDE else ""


def _favicon_fault(data: bytes) -> str:
    """Return a message about an ICO file that is invalid or whose largest picture is not square or too small, else ""."""
    try:
        _, kind, count = _ICO_HEADER.unpack_from(data)
        entries = [_ICO_ENTRY.unpack_from(data, _ICO_HEADER.size + index * _ICO_ENTRY.size) for index in range(count)]
    except struct.error:
        return "the file is no icon"
    sizes = [(width or _LARGEST_SIDE, height or _LARGEST_SIDE) for width, height in entries]
    return _icon_fault(*max(sizes)) if kind == 1 and sizes else "the file is no icon"


def _check_authors(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield a warning for each entry of authors.yaml whose author no article names, not even a draft.

    Yield none while a file in articles/ has an error, because it may name them.
    """
    used_ids = {author_id for article in context.content.articles for author_id in article.authors}
    # `authors` maps aliases, too.
    for author_id in () if context.excluded_stems else {author.id for author in context.content.authors.values()} - used_ids:
        message, hint = f"{author_id}: no article names this author", "delete the entry, or name it in an article"
        yield warn_at("unused-author", (author_id,), message, hint, at_key=True)


def _check_tags(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield the warnings about tags.yaml: entries of tags that no article has, and aliases that articles have as tags.

    Drafts count as articles. There are none about unused entries while a file in articles/ has an error: it may use them.
    """
    for entry in {entry.id: entry for entry in context.content.tags.values()}.values():
        if entry.id not in context.tag_paths and not context.excluded_stems:
            hint = did_you_mean(entry.id, context.tag_paths) or "delete the entry, or name the tag in an article"
            message = f"{entry.id}: no article has this tag, so it has no page"
            yield warn_at("unused-tag", (entry.id,), message, hint, at_key=True)
        for index, alias in enumerate(entry.aliases):
            if path := context.tag_paths.get(alias):
                message = f"{entry.id}.aliases: '{alias}' does not redirect, because {path} has a tag with this id"
                hint = f"name the tag '{entry.title or entry.id}' in the articles instead, or delete the alias"
                yield warn_at("tag-alias", (entry.id, "aliases", index), message, hint)


def _check_feeds(context: LintContext) -> Iterator[DeferredWarning]:
    """Yield the warnings about the public and private feeds of feeds.yaml.

    They are about public feeds that equal another feed, keys without effect in private feeds, a `max_age` shorter than the time
    between issues, tags that no article has, and feeds that select no published article. The last two are left out while a
    file in articles/ has an error. Drafts and withdrawn articles count as articles with tags, but are not published ones;
    published articles before their day and expired ones are both.
    """
    public, private = (
        {feed.id: feed for feed in feeds.values()} for feeds in (context.content.custom_feeds, context.content.private_feeds)
    )
    # A private feed may hold the same as a public one: its readers get it with a token.
    yield from _same_contents_warnings(context, public)
    for feed in private.values():
        yield from _private_feed_warnings(context, feed)
    for feed in chain(public.values(), private.values()):
        yield from _short_age_warnings(feed)
        if not context.excluded_stems:
            yield from _selection_warnings(context, feed)


def _private_feed_warnings(context: LintContext, feed: CustomFeed) -> Iterator[DeferredWarning]:
    """Yield warnings about keys without effect in a private feed: `archives: all`, and an image that nothing public refers to."""
    if feed.feed.archives == "all":
        hint = "delete it; entries: says how many of the newest articles the feed holds"
        yield warn_at("private-feed", (feed.id, "archives"), "archives: a private feed has no archives", hint)
    if hidden := sorted({*feed.media} - context.public_media):
        message = f"image: nothing public refers to {hidden[0]}, so the feed has the site's logo instead"
        yield warn_at("private-feed", (feed.id, "image"), message, "delete it, or use a picture that an article shows")


def _short_age_warnings(feed: CustomFeed) -> Iterator[DeferredWarning]:
    """Yield a warning for a periodical whose `max_age` is shorter than the day or week between its issues."""
    unit, days = ("week", 7) if feed.digest and feed.digest.weekday is not None else ("day", 1)
    if feed.digest and feed.max_age and feed.max_age < days * _DAY:
        message = f"max_age: is shorter than a {unit}, so that the digest has no entry for a part of each {unit}"
        yield warn_at("short-max-age", (feed.id, "max_age"), message, f"write {days}d or more, or delete it")


def _selection_warnings(context: LintContext, feed: CustomFeed) -> Iterator[DeferredWarning]:
    for key, selection in (("include", feed.include), ("exclude", feed.exclude)):
        for index, tag in enumerate(selection.tags):
            if tag not in context.tag_paths:
                hint = did_you_mean(tag, context.tag_paths) or "delete it, or name the tag in an article"
                yield warn_at("unknown-tag", (feed.id, key, "tags", index), f"{key}.tags: no article has the tag '{tag}'", hint)
    language = context.content.site.language
    if not any(_is_selected(feed, article, language) for article in context.public_articles):
        hint = "name more in include, or less in exclude; until an article is selected, the feed stays empty"
        yield warn_at("empty-feed", (feed.id,), f"{feed.id}: no article is selected", hint, at_key=True)


def _is_selected(feed: CustomFeed, article: Article, site_language: str) -> bool:
    names = _names(article, site_language)
    is_included = all(not names[key].isdisjoint(wanted) for key in _KEYS if (wanted := _folded(feed.include, key)))
    return is_included and all(names[key].isdisjoint(_folded(feed.exclude, key)) for key in _KEYS)


def _names(article: Article, site_language: str) -> Mapping[str, frozenset[str]]:
    """Return the names that an article has of each kind (field of Selection): ids, and slugs of tags.

    Of languages, these are all ranges, in lower case, that match its language tag.
    """
    return {
        "categories": frozenset(article.categories),
        "authors": frozenset(article.authors),
        "tags": frozenset(tag.id for tag in article.tags),
        "languages": frozenset(language_ranges(article.language or site_language)),
    }


def _folded(selection: Selection, key: str) -> frozenset[str]:
    names: tuple[str, ...] = getattr(selection, key)
    return frozenset(map(str.lower, names) if key == "languages" else names)


def _same_contents_warnings(context: LintContext, feeds: Mapping[str, CustomFeed]) -> Iterator[DeferredWarning]:
    owners = _contents_of_other_listings(context)
    for feed in feeds.values():
        owner = owners.setdefault(_contents(feed), f"the feed '{feed.id}'")
        if owner != f"the feed '{feed.id}'":
            hint = "change include, exclude or an option such as content:, or delete the entry"
            yield warn_at("equal-feeds", (feed.id,), f"{feed.id}: holds the same as {owner}", hint, at_key=True)


def _contents_of_other_listings(context: LintContext) -> dict[_Contents, str]:
    """Map the `_contents` of the feeds of the site, the languages, categories and authors, but not tags, to names in messages.

    Languages are included if public articles are in more than one.
    """
    content = context.content
    owners = {_contents(CustomFeed(id="", title="")): "the feed of the whole site"}
    languages = {article.language or content.site.language for article in context.public_articles}
    for language in languages if len(languages) > 1 else ():
        listing = CustomFeed(id="", title="", include=Selection(languages=(language,)))
        owners[_contents(listing)] = f"the feed of the language '{language}'"
    for author in content.authors.values():
        listing = CustomFeed(id="", title="", include=Selection(authors=(author.id,)), feed=author.feed)
        owners[_contents(listing)] = f"the feed of the author '{author.id}'"
    for category in content.categories.values():
        listing = CustomFeed(id="", title="", include=Selection(categories=(category.id,)), feed=category.feed)
        owners[_contents(listing)] = f"the feed of the category '{category.id}'"
    return owners


def _contents(feed: CustomFeed) -> _Contents:
    """Return a key that is equal for feeds with equal include, exclude, image, max_age, digest and options.

    Their documents then differ at most in texts such as title and description. Names are compared, not the articles selected.
    """
    include, exclude = (tuple(_folded(selection, key) for key in _KEYS) for selection in (feed.include, feed.exclude))
    return include, exclude, feed.image, feed.max_age, feed.digest, feed.feed


# File -> its rules. redirects.yaml has its own module.
SETTINGS_RULES: Final[Mapping[str, Iterable[Callable[[LintContext], Iterator[DeferredWarning]]]]] = {
    SITE_FILE: (_check_home, _check_icon, _check_menus, _check_search_engines),
    AUTHORS_FILE: (_check_authors,),
    TAGS_FILE: (_check_tags,),
    FEEDS_FILE: (_check_feeds,),
}
