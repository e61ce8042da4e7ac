"""Addresses that led to a post, and the word of the base by which the next import knows whether they changed."""

from __future__ import annotations

from collections.abc import Iterator

from feedsvc.importing.addresses import absolute
from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer.values import digest_of


def addresses_of(post: SourcePost, site_address: str) -> Iterator[str]:
    """Yield the addresses that led to a post, as absolute ones. Invalid ones are left out.

    Of an article of feedsvc with a `link`, `address` is left out, too: it is a page elsewhere.
    """
    for address in (*([] if post.facts.get("link") else [post.address]), *post.other_addresses):
        if target := absolute(site_address, address):
            yield target


def addresses_word(post: SourcePost, site_address: str) -> str:
    """Return the word "addresses=DIGEST" of the base, with a digest of a post's addresses."""
    return f"addresses={digest_of([*addresses_of(post, site_address)])}"
