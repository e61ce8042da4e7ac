"""Ids that earlier imports gave the categories and authors of a source: a later one gives the same, in any order of the posts.

The base has them in the lines of ENTRIES: behind the digest of the entry, a word for each name that the source has for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feedsvc.importing.writer.base import ENTRIES, ImportBase
from feedsvc.importing.writer.values import digest_of


class KnownIds:
    """Ids of the categories and authors of one source, by their keys there. `site_digest` tells the source from others.

    The keys are stored as digests, because one may be an e-mail address.
    """

    def __init__(self, base: ImportBase, site_digest: str) -> None:
        self._site_digest = site_digest
        self._ids: dict[tuple[str, str], str] = {}
        for line in base.keys(ENTRIES):
            file, _, entry_id = line.partition(" ")
            self._ids |= {(file, word): entry_id for word in base.get(ENTRIES, line)[1:]}

    def get(self, file: str, key: str) -> str:
        """Return the id of a key in categories.yaml or authors.yaml (`file`), "" if no earlier import gave it one."""
        return self._ids.get((file, self._word(key)), "")

    def all(self, file: str) -> Iterator[str]:
        """Yield the ids of categories.yaml or authors.yaml (`file`) that earlier imports of the source gave to any key."""
        source = f"{self._site_digest}:"
        yield from (entry_id for (name, word), entry_id in self._ids.items() if name == file and word.startswith(source))

    def put(self, base: ImportBase, line: str, digest: str, keys: Iterable[str]) -> None:
        """Put the line of an entry, "FILE ID", into the base. `digest` is that of the entry, `keys` are those with its id.

        Keys that the line has already stay.
        """
        base.put(ENTRIES, line, digest, *sorted({*base.get(ENTRIES, line)[1:], *map(self._word, keys)}))

    def _word(self, key: str) -> str:
        return f"{self._site_digest}:{digest_of(key)}"
