"""Lint of tags: spellings that count as one tag, because they have one slug, although they differ in punctuation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from feedsvc.content.yaml import KeyPath, YamlDocument
from feedsvc.model import Article
from feedsvc.tag_slugs import spelling_key

_HINT: Final = "write '{}' everywhere; two tags must differ in a letter, a digit or one of + # & @"
# Spelling -> paths of the articles that use it.
_PathsByTitle = Mapping[str, list[str]]


def merged_tags(articles: Iterable[Article]) -> Mapping[str, tuple[str, str]]:
    """Map each spelling of a tag that differs from the most used one with the same slug to the (message, hint) of a warning.

    Spellings that differ only in letter case, spaces, hyphens, underscores or the hash sign of a hashtag count as one spelling,
    and their uses are added.
    """
    spellings: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for article in articles:
        for tag in article.tags:
            spellings[tag.id][tag.title].append(article.path)
    return dict(chain.from_iterable(_merged_tag_messages(slug, paths) for slug, paths in spellings.items()))


def _merged_tag_messages(slug: str, paths: _PathsByTitle) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (spelling, (message, hint)) for the spellings of one slug, which are the keys of `paths`, as in `merged_tags`."""
    titles_by_key: dict[str, list[str]] = defaultdict(list)
    for title in paths if len(paths) > 1 else ():
        titles_by_key[spelling_key(title)].append(title)
    if len(titles_by_key) <= 1:
        return
    uses = Counter({key: sum(len(paths[title]) for title in titles) for key, titles in titles_by_key.items()})
    main_key, *other_keys = sorted(titles_by_key, key=lambda key: (-uses[key], key))
    main_titles = titles_by_key[main_key]
    hint = _HINT.format(_most_used(paths, main_titles))
    for key in other_keys:
        titles = titles_by_key[key]
        spellings = f"{_with_files(paths, titles)} and {_with_files(paths, main_titles)}"
        message = f"tags: {spellings} are one tag, with one page and feed at /tag/{slug}/"
        yield from ((title, (message, hint)) for title in titles)


def _most_used(paths: _PathsByTitle, titles: Iterable[str]) -> str:
    return min(titles, key=lambda title: (-len(paths[title]), title))


def _with_files(paths: _PathsByTitle, titles: list[str]) -> str:
    """Return a text with the most used of `titles`, the first path of an article with one, and the number of other articles."""
    first, *others = sorted(path for title in titles for path in paths[title])
    more = f" and {len(others)} more" if others else ""
    return f"'{_most_used(paths, titles)}' ({first}{more})"


def tag_key_path(document: YamlDocument, title: str) -> KeyPath:
    """Return the key path of the first tag with this title in an article's document; that of `tags` if there is none.

    White space in the file counts as one space. A single tag without a list has the key path of `tags`, too.
    """
    tags = document.value.get("tags") if isinstance(document.value, dict) else None
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if isinstance(tag, str) and " ".join(tag.split()) == title:
            return ("tags", index)
    return ("tags",)
