"""Models of the editors' files, for pydantic 2. `content.reading` checks what depends on other files (authors, media).

The fields are in the order of the documentation. A model's docstring becomes its `description` in the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from feedsvc.content.schema.field_types import (
    MAX_LIST_LENGTH,
    Age,
    BaseUrl,
    Color,
    CrawlerNames,
    Currency,
    DateText,
    DomainName,
    Email,
    Guid,
    HttpUrl,
    HttpUrls,
    LanguageTag,
    LanguageTags,
    LicenseTokens,
    MediaType,
    OneLineText,
    ReferenceId,
    ReferenceIds,
    RequiredLine,
    RobotsPaths,
    Slug,
    Slugs,
    TagTitles,
    TimeOfDay,
    TimeZoneName,
    Uri,
)
from feedsvc.content.schema.page_models import MODEL_CONFIG, FooterKeys, MenuEntries
from feedsvc.model import FeedAccess, FeedContent, FeedTranslations

# pydantic copies a default list for each article; a tuple is shared.
_EMPTY: Final[Any] = ()
_LIST_LIMIT: Final = Field(max_length=MAX_LIST_LENGTH)


class _Keys(BaseModel):  # Ruff knows models of pydantic only by a base class in the same module.
    model_config = MODEL_CONFIG


class ImageKeys(_Keys):
    src: RequiredLine
    alt: OneLineText = ""
    caption: OneLineText = ""
    credit: OneLineText = ""
    credit_url: HttpUrl | None = None
    disclaimer: OneLineText = ""
    type: MediaType | None = None
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None


class EnclosureKeys(_Keys):
    src: RequiredLine
    title: OneLineText = ""
    type: MediaType | None = None
    length: Annotated[int, Field(ge=0)] | None = None


class EmbedKeys(_Keys):
    url: HttpUrl
    title: RequiredLine
    description: OneLineText = ""
    image: RequiredLine | None = None


class SourceKeys(_Keys):
    name: RequiredLine
    url: HttpUrl | None = None


class CorrectionKeys(_Keys):
    date: DateText
    text: RequiredLine


class WithdrawnKeys(_Keys):
    date: DateText | None = None
    notice: OneLineText = ""


class ArticleKeys(_Keys):
    """articles/**/*.yaml, and the front matter of articles/**/*.md."""

    id: Uri | None = None
    guid: Guid | None = None
    title: RequiredLine
    published: DateText
    updated: DateText | None = None
    expires: DateText | None = None
    category: ReferenceId | None = None
    categories: ReferenceIds = _EMPTY
    author: ReferenceId | None = None
    authors: ReferenceIds = _EMPTY
    tags: TagTitles = _EMPTY
    summary: OneLineText = ""
    image: ImageKeys | None = None
    enclosures: Annotated[list[EnclosureKeys], _LIST_LIMIT] = _EMPTY
    embeds: Annotated[list[EmbedKeys], _LIST_LIMIT] = _EMPTY
    sources: Annotated[list[SourceKeys], _LIST_LIMIT] = _EMPTY
    corrections: Annotated[list[CorrectionKeys], _LIST_LIMIT] = _EMPTY
    language: LanguageTag | None = None
    translation_of: RequiredLine | None = None
    link: HttpUrl | None = None
    slug: Slug | None = None
    aliases: Slugs = _EMPTY
    status: Literal["draft", "published", "withdrawn"] = "published"
    withdrawn: WithdrawnKeys | None = None
    body: str = ""


_EntryCount = Annotated[int, Field(ge=1, le=1000)]
_Minutes = Annotated[int, Field(ge=1, le=10080)]


class FeedKeys(_Keys):
    entries: _EntryCount = 50
    content: FeedContent = "full"
    archives: Literal["all", "site", "none"] = "all"
    ttl: _Minutes = 60
    browser_view: bool = True
    combinations: bool = True
    markdown: bool = False
    translations: FeedTranslations = "all"


class ListingFeedKeys(_Keys):
    """`feed` in an entry of categories.yaml, authors.yaml or tags.yaml. A missing key has the value in site.yaml."""

    entries: _EntryCount | None = None
    content: FeedContent | None = None
    archives: Literal["all", "none"] | None = None
    ttl: _Minutes | None = None
    browser_view: bool | None = None
    markdown: bool | None = None
    translations: FeedTranslations | None = None


class PaymentKeys(_Keys):
    # RSL 1.0 section 3.7.
    type: Literal["purchase", "subscription", "training", "crawl", "use", "contribution", "attribution", "free"]
    amount: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    currency: Currency | None = None
    standard: HttpUrl | None = None
    custom: HttpUrl | None = None


class LicenseKeys(_Keys):
    url: HttpUrl | None = None
    permits: LicenseTokens = []
    prohibits: LicenseTokens = []
    payment: PaymentKeys | None = None
    server: HttpUrl | None = None


class CrawlersKeys(_Keys):
    allow: CrawlerNames = []
    disallow: CrawlerNames = []


class RobotsKeys(_Keys):
    agents: CrawlerNames
    allow: RobotsPaths = []
    disallow: RobotsPaths = []


class HomeKeys(_Keys):
    lead: ReferenceId | None = None
    sections: ReferenceIds = []


class ShowKeys(_Keys):
    share: bool = True
    dates: bool = True
    views: bool = True


class SiteKeys(_Keys):
    """site.yaml"""

    title: RequiredLine
    description: OneLineText = ""
    base_url: BaseUrl
    id_domain: DomainName | None = None
    since: DateText = "2000-01-01"
    language: LanguageTag = "en"
    timezone: TimeZoneName = "UTC"
    logo: RequiredLine | None = None
    icon: RequiredLine | None = None
    accent: Color | None = None
    copyright: OneLineText = ""
    feed: FeedKeys = FeedKeys()
    hubs: HttpUrls = []
    license: LicenseKeys | None = None
    crawlers: CrawlersKeys = CrawlersKeys()
    robots: Annotated[list[RobotsKeys], Field(max_length=100)] = []
    navigation: MenuEntries | None = None
    footer: FooterKeys = FooterKeys()
    home: HomeKeys = HomeKeys()
    show: ShowKeys = ShowKeys()
    profiles: HttpUrls = []
    keep_metadata: bool = False


class CategoryKeys(_Keys):
    """One entry of categories.yaml"""

    title: RequiredLine
    description: OneLineText = ""
    aliases: Slugs = []
    feed: ListingFeedKeys | None = None


class TagKeys(_Keys):
    """One entry of tags.yaml"""

    title: RequiredLine | None = None
    description: OneLineText = ""
    aliases: Slugs = []
    feed: ListingFeedKeys | None = None


class IncludeKeys(_Keys):
    all: bool = False
    categories: ReferenceIds = []
    authors: ReferenceIds = []
    tags: TagTitles = []
    languages: LanguageTags = []


class ExcludeKeys(_Keys):
    categories: ReferenceIds = []
    authors: ReferenceIds = []
    tags: TagTitles = []
    languages: LanguageTags = []


class DigestKeys(_Keys):
    every: Literal["day", "week"]
    at: TimeOfDay
    on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = None


class _SelectionFeedKeys(_Keys):
    title: RequiredLine
    description: OneLineText = ""
    include: IncludeKeys
    exclude: ExcludeKeys = ExcludeKeys()
    aliases: Slugs = []
    image: RequiredLine | None = None
    max_age: Age | None = None
    access: FeedAccess = "public"
    digest: DigestKeys | None = None


class CustomFeedKeys(ListingFeedKeys, _SelectionFeedKeys):
    """One entry of feeds.yaml"""


class RedirectPatternKeys(_Keys):
    from_: str = Field(alias="from")
    to: str


class RedirectsKeys(_Keys):
    """redirects.yaml"""

    exact: dict[str, str] = Field(default_factory=dict)
    patterns: list[RedirectPatternKeys] = Field(default_factory=list)


class AuthorKeys(_Keys):
    """One entry of authors.yaml"""

    name: RequiredLine
    email: Email | None = None
    url: HttpUrl | None = None
    bio: OneLineText = ""
    avatar: RequiredLine | None = None
    aliases: Slugs = []
    feed: ListingFeedKeys | None = None
