"""Claim index: which article files claim an id, guid or address, and which of these values are disputed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter

from feedsvc.content.folder.conflicts import ClaimKey, claim_keys
from feedsvc.model import Article
from feedsvc.support.lazy_index import LazyIndex

_path, _id, _slug = attrgetter("path"), attrgetter("id"), attrgetter("slug")


class ClaimIndex:
    """Index of claims: from each id, guid and address to the path of a file that claims it, from each disputed one to all.

    Unless it starts without articles, `complete` must have returned True before all other methods but `advance`.
    """

    def __init__(self, articles: Sequence[Article] = ()) -> None:
        """Start with `articles` of different files."""
        self._articles = articles
        self._lazy_indexes = {"id": LazyIndex(articles, _id, _path), "address": LazyIndex(articles, _slug, _path)}
        self._holders: dict[str, dict[str, str]] = {namespace: {} for namespace in self._lazy_indexes}
        self._disputed: dict[ClaimKey, set[str]] = {}

    def advance(self, seconds: float) -> bool:
        """Build the index until about `seconds` have passed. Return whether only a short rest is left for `complete`."""
        return all(index.advance(seconds) for index in self._lazy_indexes.values())

    def complete(self) -> bool:
        """Build the rest of the index. Return False if articles claim the same value: the index cannot be used then."""
        further = [
            (*key, item.path)
            for item in self._articles
            if item.guid or item.aliases
            for key in {*claim_keys(item)} - {("id", item.id), ("address", item.slug)}
        ]
        self._holders = {namespace: index.complete() for namespace, index in self._lazy_indexes.items()}
        for namespace, value, path in further:
            self._holders[namespace][value] = path
        count, self._articles = 2 * len(self._articles) + len(further), ()
        return sum(map(len, self._holders.values())) == count

    def disputed_keys(self) -> frozenset[ClaimKey]:
        return frozenset(self._disputed)

    def disputing_paths(self) -> set[str]:
        """Return the paths of all candidates that claim a disputed value."""
        return set().union(*self._disputed.values())

    def paths_with(self, key: ClaimKey) -> Collection[str]:
        """Return the paths of the candidates that claim a value."""
        namespace, value = key
        if paths := self._disputed.get(key):
            return paths
        path = self._holders[namespace].get(value)
        return () if path is None else (path,)

    def paths_with_claims_of(self, article: Article) -> Iterator[str]:
        """Yield the path of each candidate that claims a value that this article claims; a path may occur several times."""
        for key in claim_keys(article):
            yield from self.paths_with(key)

    def add(self, path: str, article: Article) -> None:
        ids, addresses = self._holders["id"], self._holders["address"]
        is_only_holder = ids.setdefault(article.id, path) == path and addresses.setdefault(article.slug, path) == path
        if is_only_holder and not article.aliases and not article.guid:
            return
        for namespace, value in claim_keys(article):
            holder = self._holders[namespace].setdefault(value, path)
            if holder != path:
                self._disputed.setdefault((namespace, value), {holder}).add(path)

    def remove(self, path: str, article: Article) -> None:
        for namespace, value in claim_keys(article):
            other_holders = self._disputed.get((namespace, value), set()) - {path}
            if other_holders:
                self._holders[namespace][value] = min(other_holders)
                self._disputed[namespace, value] = other_holders
            else:
                del self._holders[namespace][value]
            if len(other_holders) <= 1:
                self._disputed.pop((namespace, value), None)
