"""Posts of WordPress with the id of another post, which an earlier import gave an id of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.post_addresses import read_addresses_word


def without_ids_of_others(
    posts: Iterable[SourcePost | Omission], base: ImportBase, site_address: str
) -> Iterator[SourcePost | Omission]:
    """Yield the posts, without its id each one that an earlier import knows by its address, because another had the same id.

    A later export may lack that other post, whose article must not get the text of this one.
    """
    for post in posts:
        is_double = isinstance(post, SourcePost) and _has_own_line(post, base, site_address)
        yield replace(post, id="") if isinstance(post, SourcePost) and is_double else post


def _has_own_line(post: SourcePost, base: ImportBase, site_address: str) -> bool:
    """Return whether the base has a post with the same addresses under the address of this one, which has an id."""
    if post.id in ("", post.address) or not base.has(ARTICLES, post.address):
        return False
    last = read_addresses_word(base.get(ARTICLES, post.address)[1])
    return last.with_addresses(post, site_address).digest == last.digest
