"""Form on /subscribe/ with which a reader combines feeds (`catalog.combinations`). It works without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from feedsvc.catalog import MAX_TERMS, Listing
from feedsvc.feeds import FORMATS
from feedsvc.pages.layout import PageLayout
from feedsvc.routes import COMBINATION_FORM, ListingKind, ListingRef
from feedsvc.uris import root_relative

# Kind of listings -> key of the heading above them.
KIND_TITLES: Final[Mapping[ListingKind, str]] = {
    "site": "site",
    "category": "sections",
    "author": "authors",
    "custom": "feeds",
    "language": "languages",
    "tag": "topics",
}
_COMBINATION: Final = ListingRef("combination")
_KINDS: Final[tuple[ListingKind, ...]] = ("category", "language", "author", "tag")
_MAX_CHECKBOXES: Final = 40  # names of a kind; if there are more, the reader types them
_FIELD_COUNT: Final = 3  # text fields of a kind


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A checkbox or radio button. `id` is its value. `language` and `direction` are the title's, "" if they are the page's."""

    id: str
    title: str
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceGroup:
    """The listings of one kind that can be chosen, either as `choices` or by name in text fields.

    For text fields, `fields` are their labels, and `names` the titles of all listings, as suggestions.
    """

    kind: ListingKind
    title: str
    choices: Sequence[Choice] = ()
    fields: Sequence[str] = ()
    names: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CombinationForm:
    """The form. `sides` are its two parts, for names to include and to exclude; each has all `groups`.

    The names of the fields in a part begin with the id of that part.
    """

    action: str
    explanation: str
    sides: Sequence[Choice]
    groups: Sequence[ChoiceGroup]
    formats: Sequence[Choice]


def combination_form(layout: PageLayout) -> CombinationForm | None:
    """Return the form for the site of a layout, even if the site's option `combinations` is off.

    None if /subscribe/ lists no category, language, author or tag.
    """
    lang, groups = layout.lang, tuple(_groups(layout))
    if not groups:
        return None
    return CombinationForm(
        action=root_relative(layout.site.base_url, COMBINATION_FORM),
        explanation=lang.say("combine_what", count=lang.number(MAX_TERMS)),
        sides=(Choice(id="include", title=lang.say("combine_with")), Choice(id="exclude", title=lang.say("combine_without"))),
        groups=groups,
        formats=[
            Choice(id=suffix, title=one.name)
            for suffix, one in FORMATS.items()
            if one.is_linked and one.has_listing(_COMBINATION)
        ],
    )


def _groups(layout: PageLayout) -> Iterator[ChoiceGroup]:
    listings = layout.catalog.subscribable_listings
    for kind in _KINDS:
        if of_kind := [listing for listing in listings if listing.ref.kind == kind]:
            yield _group(layout, kind, of_kind)


def _group(layout: PageLayout, kind: ListingKind, listings: Sequence[Listing]) -> ChoiceGroup:
    lang = layout.lang
    title = lang.say(KIND_TITLES[kind])
    if len(listings) > _MAX_CHECKBOXES:
        fields = [f"{title} {lang.number(number)}" for number in range(1, _FIELD_COUNT + 1)]
        return ChoiceGroup(kind=kind, title=title, fields=fields, names=[layout.listing_link(one).title for one in listings])
    return ChoiceGroup(kind=kind, title=title, choices=[_choice(layout, listing) for listing in listings])


def _choice(layout: PageLayout, listing: Listing) -> Choice:
    link = layout.listing_link(listing)
    return Choice(id=listing.ref.id, title=link.title, language=link.language, direction=link.direction)
