"""Two files with one id, one slug or one former address: which stays up, the same at every start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from feedsvc.content.reader import Reading
from feedsvc.errors import Problem
from feedsvc.model import Article


class _Claim(NamedTuple):
    """`what` is id, slug or alias; slugs and aliases share one space of addresses."""

    what: str
    value: str
    article: Article
    place: tuple[int, int]


def settle(readings: Iterable[Reading]) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """The articles that stay, in the order given, and a Problem for every claim that another article holds.

    The file whose stem ends the claimed text keeps it (so a copied file never takes the original down), else the one
    with the shorter stem, then the lower path; a slug goes before a former slug.
    """
    read = [(reading.article, reading.places) for reading in readings if reading.article]
    claims: dict[tuple[str, str], list[_Claim]] = defaultdict(list)
    for article, places in read:
        for claim in _claims(article, places):
            claims["id" if claim.what == "id" else "address", claim.value].append(claim)
    disputes = [sorted(several, key=_strength) for several in claims.values() if len(several) > 1]
    problems = tuple(sorted(_lost(loser, winner) for winner, *losers in disputes for loser in losers))
    aside = {problem.path for problem in problems}
    return tuple(article for article, _ in read if article.path not in aside), problems


def _claims(article: Article, places: Mapping[str, tuple[int, int]]) -> Iterator[_Claim]:
    yield _Claim("id", article.id, article, places.get("id", (1, 1)))
    yield _Claim("slug", article.slug, article, places.get("slug", (1, 1)))
    for alias in article.aliases:
        yield _Claim("alias", alias, article, places.get(alias, (1, 1)))


def _strength(claim: _Claim) -> tuple[bool, int, int, str]:
    stem = PurePosixPath(claim.article.path).stem
    return claim.what == "alias", _match(claim.value, stem), len(stem), claim.article.path


def _match(value: str, stem: str) -> int:
    """0 if the stem is the text's whole last part, 1 if it merely ends it, 2 otherwise."""
    value = unquote(value)
    if value == stem or value.endswith((f":{stem}", f"/{stem}")):
        return 0
    return 1 if value.endswith(stem) else 2


def _lost(loser: _Claim, winner: _Claim) -> Problem:
    line, column = loser.place
    other = f"{winner.article.path}:{winner.place[0]}"
    message = f"{loser.what}: '{loser.value}' is already the {winner.what} of {other}"
    return Problem(path=loser.article.path, line=line, column=column, message=message, hint=_hint(loser))


def _hint(loser: _Claim) -> str:
    if loser.place == (1, 1):
        return f"give this article {'an id' if loser.what == 'id' else 'a slug'} of its own, or rename the file"
    return "delete this line here" if loser.what == "alias" else f"change this line, or delete it to get {'an id' if loser.what == 'id' else 'a slug'} from the file's name"
