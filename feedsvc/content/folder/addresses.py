"""Former addresses that articles name in `aliases`, such as /2019/05/bus-14/ and /?p=71, and conflicts over them.

An article that loses an address stays as it is: only the address leads to another article or where redirects.yaml says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from feedsvc.content.folder.conflicts import Claim, precedence
from feedsvc.content.text import problem_at
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus
from feedsvc.redirects import REDIRECTS_FILE, join_parameters, normalize_path, other_spelling, request_parameters, without_slash

_MAX_REQUEST_PARAMETERS = 8  # further ones of a request are ignored
ArticleChanges = Mapping[str, tuple[Article | None, Article | None]]
Line = Callable[[str, str], tuple[int, int]]


@dataclass(frozen=True)
class ArticleAddresses:
    """Former addresses of articles, as `normalize_address` returns them. Immutable.

    `articles` maps each to the article that has it, which need not be public. `parameter_counts` has the numbers of parameters in
    their queries; numbers that no address has any more may be among them.
    """

    articles: Mapping[str, Article] = field(default_factory=dict)
    parameter_counts: frozenset[int] = frozenset()

    def find(self, path: str) -> Article | None:
        """Return the article with a requested (decoded) path, with or without its trailing slash; None if there is none."""
        if not self.articles or "?" in path or "//" in path:
            return None
        normal = normalize_path(path)
        return self.articles.get(normal) or self.articles.get(other_spelling(normal))

    def find_queries(self, path: str, query: str) -> Iterator[Article]:
        """Yield the articles with an address of this path whose parameters are among a request's, most parameters first."""
        if not self.parameter_counts:
            return
        parameters, normal = request_parameters(query), normalize_path(path)
        names = sorted(parameters)[:_MAX_REQUEST_PARAMETERS]
        for count in sorted(self.parameter_counts, reverse=True):
            for chosen in combinations(names, count):
                rest = join_parameters({name: parameters[name] for name in chosen})
                for stem in (normal, other_spelling(normal)):
                    if article := self.articles.get(f"{stem}?{rest}"):
                        yield article


class AddressClaims:
    """Former addresses that the active articles claim; `addresses` has the winner of each."""

    def __init__(self) -> None:
        self.addresses = ArticleAddresses()
        self._winners: dict[str, Article] = {}
        self._claimants: dict[str, tuple[Article, ...]] = {}  # of addresses that several articles claim

    def update(self, changes: ArticleChanges) -> None:
        """Apply the changes of active articles, path -> (former article or None, new one or None)."""
        pairs = [pair for pair in changes.values() if any(article and article.addresses for article in pair)]
        if not pairs:
            return
        for former, _ in pairs:
            for address in former.addresses if former else ():
                self._set(address, [one for one in self._claimants_of(address) if former and one.path != former.path])
        for _, new in pairs:
            for address in new.addresses if new else ():
                self._set(address, [*self._claimants_of(address), *([new] if new else [])])
        added = (address for _, new in pairs if new for address in new.addresses)
        counts = {address.count("=") for address in added if "?" in address}
        self.addresses = ArticleAddresses(self._winners.copy(), self.addresses.parameter_counts | counts)

    def _claimants_of(self, address: str) -> tuple[Article, ...]:
        winner = self._winners.get(address)
        return self._claimants.get(address) or ((winner,) if winner else ())

    def _set(self, address: str, claimants: list[Article]) -> None:
        self._claimants.pop(address, None)
        self._winners.pop(address, None)
        if claimants:
            self._winners[address] = min(claimants, key=lambda article: _precedence(address, article))
        if len(claimants) > 1:
            self._claimants[address] = tuple(claimants)

    def problems(self, rules: Mapping[str, str], position: Line, rule_line: Callable[[str], int]) -> Iterator[Problem]:
        """Yield a problem for each claim that is lost to another article, and for each to one of the exact `rules`.

        `position` returns line and column of an address in an article's file, `rule_line` the line of a rule.
        """
        for address, claimants in sorted(self._claimants.items()):
            winner = self._winners[address]
            for article in claimants:
                if article is not winner:
                    yield _problem(article, address, f"alias of {winner.path}:{position(winner.path, address)[0]}", position)
        for address in self._winners.keys() & rules.keys():
            for article in self._claimants_of(address):
                yield _problem(article, address, f"address of {REDIRECTS_FILE}:{rule_line(without_slash(address))}", position)


def _precedence(address: str, article: Article) -> tuple[bool, int, int, str, str]:
    is_draft = article.status is ArticleStatus.DRAFT
    return precedence(Claim("alias", without_slash(address), article.path, is_draft, None))


def _problem(article: Article, address: str, holder: str, position: Line) -> Problem:
    return problem_at(
        article.path,
        position(article.path, address),
        f"aliases: '{address}' is already the {holder}, so it does not lead here",
        "delete one of the two",
    )
