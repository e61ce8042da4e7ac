"""Posts of a source with the ids and states that follow from the base, which knows what earlier imports wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from feedsvc.importing.source import Omission, PostState, SourcePost
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.post_addresses import read_addresses_word
from feedsvc.importing.writer.post_ids import source_key

_Posts = Iterator[SourcePost | Omission]


def without_ids_of_others(posts: _Posts, base: ImportBase, site_address: str) -> _Posts:
    """Yield the posts of WordPress, without its id each one that an earlier import knows by its address.

    Another post had the same id. A later export may lack that one, whose article must not get the text of this post.
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


def with_final_states(posts: _Posts, base: ImportBase, now: datetime) -> _Posts:
    """Yield the posts, each scheduled one as published, or as a draft after its omission if its date is not later than `now`.

    Nothing becomes public that was not public at the source. A post that an earlier import scheduled here stays published.
    """
    for post in posts:
        if not isinstance(post, SourcePost) or post.state is not PostState.SCHEDULED:
            yield post
        elif (post.published and post.published > now) or _is_public_here(base, post):
            yield replace(post, state=PostState.PUBLISHED)
        else:
            reason = "it was still scheduled at the source though its date has come, so it is a draft"
            yield Omission(post.place, f"post '{post.title}': publication", reason)
            yield replace(post, state=PostState.DRAFT)


def _is_public_here(base: ImportBase, post: SourcePost) -> bool:
    """Return whether the last import wrote the post, and not as a draft."""
    line = base.get(ARTICLES, source_key(post))
    return bool(line) and " status=" not in line[1]
