"""Addresses that a post takes over from another one, such as one that was deleted, or is a draft now.

Rules of posts are not in the base, which would be twice as large. So the words of the posts there say which rules of
redirects.yaml an import wrote. All others are those of editors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.plans import PostPlan
from feedsvc.importing.writer.post_addresses import digest_of_address, read_addresses_word


class TakenAddress(NamedTuple):
    """Address of a post with the path `target`. An earlier import may have led it to `former_target`, that of another post."""

    address: str
    target: str
    former_target: str


class _Claim(NamedTuple):
    """Present address of a post that it had at no earlier import. `numbers` are digests of its addresses with a query."""

    address: str
    key: str
    target: str
    numbers: frozenset[str]


@dataclass(slots=True)
class TakenAddresses:
    """Collector of the present addresses that are new to posts. `slugs` are the stated slugs of articles by their paths."""

    base: ImportBase
    slugs: Mapping[str, str]
    _claims: dict[str, _Claim] = field(default_factory=dict)
    _has_former_posts: bool = field(init=False)

    def __post_init__(self) -> None:
        self._has_former_posts = any(self.base.keys(ARTICLES))

    def note(self, address: str, key: str, target: str, addresses: Iterable[str]) -> None:
        """Note a new present address of a post, with the key and path of the post and all its addresses."""
        if not self._has_former_posts:  # at a first import, all addresses are new: this would double the memory of the index
            return
        numbers = frozenset(digest_of_address(other) for other in addresses if "?" in other)
        # A post without a number, as in a feed, may be the former one with another id: the report lists both as doubles.
        if numbers:
            self._claims.setdefault(digest_of_address(address), _Claim(address, key, target, numbers))

    def take(self) -> Iterator[TakenAddress]:
        """Yield each noted address that another post had, for each such post, and note in the base that this one lost it.

        A post with the same number is the same one with another id, and keeps its addresses.
        """
        for key in self.base.keys(ARTICLES) if self._claims else ():
            path, words, *other_id = self.base.get(ARTICLES, key)
            word = read_addresses_word(words)
            taken = {
                digest: claim
                for digest in word.present | word.former
                if (claim := self._claims.get(digest)) and claim.key != key and not claim.numbers & word.present
            }
            if not taken:
                continue
            for claim in taken.values():
                for slug in dict.fromkeys((PurePosixPath(path).stem, self.slugs.get(path, ""))):
                    if slug:
                        yield TakenAddress(claim.address, claim.target, PostPlan("", slug, path).site_path)
            self.base.put(ARTICLES, key, path, words.replace(word.text, word.without(taken).text), *other_id)
