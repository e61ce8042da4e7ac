"""Lint of tags: spellings that give the same slug because they differ only in punctuation, which slugs do not contain."""

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
    """Map each spelling that differs in punctuation from the most used spelling of its slug to a message and a hint.

    Spellings that differ only in letter case, spaces, hyphens or a hash sign are counted together under the most used one.
    """
    spellings: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for article in articles:
        for tag in article.tags:
            spellings[tag.id][tag.title].append(article.path)
    return dict(chain.from_iterable(_merged_tag_messages(slug, files) for slug, files in spellings.items()))


def _merged_tag_messages(slug: str, files: _PathsByTitle) -> Iterator[tuple[str, tuple[str, str]]]:
    names: dict[str, list[str]] = defaultdict(list)
    for title in files if len(files) > 1 else ():
        names[spelling_key(title)].append(title)
    if len(names) <= 1:
        return
    uses = Counter({name: sum(len(files[title]) for title in titles) for name, titles in names.items()})
    main, *others = sorted(names, key=lambda name: (-uses[name], name))
    most = _most_used(files, names[main])
    for name in others:
        both = f"{_with_files(files, names[name])} and {_with_files(files, names[main])}"
        message = f"tags: {both} are one tag, with one page and feed at /tag/{slug}/"
        yield from ((title, (message, _HINT.format(most))) for title in names[name])


def _most_used(files: _PathsByTitle, titles: Iterable[str]) -> str:
    return min(titles, key=lambda title: (-len(files[title]), title))


def _with_files(files: _PathsByTitle, titles: list[str]) -> str:
    """Return a text with the most used of these spellings, the first file that has one, and the number of other files."""
    first, *others = sorted(path for title in titles for path in files[title])
    more = f" and {len(others)} more" if others else ""
    return f"'{_most_used(files, titles)}' ({first}{more})"


def tag_key_path(tree: YamlDocument, title: str) -> KeyPath:
    """Return the key path of the tag with this title, or of `tags` if it is not found."""
    given = tree.value.get("tags") if isinstance(tree.value, dict) else None
    for index, one in enumerate(given if isinstance(given, list) else ()):
        if isinstance(one, str) and " ".join(one.split()) == title:
            return ("tags", index)
    return ("tags",)
