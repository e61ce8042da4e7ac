"""Combinations: feeds that a subscriber makes by address, such as /feed/category:world+category:money-tag:sponsored.atom.

An expression has one term for each name: `category:world`, with "+" or "-" before it; the first one may have no sign. A row is
selected if its article has, of each kind that has terms with "+", at least one of these, and has no term with "-". Without any
term with "+", all other rows of the site are selected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from heapq import merge
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Final, Literal

from feedsvc.catalog.catalog import Catalog
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, row_key, rows_until_visible
from feedsvc.catalog.selections import Term
from feedsvc.language_tags import is_same_tag, language_ranges
from feedsvc.model import Article
from feedsvc.routes import ListingKind, ListingRef
from feedsvc.support.sorted_chunks import PersistentSortedList
from feedsvc.tag_slugs import tag_slug

MAX_TERMS: Final = 8
_MAX_NAMES: Final = 2 * MAX_TERMS  # names that are looked up; several may be spellings of one
_KINDS: Final[tuple[str, ...]] = ("category", "author", "tag", "language")
_LISTING_KINDS: Final[Mapping[str, ListingKind]] = {"category": "category", "author": "author", "tag": "tag"}
_id: Final = attrgetter("id")
_START: Final = rf"[+-](?:{'|'.join(_KINDS)}):"
_TERM: Final = re.compile(rf"([+-])({'|'.join(_KINDS)}):(.+?)(?={_START}|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Combination:
    """Terms with "+" and terms with "-", each sorted and without repetitions. Those with "+" exist in the catalog."""

    included: tuple[Term, ...]
    excluded: tuple[Term, ...]

    @property
    def expression(self) -> str:
        """The canonical expression."""
        signed = [*(f"+{kind}:{name}" for kind, name in self.included), *(f"-{kind}:{name}" for kind, name in self.excluded)]
        return "".join(signed).removeprefix("+")


def canonical_ref(catalog: Catalog, expression: str) -> ListingRef | None:
    """Return the ref of the listing that an expression selects: of a combination, with the canonical expression as its id.

    An expression of one term with "+" gives the ref of that term's own listing, if there is one. None if the expression is
    malformed, has an unknown term (see `_excluded_term`), over MAX_TERMS terms, or one term with both signs; also if the site has
    no combinations.
    """
    if not catalog.site.feed.combinations:
        return None
    try:
        return _ref(catalog, _parse(catalog, expression))
    except CombinationError:
        return None


def combination_error(catalog: Catalog, expression: str) -> CombinationError | None:
    """Return why the names in an expression select no listing; None if they do.

    Also None if the site has no combinations, or the expression cannot be parsed, so that no name is at fault.
    """
    if not catalog.site.feed.combinations:
        return None
    try:
        _parse(catalog, expression)
    except CombinationError as error:
        return error if error.reason != "unreadable" else None
    return None


def _ref(catalog: Catalog, combination: _Combination) -> ListingRef:
    match combination:
        case _Combination(included=((kind, name),), excluded=()) if kind in _LISTING_KINDS:
            return ListingRef(_LISTING_KINDS[kind], name)
        case _Combination(included=(("language", name),), excluded=()) if ref := _language_ref(catalog, name):
            return ref
        case _:
            return ListingRef("combination", combination.expression)


def _language_ref(catalog: Catalog, name: str) -> ListingRef | None:
    """Return the ref of the listing of a language tag, which is given in lower case; None if it has none of its own."""
    ref = catalog.languages.resolve(name)
    return ref if ref and is_same_tag(name, ref.id) else None


class CombinationError(Exception):
    """Error of a subscriber's choice of names that gives no feed.

    `reason` is "nothing" (no names), "unknown" (a name), "too_many" (terms), "contradiction" (a term with both signs), or
    "unreadable" (an expression that cannot be parsed). `name` is the unknown name as the subscriber wrote it; for a
    contradiction, the title of the term's listing, or its language tag; else "".
    """

    def __init__(self, reason: Literal["nothing", "unknown", "too_many", "contradiction", "unreadable"], name: str = "") -> None:
        super().__init__(reason, name)
        self.reason, self.name = reason, name


def combine(
    catalog: Catalog, included: Iterable[Term], excluded: Iterable[Term], title_of: Callable[[Listing], str]
) -> ListingRef:
    """Return the ref of the combination of these terms or, for one included term, of its own listing, if there is one.

    The terms, (kind, name), come from a client. A name is an id, alias, language tag, spelling of a tag, or title as on pages;
    `title_of` returns the title of a listing. Raises CombinationError if the terms give no feed or are more than _MAX_NAMES.
    Does not check whether the site has combinations.
    """
    sides = frozenset(included), frozenset(excluded)
    if sum(map(len, sides)) > _MAX_NAMES:
        raise CombinationError("too_many")
    titles = _ids_by_title(catalog, title_of) if any(_resolve(catalog, term) is None for side in sides for term in side) else {}
    with_terms, without_terms = ({_resolve_name(catalog, term, titles) for term in side} for side in sides)
    if not with_terms and not without_terms:
        raise CombinationError("nothing")
    return _ref(catalog, _checked_combination(catalog, with_terms, without_terms))


def _resolve_name(catalog: Catalog, term: Term, titles: Mapping[Term, str]) -> Term:
    """Return a client's term with the id of its listing. Raises CombinationError if its name is unknown.

    `titles` are the `_ids_by_title` to look the name up in if it is no id, alias or spelling; {} if titles do not count.
    """
    kind, name = term
    if resolved := _resolve(catalog, term):
        return resolved
    id_ = titles.get((kind, _title_key(name)))
    if id_ is None:
        raise CombinationError("unknown", name)
    return kind, id_


def _ids_by_title(catalog: Catalog, title_of: Callable[[Listing], str]) -> Mapping[Term, str]:
    """Return {(kind, `_title_key` of a title): name in a term} of the listings that /subscribe/ shows.

    Of equal titles, the first counts.
    """
    listings = [listing for listing in catalog.subscribable_listings if listing.ref.kind in _KINDS]
    return {(listing.ref.kind, _title_key(title_of(listing))): _term_name(listing.ref) for listing in reversed(listings)}


def _term_name(ref: ListingRef) -> str:
    return ref.id.lower() if ref.kind == "language" else ref.id


def _title_key(title: str) -> str:
    return unicodedata.normalize("NFC", title).casefold()


def build_combination(catalog: Catalog, expression: str) -> Listing:
    """Return the listing of a canonical expression, the id that `canonical_ref` gives. Raises KeyError if it is not valid.

    The listing has only the rows of its newest feed document, the site's feed options without archives, and no description.
    """
    try:
        combination = _parse(catalog, expression)
    except CombinationError:
        raise KeyError(expression) from None
    options = replace(catalog.site.feed, archives="none")
    rows = rows_until_visible(_select(catalog, combination), options.entries)
    return Listing(
        ref=ListingRef("combination", expression),
        title=_title(catalog, combination),
        description="",
        rows=PersistentSortedList.from_sorted(rows, row_key),
        feed=options,
    )


def _parse(catalog: Catalog, expression: str) -> _Combination:
    """Return the combination of an expression. Raises CombinationError if there is none."""
    signed = expression if expression.startswith(("+", "-")) else f"+{expression}"
    terms = _TERM.findall(signed)
    if "".join(f"{sign}{kind}:{name}" for sign, kind, name in terms) != signed:
        raise CombinationError("unreadable")
    included = {_resolve_name(catalog, (kind, name), {}) for sign, kind, name in terms if sign == "+"}
    excluded = {_excluded_term(catalog, (kind, name)) for sign, kind, name in terms if sign == "-"}
    return _checked_combination(catalog, included, excluded)


def _excluded_term(catalog: Catalog, term: Term) -> Term:
    """Return an excluded term with the id of its listing. Raises CombinationError if its category or author is unknown.

    A tag or language that no article has excludes nothing, so that the address outlives the last such article.
    """
    kind, name = term
    slug = tag_slug(name) if kind in ("tag", "language") and _resolve(catalog, term) is None else ""
    return (kind, slug) if slug else _resolve_name(catalog, term, {})


def _checked_combination(catalog: Catalog, included: AbstractSet[Term], excluded: AbstractSet[Term]) -> _Combination:
    """Return the combination of terms. Raises CombinationError if one has both signs, or if there are over MAX_TERMS."""
    for term in _sorted(included & excluded):
        raise CombinationError("contradiction", _name(catalog, term))
    if len(included) + len(excluded) > MAX_TERMS:
        raise CombinationError("too_many")
    return _Combination(_sorted(included), _sorted(excluded))


def _sorted(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(sorted(terms, key=lambda term: (_KINDS.index(term[0]), term[1])))


def _resolve(catalog: Catalog, term: Term) -> Term | None:
    """Return a term whose name is an id, an alias, a spelling of a tag or a language tag with the current id; None if unknown."""
    kind, name = term
    if kind == "language":
        language = name.replace("_", "-").lower()
        return (kind, language) if language in catalog.language_ranges else None
    id_ = tag_slug(name) if kind == "tag" else unicodedata.normalize("NFC", name)
    id_ = catalog.redirects.get((kind, id_), id_)
    is_known = kind in _LISTING_KINDS and ListingRef(_LISTING_KINDS[kind], id_) in catalog.listings
    return (kind, id_) if is_known else None


def _select(catalog: Catalog, combination: _Combination) -> Iterator[Row]:
    """Yield the rows that a combination selects, of any visibility, newest first."""
    included, excluded = _names_by_kind(combination.included), _names_by_kind(combination.excluded)
    sources = {kind: _listings(catalog, kind, names) for kind, names in included.items() if kind in _LISTING_KINDS}
    # Read the kind with the fewest rows, and test its rows for the names of the other kinds.
    smallest = min(sources, key=lambda kind: sum(len(listing.rows) for listing in sources[kind]), default=None)
    readers = _name_readers(catalog.site.language)
    tests = [(readers[kind], names, True) for kind, names in included.items() if kind != smallest]
    tests += [(readers[kind], names, False) for kind, names in excluded.items()]
    for row in _merge(sources[smallest] if smallest else (catalog.listings[ListingRef()],)):
        for read, names, is_wanted in tests:
            if names.isdisjoint(read(row.article)) is is_wanted:
                break
        else:
            yield row


def _names_by_kind(terms: Iterable[Term]) -> dict[str, frozenset[str]]:
    return {kind: frozenset(name for _, name in group) for kind, group in groupby(terms, key=itemgetter(0))}


def _listings(catalog: Catalog, kind: str, names: Iterable[str]) -> tuple[Listing, ...]:
    return tuple(catalog.listings[ListingRef(_LISTING_KINDS[kind], name)] for name in sorted(names))


def _merge(listings: Sequence[Listing]) -> Iterator[Row]:
    """Yield the rows of several listings, newest first, each once."""
    if len(listings) == 1:
        yield from listings[0].rows
        return
    previous: Row | None = None
    for row in merge(*(listing.rows for listing in listings), key=row_key):
        if row is not previous:
            yield row
        previous = row


def _name_readers(site_language: str) -> Mapping[str, Callable[[Article], Iterable[str]]]:
    """Return {kind: function that returns the names that an article has of this kind}, as they are in terms."""
    return {
        "category": attrgetter("categories"),
        "author": attrgetter("authors"),
        "tag": lambda article: map(_id, article.tags),
        "language": lambda article: language_ranges(article.language or site_language),
    }


def _title(catalog: Catalog, combination: _Combination) -> str:
    """Return the titles of the terms' listings with signs between them, such as "World + Money − Sponsored".

    Without terms with "+", the first title is the site's.
    """

    included = " + ".join(_name(catalog, term) for term in combination.included) or catalog.site.title
    return "".join((included, *(f" − {_name(catalog, term)}" for term in combination.excluded)))


def _name(catalog: Catalog, term: Term) -> str:
    """Return the title of a term's listing; for a language and for a tag that no article has, its id."""
    kind, id_ = term
    listing = catalog.listings.get(ListingRef(_LISTING_KINDS[kind], id_)) if kind in _LISTING_KINDS else None
    return listing.title if listing else id_
