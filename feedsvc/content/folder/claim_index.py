"""Claim index: which article files claim an id, guid or address, and which of these values are disputed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter

from feedsvc.content.folder.conflicts import ClaimKey, claim_keys
from feedsvc.model import Article

_path, _id, _slug = attrgetter("path"), attrgetter("id"), attrgetter("slug")


class ClaimIndex:
    """Index of claims: from each id, guid and address to the path of a file that claims it, from each disputed one to all."""

    def __init__(self, articles: Collection[Article] = (), linked: Iterable[Article] = ()) -> None:
        """Start with `articles` of different files. The index is valid only if `are_disjoint` is True.

        `linked` are those of them that have a guid or former slugs, and any others of them.
        """
        further = [
            (*key, item.path) for item in linked for key in {*claim_keys(item)} - {("id", item.id), ("address", item.slug)}
        ]
        paths = [*map(_path, articles)]
        self._holders: dict[str, dict[str, str]] = {
            "id": dict(zip(map(_id, articles), paths, strict=True)),
            "address": dict(zip(map(_slug, articles), paths, strict=True)),
        }
        for namespace, value, path in further:
            self._holders[namespace][value] = path
        self._disputed: dict[ClaimKey, set[str]] = {}
        # True if no two articles of the start claim the same value.
        self.are_disjoint = sum(map(len, self._holders.values())) == 2 * len(articles) + len(further)

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
