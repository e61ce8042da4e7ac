"""Conflicts: decides which article keeps an id, guid, slug or former slug (alias) that several article files claim.

Also decides which one keeps the language of a work that several articles translate (see the module `translations`), and which
page keeps a slug or former slug.

The decision does not depend on the order in which the files are read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from feedsvc.content.folder.translations import find_conflicts
from feedsvc.content.reading.article import ParseResult
from feedsvc.content.text import file_stem, problem_at
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus

# Namespace of each kind of claim, in the order in which claims are resolved. Slugs and aliases share one.
# So do ids and guids, because an article without a guid has its id in RSS.
_NAMESPACES: Final = {"id": "id", "guid": "id", "slug": "address", "alias": "address"}
_NOUNS: Final = {"id": "an id", "slug": "a slug"}
_DELETION_HINTS: Final = {"alias": "delete it here", "guid": "delete it here, unless feed readers know this article by it"}

# (namespace, value)
ClaimKey = tuple[str, str]


class Claim(NamedTuple):
    """Claim of the article or page in the file `path` to a value. `kind` is "id", "guid", "slug" or "alias".

    `position` is line and column; None if they are unknown, or if the value comes from the file's name.
    """

    kind: str
    value: str
    path: str
    is_draft: bool
    position: tuple[int, int] | None


def claim_keys(article: Article) -> Iterator[ClaimKey]:
    """Yield namespace ("id" or "address") and value of each claim of an article. Slugs and former slugs are addresses."""
    yield "id", article.id
    if article.guid:
        yield "id", article.guid
    yield "address", article.slug
    yield from (("address", name) for name in article.aliases if name != article.slug)


def resolve_claims(claims: Collection[Claim], last_paths: Container[str] = frozenset()) -> list[tuple[Claim, Claim]]:
    """Return each lost claim with the claim of the file that holds its value: pairs (loser, holder).

    Ids are resolved first, then guids, slugs and former slugs. An id and an equal guid are in conflict, and so are a slug and
    an equal former slug: the kind that is resolved first wins. A file that lost a claim cannot win another.

    Of several files that claim a value as the same kind, one not in `last_paths` wins; then one that is no draft; then one
    whose stem (name without suffix) is the value or its last part after ":" or "/", then one with whose stem the value ends,
    so that a copied file never replaces the original; then the shorter stem; then the lower path.
    """
    holders: dict[ClaimKey, Claim] = {}
    lost_claims: list[tuple[Claim, Claim]] = []
    losing_paths: set[str] = set()

    def order(claim: Claim) -> tuple[bool, bool, tuple[bool, int, int, str, str]]:
        return claim.path in losing_paths, claim.path in last_paths, precedence(claim)

    for kind, namespace in _NAMESPACES.items():
        for claim in sorted((claim for claim in claims if claim.kind == kind), key=order):
            holder = holders.get((namespace, claim.value))
            if holder and holder.path not in losing_paths:
                losing_paths.add(claim.path)
                lost_claims.append((claim, holder))
            elif claim.path not in losing_paths:
                holders[namespace, claim.value] = claim
    return lost_claims


def resolve_conflicts(
    results: Iterable[ParseResult], last_paths: Container[str] = frozenset()
) -> tuple[tuple[Article, ...], tuple[Problem, ...]]:
    """Return the articles that lost no claim and no language of a work, in the order given, and a problem for each loss, sorted.

    Claims are resolved by `resolve_claims`. Languages of works are resolved last, among the articles that lost no claim
    (`translations.find_conflicts`). Articles in `last_paths` yield to others. Results without an article are skipped.
    """
    articles = [(result.article, result.positions) for result in results if result.article]
    lost_claims = resolve_claims([claim for article, positions in articles for claim in _claims(article, positions)], last_paths)
    losing_paths = {loser.path for loser, _ in lost_claims}
    problems = [conflict_problem(loser, holder) for loser, holder in lost_claims]
    positions_by_path = {article.path: positions for article, positions in articles}
    for loser, holder in find_conflicts((article for article, _ in articles if article.path not in losing_paths), last_paths):
        losing_paths.add(loser.path)
        problems.append(_language_problem(loser, holder, positions_by_path))
    return tuple(article for article, _ in articles if article.path not in losing_paths), tuple(sorted(problems))


def _claims(article: Article, positions: Sequence[int]) -> Iterator[Claim]:
    """Yield the claims of an article. `positions` has line and column of each claim in turn; () for a last valid version."""
    claims = [("id", article.id), ("slug", article.slug), *(("alias", alias) for alias in article.aliases)]
    claims += [("", address) for address in article.addresses]  # decided by the module `addresses`
    claims += [("guid", article.guid)] if article.guid else []
    is_draft = article.status is ArticleStatus.DRAFT
    for index, (kind, value) in enumerate(claims):  # in the order of the positions
        line, column = positions[2 * index : 2 * index + 2] or (0, 0)
        if kind:
            yield Claim(kind, value, article.path, is_draft, (line, column) if line else None)


def precedence(claim: Claim) -> tuple[bool, int, int, str, str]:
    """Return the sort key of a claim: of several claims to a value, the one with the lowest key wins."""
    stem = file_stem(claim.path)
    return claim.is_draft, _match_rank(claim.value, stem), len(stem), claim.path, claim.value


def _match_rank(value: str, stem: str) -> int:
    """Return 0 if the stem is the value or all of its last part after ":" or "/", 1 if the value just ends with it, else 2."""
    value = unicodedata.normalize("NFC", unquote(value))
    if value == stem or value.endswith((f":{stem}", f"/{stem}")):
        return 0
    return 1 if value.endswith(stem) else 2


def conflict_problem(loser: Claim, holder: Claim, noun: str = "article") -> Problem:
    """Return the problem, in the loser's file, of a claim whose value `holder` has; `noun` is "article" or "page"."""
    other = f"{holder.path}:{(holder.position or (1, 1))[0]}"
    message = f"{loser.kind}: '{loser.value}' is already the {holder.kind} of {other}"
    return problem_at(loser.path, loser.position or (1, 1), message, _hint(loser, noun))


def _language_problem(loser: Article, holder: Article, positions: Mapping[str, Sequence[int]]) -> Problem:
    """Return the problem of an article whose language another article of its work has. `positions` are by path."""
    position, (holder_line, _) = (_translation_position(article, positions[article.path]) for article in (loser, holder))
    language = f"'{loser.language}'" if loser.language else "the site's language"
    message = f"translation_of: {language} is already the language of {holder.path}:{holder_line}"
    return problem_at(loser.path, position, message, "write language: and this article's own, or delete this line")


def _translation_position(article: Article, positions: Sequence[int]) -> tuple[int, int]:
    """Return line and column of `translation_of`, the last pair of `positions`; (1, 1) without the key or without positions."""
    if not article.translation_of or not positions:
        return 1, 1
    line, column = positions[-2:]
    return line, column


def _hint(loser: Claim, noun: str) -> str:
    if loser.kind in _DELETION_HINTS:
        return _DELETION_HINTS[loser.kind]
    if loser.position is None:
        return f"give this {noun} {_NOUNS[loser.kind]} of its own, or rename the file"
    return f"change this line, or delete it to get {_NOUNS[loser.kind]} from the file's name"
