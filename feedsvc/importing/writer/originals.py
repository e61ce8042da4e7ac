"""Originals of translations: the articles that `translation_of` names, also those whose posts a partial export lacks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.existing import ExistingArticles
from feedsvc.importing.writer.index import SourceIndex
from feedsvc.importing.writer.post_ids import source_key
from feedsvc.importing.writer.values import digest_of, parse_digests


class Originals:
    """Look-up of the article that a post's article translates.

    An export of one language, one author or one category may lack the original. It then says nothing about it, so the article
    keeps the one that it got from an earlier import.
    """

    def __init__(self, index: SourceIndex, base: ImportBase, existing: ExistingArticles) -> None:
        self._index, self._base, self._existing = index, base, existing

    def find(self, post: SourcePost) -> str:
        """Return the id of the article that the article of a post translates, "" if it translates none.

        That of the last import is returned if it is in the newsroom, and its post not in the source. A new post gets that of the
        post that it translates.
        """
        article_id = self._article_id(post.translation_of)
        for key in filter(None, (source_key(post), post.translation_of)):
            digest = self._last_digest(key)
            if digest and digest != digest_of(article_id) and (missing := self._missing.get(digest)):
                return missing
        return article_id

    def _article_id(self, key: str) -> str:
        """Return the id of the article of the post with this `source_key`, in this or an earlier import; "" if there is none."""
        if plan := self._index.plans.get(key):
            return "" if plan.is_page or plan.is_deleted else plan.id
        article_id = self._known_id(key)
        return article_id if self._existing.find(article_id) else ""

    def _known_id(self, key: str) -> str:
        _path, _words, *known_id = self._base.get(ARTICLES, key) or ("", "")
        return known_id[0] if known_id else key

    def _last_digest(self, key: str) -> str:
        """Return the digest of the `translation_of` that the last import found for a post, "" if there was none."""
        _path, words, *_id = self._base.get(ARTICLES, key) or ("", "")
        return parse_digests(words.split()).get("translation_of", "")

    @cached_property
    def _missing(self) -> Mapping[str, str]:
        """Ids of the articles of the newsroom whose posts the source does not have, by their digests."""
        present = {plan.id for plan in self._index.plans.values()} | {*map(self._known_id, self._index.unselected)}
        return {digest_of(article_id): article_id for article_id in self._existing.paths if article_id not in present}
