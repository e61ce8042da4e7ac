"""Claim index: which article files claim an id, guid or address, and which of these values are disputed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from feedsvc.content.folder.conflicts import ClaimKey, claim_keys
from feedsvc.model import Article


class ClaimIndex:
    """Index of claims: from each id, guid and address to the path of a file that claims it, from each disputed one to all."""

    def __init__(self, articles: Sequence[Article] = ()) -> None:
        """Start with `articles` of different files."""
        ids = {article.id: article.path for article in articles}
        addresses = {article.slug: article.path for article in articles}
        is_disputed = not len(ids) == len(addresses) == len(articles)
        self._holders: dict[str, dict[str, str]] = {"id": {}, "address": {}} if is_disputed else {"id": ids, "address": addresses}
        self._disputed: dict[ClaimKey, set[str]] = {}
        for article in articles:
            if is_disputed or article.aliases or article.guid:
                self.add(article.path, article)

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
