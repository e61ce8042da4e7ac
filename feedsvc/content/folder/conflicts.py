"""Two files with one id, one slug or one former address: which stays up, the same at every start."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import unquote

from feedsvc.content.reading.article import Reading
from feedsvc.content.text import told
from feedsvc.errors import Problem
from feedsvc.model import Article, Status

# Settled in this order. Slugs and aliases share one space of addresses.
_SPACES: Final = {"id": "id", "slug": "address", "alias": "address"}
_NAMES: Final = {"id": "an id", "slug": "a slug"}


# (space, text)
Key = tuple[str, str]


class _Claim(NamedTuple):
    """`what` is id, slug or alias; `place` is None where the file's name gives it."""

    what: str
    value: str
    article: Article
    place: tuple[int, int] | None


def each(article: Article) -> Iterator[Key]:
    """What an article lays claim to, once each; a slug and a former slug are in one space."""
    yield "id", article.id
    yield "address", article.slug
    yield from (("address", name) for name in article.aliases if name != article.slug)


def settle(readings: Iterable[Reading], behind: Container[str] = frozenset()) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """The articles that stay, in the order given, and a Problem for every claim that another article holds.

    The file whose stem ends the claimed text keeps it (so a copied file never takes the original down), else the one
    with the shorter stem, then the lower path; a draft holds nothing against what is public. Ids go before slugs and
    slugs before former slugs, and an article that has lost one claim holds no other against anybody. Paths that are `behind`
    hold nothing against the rest.
    """
    read = [(reading.article, tuple(_claims(reading.article, reading.places))) for reading in readings if reading.article]
    holders: dict[tuple[str, str], _Claim] = {}
    problems: list[Problem] = []
    aside: set[str] = set()
    for what in _SPACES:
        claims = (claim for _, several in read for claim in several if claim.what == what)
        for claim in sorted(
            claims, key=lambda claim: (claim.article.path in aside, claim.article.path in behind, _strength(claim))
        ):
            holder = holders.get((_SPACES[what], claim.value))
            if holder and holder.article.path not in aside:
                aside.add(claim.article.path)
                problems.append(_lost(claim, holder))
            elif claim.article.path not in aside:
                holders[_SPACES[what], claim.value] = claim
    return tuple(article for article, _ in read if article.path not in aside), tuple(sorted(problems))


def _claims(article: Article, places: Sequence[int]) -> Iterator[_Claim]:
    claims = (("id", article.id), ("slug", article.slug), *(("alias", alias) for alias in article.aliases))
    for number, (what, value) in enumerate(claims):  # as the places are listed; a former article has none
        line, column = places[2 * number : 2 * number + 2] or (0, 0)
        yield _Claim(what, value, article, (line, column) if line else None)


def _strength(claim: _Claim) -> tuple[bool, int, int, str, str]:
    stem = unicodedata.normalize("NFC", PurePosixPath(claim.article.path).stem)
    return claim.article.status is Status.DRAFT, _match(claim.value, stem), len(stem), claim.article.path, claim.value


def _match(value: str, stem: str) -> int:
    """0 if the stem is the text's whole last part, 1 if it merely ends it, 2 otherwise."""
    value = unicodedata.normalize("NFC", unquote(value))
    if value == stem or value.endswith((f":{stem}", f"/{stem}")):
        return 0
    return 1 if value.endswith(stem) else 2


def _lost(loser: _Claim, holder: _Claim) -> Problem:
    line, column = loser.place or (1, 1)
    other = f"{holder.article.path}:{(holder.place or (1, 1))[0]}"
    message = f"{loser.what}: '{loser.value}' is already the {holder.what} of {other}"
    return Problem(path=loser.article.path, line=line, column=column, message=told(message), hint=_hint(loser))


def _hint(loser: _Claim) -> str:
    if loser.what == "alias":
        return "delete it here"
    if loser.place is None:
        return f"give this article {_NAMES[loser.what]} of its own, or rename the file"
    return f"change this line, or delete it to get {_NAMES[loser.what]} from the file's name"
