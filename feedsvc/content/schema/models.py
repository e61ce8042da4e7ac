"""The editors' file format, checked by pydantic 2. What needs other files (authors, media) is checked by the reader.

Field order is the order of the documentation.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from feedsvc.content.schema.field_types import (
    MOST_LISTED,
    Base,
    Date,
    Email,
    Flat,
    Host,
    Language,
    Line,
    MediaType,
    Name,
    Names,
    Slug,
    Slugs,
    Tags,
    Uri,
    Web,
    Webs,
    Zone,
)

# pydantic copies a list for every article that goes without; a tuple is shared.
_NONE: Final[Any] = ()
_LISTED: Final = Field(max_length=MOST_LISTED)


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ImageKeys(_Keys):
    src: Line
    alt: Flat = ""
    caption: Flat = ""
    credit: Flat = ""
    credit_url: Web | None = None
    disclaimer: Flat = ""
    type: MediaType | None = None
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None


class EnclosureKeys(_Keys):
    src: Line
    title: Flat = ""
    type: MediaType | None = None
    length: Annotated[int, Field(ge=0)] | None = None


class SourceKeys(_Keys):
    name: Line
    url: Web | None = None


class CorrectionKeys(_Keys):
    date: Date
    text: Line


class WithdrawnKeys(_Keys):
    date: Date | None = None
    notice: Flat = ""


class ArticleKeys(_Keys):
    """articles/**/*.yaml, and the front matter of articles/**/*.md."""

    id: Uri | None = None
    title: Line
    published: Date
    updated: Date | None = None
    expires: Date | None = None
    category: Name | None = None
    categories: Names = _NONE
    author: Name | None = None
    authors: Names = _NONE
    tags: Tags = _NONE
    summary: Flat = ""
    image: ImageKeys | None = None
    enclosures: Annotated[list[EnclosureKeys], _LISTED] = _NONE
    sources: Annotated[list[SourceKeys], _LISTED] = _NONE
    corrections: Annotated[list[CorrectionKeys], _LISTED] = _NONE
    language: Language | None = None
    link: Web | None = None
    slug: Slug | None = None
    aliases: Slugs = _NONE
    status: Literal["draft", "published", "withdrawn"] = "published"
    withdrawn: WithdrawnKeys | None = None
    body: str = ""


class FeedKeys(_Keys):
    entries: Annotated[int, Field(ge=1, le=1000)] = 50
    content: Literal["full", "summary"] = "full"
    archives: Literal["all", "site", "none"] = "all"
    ttl: Annotated[int, Field(ge=1, le=10080)] = 60
    browser_view: bool = True


class SiteKeys(_Keys):
    """site.yaml"""

    title: Line
    description: Flat = ""
    base_url: Base
    id_domain: Host | None = None
    since: Date = "2000-01-01"
    language: Language = "en"
    timezone: Zone = "UTC"
    logo: Line | None = None
    icon: Line | None = None
    copyright: Flat = ""
    feed: FeedKeys = FeedKeys()
    hubs: Webs = []
    keep_metadata: bool = False


class CategoryKeys(_Keys):
    """One entry of categories.yaml"""

    title: Line
    description: Flat = ""
    aliases: Slugs = []


class AuthorKeys(_Keys):
    """One entry of authors.yaml"""

    name: Line
    email: Email | None = None
    url: Web | None = None
    bio: Flat = ""
    avatar: Line | None = None
    aliases: Slugs = []
