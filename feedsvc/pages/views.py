"""Views that several pages share: links, dates, and cards of articles, as templates show them."""

from __future__ import annotations

from dataclasses import dataclass, field

from feedsvc.pages.images import ImageView


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link on a page. `here` is True if the navigation menu marks it as the section (category) to which the page belongs.

    `language` and `direction` are those of the title. "" means the site's in the navigation menu and the footer; elsewhere, it
    means those of the text around the link.
    """

    title: str
    href: str
    here: bool = False
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DateView:
    """A date: `shown` in words, `machine` for a time element, and the text `before` and `after` the shown date."""

    machine: str
    shown: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An article or issue in a list. `mark` says in a preview why readers do not see the article; "" if they do.

    `section` is the article's first category, None without one; `byline` are the names of its authors, "" without any; `time` is
    the date, with the time of day if it has one. `date` and `time` are "" if `show` in site.yaml leaves dates out. `published` is
    the same date for a time element, always given. `language` and `direction` are the article's, "" if they are the site's.

    `language_name` is the article's language in its own words, "" if it is the page's. `in_language` are the words before and
    after it.

    `html_cache` is for built-in templates. It maps the macro's arguments other than the card to the card's HTML.
    """

    href: str
    title: str
    summary: str
    published: str
    date: str
    time: str
    section: LinkView | None
    byline: str
    language: str
    direction: str
    image: ImageView | None
    mark: str = ""
    language_name: str = ""
    in_language: tuple[str, str] = ("", "")
    html_cache: dict[object, str] = field(default_factory=dict, repr=False, compare=False)
