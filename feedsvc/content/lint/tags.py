"""Tags that are one though they are spelled as two: their spellings differ in punctuation, of which addresses have none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Final

from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location
from feedsvc.model import Article
from feedsvc.tag_slugs import tag_name

_HINT: Final = "write '{}' everywhere; two tags must differ in a letter, a digit or one of + # & @"
# Spelling -> the files that have it.
_Files = Mapping[str, list[str]]


def merged_tags(articles: Iterable[Article]) -> Mapping[str, tuple[str, str]]:
    """Return a message and a hint for each spelling that is not the one used most, where punctuation tells the two apart.

    Spellings that differ in letter case, spaces, hyphens or a hashtag mark alone count together, as the most used of them.
    """
    spellings: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for article in articles:
        for tag in article.tags:
            spellings[tag.id][tag.title].append(article.path)
    return dict(chain.from_iterable(_advice(slug, files) for slug, files in spellings.items()))


def _advice(slug: str, files: _Files) -> Iterator[tuple[str, tuple[str, str]]]:
    names: dict[str, list[str]] = defaultdict(list)
    for title in files if len(files) > 1 else ():
        names[tag_name(title)].append(title)
    if len(names) <= 1:
        return
    uses = Counter({name: sum(len(files[title]) for title in titles) for name, titles in names.items()})
    main, *others = sorted(names, key=lambda name: (-uses[name], name))
    most = _most_used(files, names[main])
    for name in others:
        both = f"{_with_files(files, names[name])} and {_with_files(files, names[main])}"
        message = f"tags: {both} are one tag, with one page and feed at /tag/{slug}/"
        yield from ((title, (message, _HINT.format(most))) for title in names[name])


def _most_used(files: _Files, titles: Iterable[str]) -> str:
    return min(titles, key=lambda title: (-len(files[title]), title))


def _with_files(files: _Files, titles: list[str]) -> str:
    """Return the most used of some spellings, one of the files that have them, and how many others there are."""
    first, *others = sorted(path for title in titles for path in files[title])
    more = f" and {len(others)} more" if others else ""
    return f"'{_most_used(files, titles)}' ({first}{more})"


def location(tree: Tree, title: str) -> Location:
    """Return where a file spells a tag so."""
    given = tree.value.get("tags") if isinstance(tree.value, dict) else None
    for index, one in enumerate(given if isinstance(given, list) else ()):
        if isinstance(one, str) and " ".join(one.split()) == title:
            return ("tags", index)
    return ("tags",)
