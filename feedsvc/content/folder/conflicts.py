"""Conflicts: files that claim the same id, slug or former slug. The result is the same at every start."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import unquote

from feedsvc.content.reading import ParseResult
from feedsvc.content.text import sanitize_message
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus

# Namespace of each kind of claim, in the order in which claims are resolved. Slugs and aliases share one.
_NAMESPACES: Final = {"id": "id", "slug": "address", "alias": "address"}
_NOUNS: Final = {"id": "an id", "slug": "a slug"}

# (namespace, value)
ClaimKey = tuple[str, str]


class _Claim(NamedTuple):
    """Claim of an article. `kind` is id, slug or alias; `position` is None if it is unknown or the value is the file name's."""

    kind: str
    value: str
    article: Article
    position: tuple[int, int] | None


def claim_keys(article: Article) -> Iterator[ClaimKey]:
    """Yield namespace and value of each claim of an article, each once. Slugs and former slugs share a namespace."""
    yield "id", article.id
    yield "address", article.slug
    yield from (("address", name) for name in article.aliases if name != article.slug)


def resolve_conflicts(
    results: Iterable[ParseResult], last_paths: Container[str] = frozenset()
) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """Return the articles without a lost claim, in the order given, and a problem for each claim that another article holds.

    A claim goes to the file whose stem (name without suffix) ends the claimed value, so that a copied file never replaces the
    original; then to the shorter stem, then to the lower path. Drafts come after public articles. Ids are resolved before slugs,
    and slugs before former slugs. An article that lost a claim cannot win another. Articles of `last_paths` come after all
    others.
    """
    articles = [(result.article, result.positions) for result in results if result.article]
    claims = [claim for article, positions in articles for claim in _claims(article, positions)]
    holders: dict[ClaimKey, _Claim] = {}
    problems: list[Problem] = []
    losing_paths: set[str] = set()

    def precedence(claim: _Claim) -> tuple[bool, bool, tuple[bool, int, int, str, str]]:
        return claim.article.path in losing_paths, claim.article.path in last_paths, _precedence(claim)

    for kind, namespace in _NAMESPACES.items():
        for claim in sorted((claim for claim in claims if claim.kind == kind), key=precedence):
            holder = holders.get((namespace, claim.value))
            if holder and holder.article.path not in losing_paths:
                losing_paths.add(claim.article.path)
                problems.append(_conflict_problem(claim, holder))
            elif claim.article.path not in losing_paths:
                holders[namespace, claim.value] = claim
    return tuple(article for article, _ in articles if article.path not in losing_paths), tuple(sorted(problems))


def _claims(article: Article, positions: Sequence[int]) -> Iterator[_Claim]:
    """Yield the claims of an article. `positions` are as in `ParseResult`; a last valid version has none."""
    claims = (("id", article.id), ("slug", article.slug), *(("alias", alias) for alias in article.aliases))
    for index, (kind, value) in enumerate(claims):  # in the order of the positions
        line, column = positions[2 * index : 2 * index + 2] or (0, 0)
        yield _Claim(kind, value, article, (line, column) if line else None)


def _precedence(claim: _Claim) -> tuple[bool, int, int, str, str]:
    """Return the sort key of a claim: of two claims to a value, the one with the lower key wins."""
    stem = unicodedata.normalize("NFC", PurePosixPath(claim.article.path).stem)
    return claim.article.status is ArticleStatus.DRAFT, _match_rank(claim.value, stem), len(stem), claim.article.path, claim.value


def _match_rank(value: str, stem: str) -> int:
    """Return 0 if the stem is the value's whole last part after ":" or "/", 1 if the value just ends with the stem, else 2."""
    value = unicodedata.normalize("NFC", unquote(value))
    if value == stem or value.endswith((f":{stem}", f"/{stem}")):
        return 0
    return 1 if value.endswith(stem) else 2


def _conflict_problem(loser: _Claim, holder: _Claim) -> Problem:
    line, column = loser.position or (1, 1)
    other = f"{holder.article.path}:{(holder.position or (1, 1))[0]}"
    message = f"{loser.kind}: '{loser.value}' is already the {holder.kind} of {other}"
    return Problem(path=loser.article.path, line=line, column=column, message=sanitize_message(message), hint=_hint(loser))


def _hint(loser: _Claim) -> str:
    if loser.kind == "alias":
        return "delete it here"
    if loser.position is None:
        return f"give this article {_NOUNS[loser.kind]} of its own, or rename the file"
    return f"change this line, or delete it to get {_NOUNS[loser.kind]} from the file's name"
