"""Lint of feeds.yaml: feeds that select no article or equal another feed, tags of no article, short ages, useless keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from feedsvc.content.lint.context import LintContext
from feedsvc.content.lint.positions import EntryPositions
from feedsvc.content.reading import FEEDS_FILE
from feedsvc.content.text import did_you_mean
from feedsvc.errors import Problem
from feedsvc.language_tags import language_ranges
from feedsvc.model import Article, CustomFeed, FeedOverrides, IssueSchedule, Selection

_KEYS: Final = Selection.__slots__
_DAY: Final = 24 * 3600  # seconds
_Contents = tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...], str, int | None, IssueSchedule | None, FeedOverrides]


def lint_custom_feeds(context: LintContext) -> Iterator[Problem]:
    """Yield the warnings about the public and private feeds of feeds.yaml.

    They are about public feeds that equal another feed, keys without effect in private feeds, a `max_age` shorter than the time
    between issues, tags that no article has, and feeds that select no published article. The last two are left out while a
    file in articles/ has an error. Drafts and withdrawn articles count as articles with tags, but are not published ones;
    published articles before their day and expired ones are both.
    """
    content = context.content
    feeds = {feed.id: feed for feed in chain(content.custom_feeds.values(), content.private_feeds.values())}
    if not feeds:
        return
    positions = EntryPositions(context.root, FEEDS_FILE)
    # A private feed may hold the same as a public one: its readers get it with a token.
    yield from _same_contents_warnings(context, positions, {feed.id: feed for feed in content.custom_feeds.values()})
    yield from _private_feed_warnings(context, positions)
    yield from _short_age_warnings(positions, feeds.values())
    if not context.excluded_stems:
        tag_titles = {tag.id: tag.title for article in context.content.articles for tag in article.tags}
        for feed in feeds.values():
            yield from _unknown_tag_warnings(positions, feed, tag_titles)
            yield from _no_article_warnings(context, positions, feed)


def _private_feed_warnings(context: LintContext, positions: EntryPositions) -> Iterator[Problem]:
    """Yield warnings about keys without effect in private feeds: `archives: all`, and an image that nothing public refers to."""
    content = context.content
    for feed in {feed.id: feed for feed in content.private_feeds.values()}.values():
        if feed.feed.archives == "all":
            hint = "delete it; entries: says how many of the newest articles the feed holds"
            yield positions.warning("private-feed", feed.id, ("archives",), "archives: a private feed has no archives", hint)
        if hidden := sorted({*feed.media} - context.public_media):
            message = f"image: nothing public refers to {hidden[0]}, so the feed has the site's logo instead"
            yield positions.warning(
                "private-feed", feed.id, ("image",), message, "delete it, or use a picture that an article shows"
            )


def _short_age_warnings(positions: EntryPositions, feeds: Iterable[CustomFeed]) -> Iterator[Problem]:
    """Yield a warning for each periodical whose `max_age` is shorter than the day or week between its issues."""
    for feed in feeds:
        if feed.digest and feed.max_age:
            unit, days = ("day", 1) if feed.digest.weekday is None else ("week", 7)
            if feed.max_age < days * _DAY:
                message = f"max_age: is shorter than a {unit}, so that the digest has no entry for a part of each {unit}"
                yield positions.warning("short-max-age", feed.id, ("max_age",), message, f"write {days}d or more, or delete it")


def _unknown_tag_warnings(positions: EntryPositions, feed: CustomFeed, tag_titles: Mapping[str, str]) -> Iterator[Problem]:
    for key in ("include", "exclude"):
        for index, tag in enumerate(getattr(feed, key).tags):
            if tag not in tag_titles:
                hint = did_you_mean(tag, tag_titles) or "delete it, or name the tag in an article"
                message = f"{key}.tags: no article has the tag '{tag}'"
                yield positions.warning("unknown-tag", feed.id, (key, "tags", index), message, hint)


def _no_article_warnings(context: LintContext, positions: EntryPositions, feed: CustomFeed) -> Iterator[Problem]:
    language = context.content.site.language
    if not any(_is_selected(feed, article, language) for article in context.public_articles):
        hint = "name more in include, or less in exclude; until an article is selected, the feed stays empty"
        yield positions.warning("empty-feed", feed.id, (), f"{feed.id}: no article is selected", hint)


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


def _same_contents_warnings(
    context: LintContext, positions: EntryPositions, feeds: Mapping[str, CustomFeed]
) -> Iterator[Problem]:
    owners = _contents_of_other_listings(context)
    for feed in feeds.values():
        owner = owners.setdefault(_contents(feed), f"the feed '{feed.id}'")
        if owner != f"the feed '{feed.id}'":
            message = f"{feed.id}: holds the same as {owner}"
            hint = "change include, exclude or an option such as content:, or delete the entry"
            yield positions.warning("equal-feeds", feed.id, (), message, hint)


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
