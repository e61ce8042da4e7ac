"""Listings of private feeds, stored apart from the public ones, so that code that reads all listings of a catalog shows none."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

from feedsvc.catalog.listing import Listing
from feedsvc.catalog.listings import build_listing
from feedsvc.catalog.row import Row
from feedsvc.catalog.selections import Selections
from feedsvc.content.folder import ContentSnapshot
from feedsvc.routes import ListingRef

_RowsByListing = Mapping[ListingRef, Sequence[Row]]


@dataclass(frozen=True, kw_only=True)
class PrivateListings:
    """Listing of each private feed, by its id in feeds.yaml. Immutable. The Row objects are those of the public listings.

    No listing has a `recent_count`: call `Listing.at` to apply `max_age`. So the aging of rows in private feeds changes neither
    the catalog nor the dates and cache times of public responses.
    """

    listings: Mapping[str, Listing] = field(default_factory=dict)
    selections: Selections = field(default_factory=Selections, repr=False, compare=False)

    def apply_changes(
        self, removed: Sequence[Row], added: Sequence[Row], removed_by_ref: _RowsByListing, added_by_ref: _RowsByListing
    ) -> PrivateListings:
        """Return the listings after a change of rows. The work grows with the change; unchanged listings are the same objects.

        `removed_by_ref` and `added_by_ref` have the rows in `removed` and `added` by public listing.
        """
        removed_rows, added_rows = (
            {ref.id: rows for ref, rows in self.selections.group(*change).items()}
            for change in ((removed, removed_by_ref), (added, added_by_ref))
        )
        if not removed_rows and not added_rows:
            return self
        changed = {
            id_: replace(listing, rows=listing.rows.apply_changes(removed_rows.get(id_, ()), added_rows.get(id_, ())))
            for id_ in {**removed_rows, **added_rows}
            if (listing := self.listings[id_])
        }
        return replace(self, listings={**self.listings, **changed})


def build_private_listings(content: ContentSnapshot, listings: Mapping[ListingRef, Listing]) -> PrivateListings:
    """Return the listings of all private feeds of `content`, also of those without rows; `listings` are the public ones."""
    feeds = {feed.id: feed for feed in content.private_feeds.values()}
    if not feeds:
        return PrivateListings()
    selections = Selections(feeds.values(), content.site.language)
    refs = (ListingRef(kind, id_) for kind, id_ in selections.terms if kind != "language")  # type: ignore[arg-type]
    rows_by_ref = {ref: listings[ref].rows[:] for ref in refs if ref in listings}
    members = {ref.id: rows for ref, rows in selections.group(listings[ListingRef()].rows[:], rows_by_ref).items()}
    built = {
        id_: build_listing(content, ListingRef("private", id_), feed.title, feed.description, members.get(id_, ()))
        for id_, feed in feeds.items()
    }
    return PrivateListings(listings={id_: as_private(listing) for id_, listing in built.items()}, selections=selections)


def as_private(listing: Listing) -> Listing:
    """Return a copy of a custom feed's listing as holders of tokens see it: the kind of its ref is "private", no archives."""
    return replace(listing, ref=ListingRef("private", listing.ref.id), feed=replace(listing.feed, archives="none"))


def find_token_listing(
    content: ContentSnapshot,
    name: str,
    private: Mapping[str, Listing],
    public: Mapping[ListingRef, Listing],
    media: Container[str],
) -> Listing | None:
    """Return the listing that the tokens of a feed of feeds.yaml show; None if there is no feed with the id or alias `name`.

    The feed may have become public since its tokens were made. The feed's own image is left out unless all files that it refers
    to are among `media`, the paths of the public files, because a file of media/ has a public address. `recent_count` may be that
    of another moment: call `Listing.at`.
    """
    feed = content.private_feeds.get(name) or content.custom_feeds.get(name)
    if feed is None:
        return None
    listing = private.get(feed.id) or as_private(public[ListingRef("custom", feed.id)])
    return replace(listing, image=feed.image if all(path in media for path in feed.media) else "")
