"""Rows to listings: the site's, and those of every category, author and tag."""

from __future__ import annotations

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from feedsvc.catalog.indexes import counted
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.row import Row, Standing, row_key
from feedsvc.content.folder.folder import Content
from feedsvc.model import Site
from feedsvc.routes import KINDS, Kind, ListingRef
from feedsvc.support.sorted_chunks import Ordered

# Tag -> how visible articles spell it -> how many of them.
Spellings = Mapping[str, Mapping[str, int]]


def _members(rows: Sequence[Row]) -> dict[ListingRef, Sequence[Row]]:
    categories: dict[str, list[Row]] = defaultdict(list)
    authors: dict[str, list[Row]] = defaultdict(list)
    tags: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        article = row.article
        for name in article.categories:
            categories[name].append(row)
        for name in article.authors:
            authors[name].append(row)
        for tag in article.tags:
            tags[tag.id].append(row)
    kinds: tuple[tuple[Kind, dict[str, list[Row]]], ...] = (("category", categories), ("author", authors), ("tag", tags))
    found: dict[ListingRef, Sequence[Row]] = {
        ListingRef(kind, name): own for kind, several in kinds for name, own in several.items()
    }
    return {ListingRef(): rows, **found} if rows else {}


def respelled(spellings: Spellings, gone: Sequence[Row], come: Sequence[Row]) -> tuple[Spellings, dict[str, str]]:
    """How visible articles spell each tag, and how often; and what the tags of the rows that go and come are called."""
    left, new = _spelled(gone), _spelled(come)
    named = {*left, *new}
    changed = {tag: counted(spellings.get(tag, {}), left.get(tag, ()), new.get(tag, ())) for tag in named}
    titles = {tag: min(count, key=lambda title: (-count[title], title), default=tag) for tag, count in changed.items()}
    return ({**spellings, **changed} if named else spellings), titles


def _spelled(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    """What has gone takes its words along: only the address stays."""
    every = [*chain.from_iterable([row.article.tags for row in rows])]
    seen, unseen = Counter(map(id, every)), _hidden(rows)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    # Most are one object that many articles share.
    for number, tag in dict(zip(map(id, every), every, strict=True)).items():
        found[tag.id][tag.title] += seen[number] - unseen[number]
    return found


def _hidden(rows: Sequence[Row]) -> Counter[int]:
    """How often each tag is borne by what is not visible, by its id(): few, most often."""
    visible = Standing.VISIBLE
    return Counter(map(id, chain.from_iterable([row.article.tags for row in rows if row.standing is not visible])))


def _titles(content: Content, tags: Mapping[str, str]) -> dict[ListingRef, tuple[str, str]]:
    """Every listing's title and description; a tag is called as it is written most often."""
    titles = {ListingRef(): (content.site.title, content.site.description)}
    titles |= {ListingRef("category", one.id): (one.title, one.description) for one in content.categories.values()}
    titles |= {ListingRef("author", one.id): (one.name, one.bio) for one in content.authors.values()}
    titles |= {ListingRef("tag", tag): (title, "") for tag, title in tags.items()}
    return titles


def _order(ref: ListingRef) -> tuple[int, str]:
    return KINDS.index(ref.kind), ref.id


def listings(content: Content, tags: Mapping[str, str], rows: Sequence[Row]) -> dict[ListingRef, Listing]:
    """The listings of ordered rows, in the order of their kinds and ids."""
    members, titles = _members(rows), _titles(content, tags)
    return {ref: _listing(content.site, ref, *titles[ref], members.get(ref, ())) for ref in sorted(titles, key=_order)}


def _listing(site: Site, ref: ListingRef, title: str, description: str, rows: Sequence[Row]) -> Listing:
    archived = site.feed.archives == "all" or (site.feed.archives == "site" and ref.kind == "site")
    return Listing(
        ref=ref, title=title, description=description, rows=Ordered.of(rows, row_key), size=site.feed.entries, archived=archived
    )


def relisted(
    before: Mapping[ListingRef, Listing], site: Site, tags: Mapping[str, str], gone: Sequence[Row], come: Sequence[Row]
) -> Mapping[ListingRef, Listing]:
    """The listings after a change, at its price; `tags` are the titles of the tags of the rows that go and come."""
    left, new = _members(gone), _members(come)
    found = dict(before)
    for ref in {**left, **new}:
        was = found.get(ref) or _listing(site, ref, "", "", ())
        title = tags.get(ref.id, was.title) if ref.kind == "tag" else was.title
        found[ref] = was.replaced(left.get(ref, ()), new.get(ref, ()), title)
        if ref.kind == "tag" and not found[ref].rows:
            del found[ref]
    if not left and not new:
        return before
    added = sorted((ref for ref in new if ref not in before and ref in found), key=_order)
    return {ref: found[ref] for ref in _merged([*before], added) if ref in found} if added else found


def _merged(refs: list[ListingRef], added: Iterable[ListingRef]) -> list[ListingRef]:
    """Insert some into others that are in order; the key is computed for few of them."""
    for ref in added:
        insort(refs, ref, key=_order)
    return refs
