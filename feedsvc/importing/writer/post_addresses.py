"""Addresses that led to a post, and the word of the base by which the next import knows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from feedsvc.importing.addresses import absolute, page_key
from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer.values import digest_of

_WORD: Final = "addresses="


class AddressesWord(NamedTuple):
    """Word "addresses=DIGEST:PRESENT,...;FORMER,..." of the base. `digest` is that of all addresses of a post, in their order.

    `present` are digests of single addresses of the post, `former` of those that it had at earlier imports only. They say which
    rules of redirects.yaml an import wrote. Earlier versions of feedsvc wrote only `digest`.
    """

    digest: str = ""
    present: frozenset[str] = frozenset()
    former: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The word, without empty lists."""
        present, former = (",".join(sorted(digests)) for digests in (self.present, self.former))
        return f"{_WORD}{self.digest}{f':{present}' if present else ''}{f';{former}' if former else ''}"

    def with_addresses(self, post: SourcePost, site_address: str) -> AddressesWord:
        """Return the word for the addresses that a post has now. This one is that of the last import."""
        addresses = [*addresses_of(post, site_address)]
        present = frozenset(map(digest_of_address, addresses))
        return AddressesWord(digest_of(addresses), present, (self.former | self.present) - present)

    def without(self, digests: Iterable[str]) -> AddressesWord:
        """Return the word of a post that lost some addresses to another one."""
        lost = self.present.intersection(digests)
        return self._replace(present=self.present - lost, former=self.former | lost)

    def lacks(self, address: str) -> bool:
        """Return whether a post that now has an address lost it to another one before. False if the word has no lists."""
        return bool(self.present or self.former) and digest_of_address(address) not in self.present


def addresses_of(post: SourcePost, site_address: str) -> Iterator[str]:
    """Yield the addresses that led to a post, as absolute ones. Invalid ones are left out.

    Of an article of feedsvc with a `link`, `address` is left out, too: it is a page elsewhere.
    """
    for address in (*([] if post.facts.get("link") else [post.address]), *post.other_addresses):
        if target := absolute(site_address, address):
            yield target


def digest_of_address(address: str) -> str:
    """Return a digest that is equal for all spellings of an address."""
    return digest_of(page_key(address))


def read_addresses_word(words: str) -> AddressesWord:
    """Return the word about addresses among the words of a line of the base, an empty one if there is none."""
    text = next((word.removeprefix(_WORD) for word in words.split() if word.startswith(_WORD)), "")
    before, _, former = text.partition(";")
    digest, _, present = before.partition(":")
    return AddressesWord(digest, *(frozenset(filter(None, digests.split(","))) for digests in (present, former)))
