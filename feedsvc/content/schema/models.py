"""Models of the editors' files, for pydantic 2. `content.reading` checks what depends on other files (authors, media).

The fields are in the order of the documentation. Their descriptions and examples, and the docstring of a model as its
`description`, are for the JSON Schemas and new files.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from feedsvc.content.schema.field_types import (
    AS_MENU_ENTRY,
    MAX_LIST_LENGTH,
    Age,
    Aliases,
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
    MenuTarget,
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
from feedsvc.model import FeedAccess, FeedContent, FeedTranslations, FeedWithdrawals
from feedsvc.page_model import Menu

_LIST_LIMIT: Final = Field(max_length=MAX_LIST_LENGTH)
_ADDRESS: Final = "https://example.org/story"
_DAY: Final = "2026-01-02"
_MOMENT: Final = "2026-01-02T09:30:00+05:30"
_TITLE: Final = "Xi invites Lee to Beijing for a second summit"


def _key(description: str, example: Any, default: Any = None) -> Any:
    """Return an optional field, with an example as a JSON value. The default of a list is (), which all models share."""
    return Field(default, description=description, examples=[example])


def _required(description: str, example: Any, alias: str | None = None) -> Any:
    """Return a required field, with an example as a JSON value."""
    return Field(description=description, examples=[example], alias=alias)


_ALIASES: Final = _key("Former names in addresses; they redirect to today's.", ["old-name"], ())
_LISTING_FEED: Final = _key("Where its feed differs from site.yaml's feed.", {"entries": 20, "content": "summary"})


class _Keys(BaseModel):  # Ruff knows models of pydantic only by a base class in the same module.
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class ImageKeys(_Keys):
    src: RequiredLine = _required("A file in media/, or an https address with type, width and height.", "media/summit.jpg")
    alt: OneLineText = _key("What the picture shows, for those who do not see it.", "Two people on a bridge", "")
    caption: OneLineText = _key("What stands below the picture.", "The bridge, seen from the north.", "")
    credit: OneLineText = _key("Whose picture it is.", "Reuters", "")
    credit_url: HttpUrl | None = _key("Their address.", "https://www.reuters.com/")
    disclaimer: OneLineText = _key("What must be said of it, such as how it was made.", "Made with a computer", "")
    type: MediaType | None = _key("The media type, for a picture at another address.", "image/jpeg")
    width: Annotated[int, Field(gt=0)] | None = _key("Pixels, for a picture at another address.", 1200)
    height: Annotated[int, Field(gt=0)] | None = _key("Pixels, for a picture at another address.", 800)


class EnclosureKeys(_Keys):
    src: RequiredLine = _required("A file in media/, or a web address with type and length.", "media/briefing.mp3")
    title: OneLineText = _key("What it is.", "The briefing, 12 minutes", "")
    type: MediaType | None = _key("The media type, if not the one that the file's name tells.", "audio/mpeg")
    length: Annotated[int, Field(ge=0)] | None = _key("Bytes, for a file at another address.", 34216300)


class EmbedKeys(_Keys):
    url: HttpUrl = _required("The address, as it stands in the text.", _ADDRESS)
    title: RequiredLine = _required("What is there; feeds show it as the text of the link.", "How the summit came about")
    description: OneLineText = _key("One sentence or two.", "A look back at ten years of talks.", "")
    image: RequiredLine | None = _key("A picture in media/, shown beside the title.", "media/hall.jpg")


class SourceKeys(_Keys):
    name: RequiredLine = _required("Who said or wrote it.", "Yonhap News Agency")
    url: HttpUrl | None = _key("Where.", "https://en.yna.co.kr/")


class CorrectionKeys(_Keys):
    date: DateText = _required("When it was put right.", _DAY)
    text: RequiredLine = _required("What was wrong, and what is right.", "It is the second summit.")


class WithdrawnKeys(_Keys):
    date: DateText | None = _key("When it was taken back.", _DAY)
    notice: OneLineText = _key("Why; shown at its address.", "It rested on a forged letter.", "")


class ArticleKeys(_Keys):
    """articles/**/*.yaml, and the front matter of articles/**/*.md."""

    id: Uri | None = _key(
        "Names the article for ever: never change it once it is published.", "tag:example.org,2026:second-summit"
    )
    guid: Guid | None = _key(
        "Its id in RSS and JSON Feed, only where readers know it by a text of a former system that is no URI.", "12345"
    )
    title: RequiredLine = _required("The headline, at most 120 characters.", _TITLE)
    published: DateText = _required(
        "When it appears. A bare date means 00:00 and is shown without a time; without a zone the site's counts.", _MOMENT
    )
    updated: DateText | None = _key("When something changed that readers should see.", _MOMENT)
    expires: DateText | None = _key("From this moment on it is gone.", "2026-12-31")
    category: ReferenceId | None = _key("Its section: an id of categories.yaml.", "asia")
    categories: ReferenceIds = _key(
        "Instead of category: several, at most 100; the first is the section.", ["asia", "diplomacy"], ()
    )
    author: ReferenceId | None = _key("Who wrote it: an id of authors.yaml.", "ritesh-nambiar")
    authors: ReferenceIds = _key("Instead of author: several, at most 100.", ["ritesh-nambiar", "thao-vy"], ())
    tags: TagTitles = _key(
        "What it is about, in readable words: at most 100 tags of at most 200 characters.", ["South Korea", "China"], ()
    )
    summary: OneLineText = _key(
        "One plain sentence or two, at most 300 characters.", "Lee is to travel to Beijing in January.", ""
    )
    image: ImageKeys | None = _key("The lead picture.", {"src": "media/summit.jpg", "alt": "A bridge", "credit": "Reuters"})
    enclosures: Annotated[list[EnclosureKeys], _LIST_LIMIT] = _key(
        "Files to take along, such as sound.", [{"src": "media/briefing.mp3"}], ()
    )
    embeds: Annotated[list[EmbedKeys], _LIST_LIMIT] = _key(
        "Cards for addresses that stand alone in a line of the text.",
        [{"url": _ADDRESS, "title": "How the summit came about", "description": "A look back.", "image": "media/hall.jpg"}],
        (),
    )
    sources: Annotated[list[SourceKeys], _LIST_LIMIT] = _key(
        "What it is based on.", [{"name": "Yonhap News Agency", "url": "https://en.yna.co.kr/"}], ()
    )
    corrections: Annotated[list[CorrectionKeys], _LIST_LIMIT] = _key(
        "What an earlier version had wrong.", [{"date": _DAY, "text": "It is the second summit."}], ()
    )
    language: LanguageTag | None = _key("Only where it differs from the site's.", "ko")
    translation_of: RequiredLine | None = _key(
        "The id of the article that this one translates.", "tag:example.org,2026:second-summit"
    )
    link: HttpUrl | None = _key("Only where the article lives at another address.", _ADDRESS)
    slug: Slug | None = _key("Its name in addresses; otherwise the file's name.", "second-summit")
    aliases: Aliases = _key(
        "Former slugs, and former addresses of this site with a slash at their start; they redirect to today's.",
        ["old-name", "/2019/05/bus-14/", "/?p=71"],
        (),
    )
    status: Literal["draft", "published", "withdrawn"] = _key(
        "draft: not public. withdrawn: taken back, with a notice at its address.", "draft", "published"
    )
    withdrawn: WithdrawnKeys | None = _key("Beside status: withdrawn.", {"date": _DAY, "notice": "It rested on a forged letter."})
    body: str = _key("The text, in Markdown.", "Markdown.", "")


_EntryCount = Annotated[int, Field(ge=1, le=1000)]
_Minutes = Annotated[int, Field(ge=1, le=10080)]


_WITHDRAWALS: Final = "Whether a notice takes the place of a withdrawn article in RSS and JSON Feed; Atom has a tombstone."


class FeedKeys(_Keys):
    entries: _EntryCount = _key("How many of the newest articles a feed holds.", 50, 50)
    content: FeedContent = _key("Whole articles, or summaries only.", "full", "full")
    archives: Literal["all", "site", "none"] = _key("Which feeds keep older articles readable, month by month.", "all", "all")
    ttl: _Minutes = _key("Minutes that a feed reader may wait before it asks again.", 60, 60)
    browser_view: bool = _key("Whether browsers show feeds styled.", True, True)
    combinations: bool = _key("Whether subscribers can combine feeds themselves.", False, True)
    markdown: bool = _key("Whether RSS feeds contain whole articles as Markdown, too.", True, False)
    translations: FeedTranslations = _key("Translations, too, or one article of each work; pages show one anyway.", "one", "all")
    withdrawals: FeedWithdrawals = _key(_WITHDRAWALS, "silent", "shown")


class ListingFeedKeys(_Keys):
    """`feed` in an entry of categories.yaml, authors.yaml or tags.yaml. A missing key has the value in site.yaml."""

    entries: _EntryCount | None = _key("How many of the newest articles this feed holds.", 20)
    content: FeedContent | None = _key("Whole articles, or summaries only.", "summary")
    archives: Literal["all", "none"] | None = _key("Whether this feed keeps older articles readable, month by month.", "all")
    ttl: _Minutes | None = _key("Minutes that a feed reader may wait before it asks for this feed again.", 60)
    browser_view: bool | None = _key("Whether browsers show this feed styled.", False)
    markdown: bool | None = _key("Whether this feed contains whole articles as Markdown, too, as RSS.", True)
    translations: FeedTranslations | None = _key("Translations, too, or one article of each work; pages show one anyway.", "one")
    withdrawals: FeedWithdrawals | None = _key(_WITHDRAWALS, "silent")


class PaymentKeys(_Keys):
    # RSL 1.0 section 3.7.
    type: Literal["purchase", "subscription", "training", "crawl", "use", "contribution", "attribution", "free"] = _required(
        "What is paid for, or how.", "crawl"
    )
    amount: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = _key("The price; beside currency.", 0.015)
    currency: Currency | None = _key("Its currency, three letters of ISO 4217.", "EUR")
    standard: HttpUrl | None = _key("The address of a standard license.", "https://creativecommons.org/licenses/by/4.0/")
    custom: HttpUrl | None = _key("The address of your own terms of payment.", "https://example.org/licensing")


class LicenseKeys(_Keys):
    url: HttpUrl | None = _key("The page with the terms, for people.", "https://example.org/terms")
    permits: LicenseTokens = _key(
        "What may be done (all, ai-all, ai-train, ai-input, ai-index, search), by whom (commercial, non-commercial, "
        "education, government, personal) and in which countries (DE).",
        ["search", "ai-index"],
        (),
    )
    prohibits: LicenseTokens = _key("The same for what must not be done; it counts more than permits.", ["ai-train"], ())
    payment: PaymentKeys | None = _key("What the permitted use costs; without payment it is free.", {"type": "attribution"})
    server: HttpUrl | None = _key("The license server from which programs get their license.", "https://rslcollective.org/api")


class CrawlersKeys(_Keys):
    allow: CrawlerNames = _key('Crawlers that may read everything, whatever "*" may.', ["Googlebot"], ())
    disallow: CrawlerNames = _key('Crawlers that must read nothing; "*" in quotes: all others.', ["GPTBot", "CCBot"], ())


class RobotsKeys(_Keys):
    agents: CrawlerNames = _required('The crawlers that the rules are for; "*" in quotes: all others.', ["GPTBot", "CCBot"])
    allow: RobotsPaths = _key("Paths that they may read although a shorter path is disallowed.", ["/media/press/"], ())
    disallow: RobotsPaths = _key("Beginnings of paths that they must not read; * is any text, $ the end.", ["/media/"], ())


class HomeKeys(_Keys):
    lead: ReferenceId | None = _key(
        "Slug of the article that leads the front page; without it, the newest with a picture.", "harbour-bridge-opens"
    )
    sections: ReferenceIds = _key(
        "Sections with a block on the front page, in order; without it, those of navigation, or all.", ["asia", "sport"], ()
    )


class ShowKeys(_Keys):
    share: bool = _key("Whether an article has links to share it.", False, True)
    dates: bool = _key("Whether pages and lists show the dates of articles; feeds always do.", False, True)
    views: bool = _key("Whether an article shows its number of reads, which is counted anyway.", False, True)


class MenuEntryKeys(_Keys):
    to: MenuTarget = _required("The id of a category, the name of a page, a path of this site, or an https address.", "about")
    title: OneLineText = _key("The text of the link; otherwise the title of the category or page.", "About us", "")


MenuEntries = Annotated[list[Annotated[MenuEntryKeys, AS_MENU_ENTRY]], Field(max_length=100)]


class FooterKeys(_Keys):
    text: OneLineText = _key("A sentence or two.", "Independent since 1998.", "")
    links: MenuEntries | None = _key(
        "Links, written as in navigation; without them, the pages whose navigation is footer.", ["about", "imprint"]
    )


class SiteKeys(_Keys):
    """site.yaml"""

    title: RequiredLine = _required("The site's name.", "Asia In News")
    description: OneLineText = _key("One sentence or two.", "News from Asia, told briefly.", "")
    base_url: BaseUrl = _required("Where readers reach the site.", "https://example.org")
    id_domain: DomainName | None = _key("Names the newsroom in ids; keep it, even if base_url moves.", "example.org")
    since: DateText = _key("The first day; feeds carry its year in their ids, so keep it.", "2025-01-01", "2000-01-01")
    language: LanguageTag = _key("Of every article that does not name its own.", "en", "en")
    timezone: TimeZoneName = _key("For dates without a zone, and for dates on pages.", "Asia/Kolkata", "UTC")
    logo: RequiredLine | None = _key("The picture that stands for a feed: a file in media/ or an address.", "media/logo.png")
    icon: RequiredLine | None = _key("The small square one.", "media/icon.png")
    accent: Color | None = _key(
        "The color of links, buttons and marks, in quotes; darker on light pages and lighter on dark ones where needed.",
        "#0b6fa4",
    )
    copyright: OneLineText = _key("The rights line of pages and feeds.", "© 2026 Asia In News", "")
    feed: FeedKeys = _key("What feeds hold.", {"entries": 50, "content": "full"}, FeedKeys())
    hubs: HttpUrls = _key("WebSub hubs that tell subscribers of news at once.", ["https://hub.example.org/"], ())
    license: LicenseKeys | None = _key(
        "What AI systems and other programs may do with the articles, as RSL 1.0.",
        {"permits": ["search"], "prohibits": ["ai-train"]},
    )
    crawlers: CrawlersKeys = _key("Which crawlers may read the site, in robots.txt.", {"disallow": ["GPTBot"]}, CrawlersKeys())
    robots: Annotated[list[RobotsKeys], Field(max_length=100)] = _key(
        "More rules of robots.txt: paths that crawlers must not read, or may.", [{"agents": "*", "disallow": ["/drafts/"]}], ()
    )
    navigation: MenuEntries | None = _key(
        "The menu, in order: ids of categories, names of pages, paths of this site, https addresses; else all categories.",
        ["asia", "about", {"to": "https://shop.example.org/", "title": "Shop"}],
    )
    footer: FooterKeys = _key("What stands below every page.", {"text": "Since 1998.", "links": ["imprint"]}, FooterKeys())
    home: HomeKeys = _key("What the front page shows first.", {"lead": "harbour-bridge-opens", "sections": ["asia"]}, HomeKeys())
    show: ShowKeys = _key("Which parts of pages are left out.", {"share": False}, ShowKeys())
    profiles: HttpUrls = _key(
        "The newsroom's accounts elsewhere; the front page names them with rel=me.", ["https://mastodon.example/@newsroom"], ()
    )
    keep_metadata: bool = _key("Send pictures with camera and location data, which are taken out otherwise.", True, False)


class CategoryKeys(_Keys):
    """One entry of categories.yaml"""

    title: RequiredLine = _required("The section's name.", "Asia In News")
    description: OneLineText = _key("One sentence.", "Reports from all over the continent.", "")
    aliases: Slugs = _ALIASES
    feed: ListingFeedKeys | None = _LISTING_FEED


class TagKeys(_Keys):
    """One entry of tags.yaml"""

    title: RequiredLine | None = _key(
        "The tag's name on pages and in feeds; otherwise its most frequent spelling.", "South Korea"
    )
    description: OneLineText = _key("One sentence.", "Reports from Seoul to Busan.", "")
    aliases: Slugs = _ALIASES
    feed: ListingFeedKeys | None = _LISTING_FEED


class IncludeKeys(_Keys):
    all: bool = _key("Every article.", True, False)
    categories: ReferenceIds = _key("Articles in any of these: ids of categories.yaml.", ["asia", "business"], ())
    authors: ReferenceIds = _key("Articles by any of these: ids of authors.yaml.", ["ritesh-nambiar"], ())
    tags: TagTitles = _key("Articles with any of these tags.", ["South Korea"], ())
    languages: LanguageTags = _key("Articles in any of these languages.", ["ko"], ())


class ExcludeKeys(_Keys):
    categories: ReferenceIds = _key("Articles in any of these are left out.", ["culture"], ())
    authors: ReferenceIds = _key("Articles by any of these are left out.", ["thao-vy"], ())
    tags: TagTitles = _key("Articles with any of these tags are left out.", ["Sponsored"], ())
    languages: LanguageTags = _key("Articles in any of these languages are left out.", ["en"], ())


class DigestKeys(_Keys):
    every: Literal["day", "week"] = _required("Whether an entry holds the articles of a day or of a week.", "day")
    at: TimeOfDay = _required(
        "When it appears, in the site's zone, with the articles since the entry before. YAML may read 18:00 as a number.", "06:00"
    )
    on: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None = _key(
        "The day on which it appears; only beside every: week.", "monday"
    )


class _SelectionFeedKeys(_Keys):
    title: RequiredLine = _required("The feed's name.", "World and business")
    description: OneLineText = _key("One sentence.", "Two sections, without agency copy.", "")
    include: IncludeKeys = _required(
        "Which articles it holds: one of the names of each kind that is given, or all: true.",
        {"categories": ["world", "business"]},
    )
    exclude: ExcludeKeys = _key(
        "Which of these it leaves out: each with any of these names.", {"tags": ["Sponsored"]}, ExcludeKeys()
    )
    aliases: Slugs = _ALIASES
    image: RequiredLine | None = _key(
        "Its own picture instead of the site's logo: a file in media/ or an address.", "media/world.png"
    )
    max_age: Age | None = _key("Days or hours after which an article leaves the feed; its page still lists it.", "30d")
    access: FeedAccess = _key("Who can read it: everybody, or only those who have a token.", "private", "public")
    digest: DigestKeys | None = _key(
        "Instead of one entry for each article: one for each day or week, for mail services.", {"every": "day", "at": "06:00"}
    )


class CustomFeedKeys(ListingFeedKeys, _SelectionFeedKeys):
    """One entry of feeds.yaml"""


class RedirectsKeys(_Keys):
    """redirects.yaml"""

    exact: dict[str, str] = _key(
        "Old addresses, some with a query or a * at the end, and where they lead: a path, another site's address, or gone.",
        {"/2014/05/old-title/": "/articles/second-summit/", "/comments/feed/": "gone", "/blog/*": "/articles/*"},
        {},
    )


class AuthorKeys(_Keys):
    """One entry of authors.yaml"""

    name: RequiredLine = _required("As it stands in bylines.", "Ritesh Nambiar")
    email: Email | None = _key("For the newsroom; public only with show_email.", "ritesh@example.org")
    show_email: bool = _key("Whether Atom feeds and the author's page show the e-mail address to everybody.", True, False)
    url: HttpUrl | None = _key("Their own page.", "https://ritesh.example.org/")
    bio: OneLineText = _key("One sentence.", "Writes about diplomacy and trade.", "")
    avatar: RequiredLine | None = _key("Their picture: a file in media/ or an address.", "media/ritesh.jpg")
    aliases: Slugs = _ALIASES
    feed: ListingFeedKeys | None = _LISTING_FEED


class PageKeys(_Keys):
    """Front matter of pages/*.md"""

    title: RequiredLine = _required("The page's heading, and its name in menus.", "About us")
    description: OneLineText = _key("Below the title, and for search engines.", "Who writes here, and who pays for it.", "")
    language: LanguageTag | None = _key("Only where it differs from the site's.", "ko")
    updated: DateText | None = _key("When its text last changed; shown on the page and in the sitemap.", _DAY)
    navigation: Menu = _key(
        "Which menu links to it, unless site.yaml lists the links of that menu itself: header, footer or none.",
        "header",
        "footer",
    )
    order: Annotated[int, Field(ge=-1000, le=1000)] = _key(
        "Its place in that menu: lower numbers come first, then titles.", 10, 0
    )
    slug: Slug | None = _key("Its name in the address; otherwise the file's name.", "about")
    aliases: Slugs = _ALIASES
    status: Literal["draft", "published"] = _key("draft: not public.", "draft", "published")
