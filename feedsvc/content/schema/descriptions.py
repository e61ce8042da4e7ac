"""Descriptions and examples of the keys of the editors' files, used in the JSON Schemas and in new files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class KeyDescription(NamedTuple):
    """Description of a key, and an example as a JSON value."""

    description: str
    example: Any


_ADDRESS: Final = "https://example.org/story"
_DAY: Final = "2026-01-02"
_MOMENT: Final = "2026-01-02T09:30:00+05:30"
_TITLE: Final = "Xi invites Lee to Beijing for a second summit"
_LISTING_FEED: Final = KeyDescription("Where its feed differs from site.yaml's feed.", {"entries": 20, "content": "summary"})
_ALIASES: Final = KeyDescription("Former names in addresses; they redirect to today's.", ["old-name"])

_LISTING_FEED_KEYS: Final[Mapping[str, KeyDescription]] = {
    "entries": KeyDescription("How many of the newest articles this feed holds.", 20),
    "content": KeyDescription("Whole articles, or summaries only.", "summary"),
    "archives": KeyDescription("Whether this feed keeps older articles readable, month by month.", "all"),
    "ttl": KeyDescription("Minutes that a feed reader may wait before it asks for this feed again.", 60),
    "browser_view": KeyDescription("Whether browsers show this feed styled.", False),  # noqa: FBT003 - an example's value
    "markdown": KeyDescription("Whether this feed contains whole articles as Markdown, too, as RSS.", True),  # noqa: FBT003 - an example's value
    "translations": KeyDescription("Translations, too, or one article of each work; pages show one anyway.", "one"),
}

# Model -> key -> description, in the order of the models.
KEY_DESCRIPTIONS: Final[Mapping[str, Mapping[str, KeyDescription]]] = {
    "ArticleKeys": {
        "id": KeyDescription(
            "Names the article for ever: never change it once it is published.", "tag:example.org,2026:second-summit"
        ),
        "guid": KeyDescription(
            "Its id in RSS and JSON Feed, only where readers know it by a text of a former system that is no URI.", "12345"
        ),
        "title": KeyDescription("The headline, at most 120 characters.", _TITLE),
        "published": KeyDescription(
            "When it appears. A bare date means 00:00 and is shown without a time; without a zone the site's counts.", _MOMENT
        ),
        "updated": KeyDescription("When something changed that readers should see.", _MOMENT),
        "expires": KeyDescription("From this moment on it is gone.", "2026-12-31"),
        "category": KeyDescription("Its section: an id of categories.yaml.", "asia"),
        "categories": KeyDescription(
            "Instead of category: several, at most 100; the first is the section.", ["asia", "diplomacy"]
        ),
        "author": KeyDescription("Who wrote it: an id of authors.yaml.", "ritesh-nambiar"),
        "authors": KeyDescription("Instead of author: several, at most 100.", ["ritesh-nambiar", "thao-vy"]),
        "tags": KeyDescription(
            "What it is about, in readable words: at most 100 tags of at most 200 characters.", ["South Korea", "China"]
        ),
        "summary": KeyDescription(
            "One plain sentence or two, at most 300 characters.", "Lee is to travel to Beijing in January."
        ),
        "image": KeyDescription("The lead picture.", {"src": "media/summit.jpg", "alt": "A bridge", "credit": "Reuters"}),
        "enclosures": KeyDescription("Files to take along, such as sound.", [{"src": "media/briefing.mp3"}]),
        "embeds": KeyDescription(
            "Cards for addresses that stand alone in a line of the text.",
            [{"url": _ADDRESS, "title": "How the summit came about", "description": "A look back.", "image": "media/hall.jpg"}],
        ),
        "sources": KeyDescription("What it is based on.", [{"name": "Yonhap News Agency", "url": "https://en.yna.co.kr/"}]),
        "corrections": KeyDescription("What an earlier version had wrong.", [{"date": _DAY, "text": "It is the second summit."}]),
        "language": KeyDescription("Only where it differs from the site's.", "ko"),
        "translation_of": KeyDescription("The id of the article that this one translates.", "tag:example.org,2026:second-summit"),
        "link": KeyDescription("Only where the article lives at another address.", _ADDRESS),
        "slug": KeyDescription("Its name in addresses; otherwise the file's name.", "second-summit"),
        "aliases": _ALIASES,
        "status": KeyDescription("draft: not public. withdrawn: taken back, with a notice at its address.", "draft"),
        "withdrawn": KeyDescription("Beside status: withdrawn.", {"date": _DAY, "notice": "It rested on a forged letter."}),
        "body": KeyDescription("The text, in Markdown.", "Markdown."),
    },
    "ImageKeys": {
        "src": KeyDescription("A file in media/, or an https address with type, width and height.", "media/summit.jpg"),
        "alt": KeyDescription("What the picture shows, for those who do not see it.", "Two people on a bridge"),
        "caption": KeyDescription("What stands below the picture.", "The bridge, seen from the north."),
        "credit": KeyDescription("Whose picture it is.", "Reuters"),
        "credit_url": KeyDescription("Their address.", "https://www.reuters.com/"),
        "disclaimer": KeyDescription("What must be said of it, such as how it was made.", "Made with a computer"),
        "type": KeyDescription("The media type, for a picture at another address.", "image/jpeg"),
        "width": KeyDescription("Pixels, for a picture at another address.", 1200),
        "height": KeyDescription("Pixels, for a picture at another address.", 800),
    },
    "EnclosureKeys": {
        "src": KeyDescription("A file in media/, or an https address with type and length.", "media/briefing.mp3"),
        "title": KeyDescription("What it is.", "The briefing, 12 minutes"),
        "type": KeyDescription("The media type, if not the one that the file's name tells.", "audio/mpeg"),
        "length": KeyDescription("Bytes, for a file at another address.", 34216300),
    },
    "EmbedKeys": {
        "url": KeyDescription("The address, as it stands in the text.", _ADDRESS),
        "title": KeyDescription("What is there; feeds show it as the text of the link.", "How the summit came about"),
        "description": KeyDescription("One sentence or two.", "A look back at ten years of talks."),
        "image": KeyDescription("A picture in media/, shown beside the title.", "media/hall.jpg"),
    },
    "SourceKeys": {
        "name": KeyDescription("Who said or wrote it.", "Yonhap News Agency"),
        "url": KeyDescription("Where.", "https://en.yna.co.kr/"),
    },
    "CorrectionKeys": {
        "date": KeyDescription("When it was put right.", _DAY),
        "text": KeyDescription("What was wrong, and what is right.", "It is the second summit."),
    },
    "WithdrawnKeys": {
        "date": KeyDescription("When it was taken back.", _DAY),
        "notice": KeyDescription("Why; shown at its address.", "It rested on a forged letter."),
    },
    "PageKeys": {
        "title": KeyDescription("The page's heading, and its name in menus.", "About us"),
        "description": KeyDescription("One sentence for search engines.", "Who writes here, and who pays for it."),
        "language": KeyDescription("Only where it differs from the site's.", "ko"),
        "updated": KeyDescription("When its text last changed; shown on the page and in the sitemap.", _DAY),
        "navigation": KeyDescription(
            "Which menu links to it, unless site.yaml lists the links of that menu itself: header, footer or none.", "header"
        ),
        "order": KeyDescription("Its place in that menu: lower numbers come first, then titles.", 10),
        "slug": KeyDescription("Its name in the address; otherwise the file's name.", "about"),
        "aliases": _ALIASES,
        "status": KeyDescription("draft: not public.", "draft"),
    },
    "SiteKeys": {
        "title": KeyDescription("The site's name.", "Asia In News"),
        "description": KeyDescription("One sentence or two.", "News from Asia, told briefly."),
        "base_url": KeyDescription("Where readers reach the site.", "https://example.org"),
        "id_domain": KeyDescription("Names the newsroom in ids; keep it, even if base_url moves.", "example.org"),
        "since": KeyDescription("The first day; feeds carry its year in their ids, so keep it.", "2025-01-01"),
        "language": KeyDescription("Of every article that does not name its own.", "en"),
        "timezone": KeyDescription("For dates without a zone, and for dates on pages.", "Asia/Kolkata"),
        "logo": KeyDescription("The picture that stands for a feed: a file in media/ or an address.", "media/logo.png"),
        "icon": KeyDescription("The small square one.", "media/icon.png"),
        "accent": KeyDescription(
            "The color of links, buttons and marks, in quotes; darker on light pages and lighter on dark ones where needed.",
            "#0b6fa4",
        ),
        "copyright": KeyDescription("The rights line of pages and feeds.", "© 2026 Asia In News"),
        "feed": KeyDescription("What feeds hold.", {"entries": 50, "content": "full"}),
        "hubs": KeyDescription("WebSub hubs that tell subscribers of news at once.", ["https://hub.example.org/"]),
        "license": KeyDescription(
            "What AI systems and other programs may do with the articles, as RSL 1.0.",
            {"permits": ["search"], "prohibits": ["ai-train"]},
        ),
        "crawlers": KeyDescription("Which crawlers may read the site, in robots.txt.", {"disallow": ["GPTBot"]}),
        "robots": KeyDescription(
            "More rules of robots.txt: paths that crawlers must not read, or may.",
            [{"agents": "*", "disallow": ["/drafts/"]}],
        ),
        "navigation": KeyDescription(
            "The menu, in order: ids of categories, names of pages, paths of this site, https addresses; else all categories.",
            ["asia", "about", {"to": "https://shop.example.org/", "title": "Shop"}],
        ),
        "footer": KeyDescription("What stands below every page.", {"text": "Since 1998.", "links": ["imprint"]}),
        "home": KeyDescription("What the front page shows first.", {"lead": "harbour-bridge-opens", "sections": ["asia"]}),
        "show": KeyDescription("Which parts of pages are left out.", {"share": False}),
        "profiles": KeyDescription(
            "The newsroom's accounts elsewhere; the front page names them with rel=me.", ["https://mastodon.example/@newsroom"]
        ),
        "keep_metadata": KeyDescription("Send pictures with camera and location data, which are taken out otherwise.", True),  # noqa: FBT003 - an example's value
    },
    "FeedKeys": {
        "entries": KeyDescription("How many of the newest articles a feed holds.", 50),
        "content": KeyDescription("Whole articles, or summaries only.", "full"),
        "archives": KeyDescription("Which feeds keep older articles readable, month by month.", "all"),
        "ttl": KeyDescription("Minutes that a feed reader may wait before it asks again.", 60),
        "browser_view": KeyDescription("Whether browsers show feeds styled.", True),  # noqa: FBT003 - an example's value
        "combinations": KeyDescription("Whether subscribers can combine feeds themselves.", False),  # noqa: FBT003 - an example's value
        "markdown": KeyDescription("Whether RSS feeds contain whole articles as Markdown, too.", True),  # noqa: FBT003 - an example's value
        "translations": KeyDescription("Translations, too, or one article of each work; pages show one anyway.", "one"),
    },
    "ListingFeedKeys": _LISTING_FEED_KEYS,
    "LicenseKeys": {
        "url": KeyDescription("The page with the terms, for people.", "https://example.org/terms"),
        "permits": KeyDescription(
            "What may be done (all, ai-all, ai-train, ai-input, ai-index, search), by whom (commercial, non-commercial, "
            "education, government, personal) and in which countries (DE).",
            ["search", "ai-index"],
        ),
        "prohibits": KeyDescription("The same for what must not be done; it counts more than permits.", ["ai-train"]),
        "payment": KeyDescription("What the permitted use costs; without payment it is free.", {"type": "attribution"}),
        "server": KeyDescription("The license server from which programs get their license.", "https://rslcollective.org/api"),
    },
    "PaymentKeys": {
        "type": KeyDescription("What is paid for, or how.", "crawl"),
        "amount": KeyDescription("The price; beside currency.", 0.015),
        "currency": KeyDescription("Its currency, three letters of ISO 4217.", "EUR"),
        "standard": KeyDescription("The address of a standard license.", "https://creativecommons.org/licenses/by/4.0/"),
        "custom": KeyDescription("The address of your own terms of payment.", "https://example.org/licensing"),
    },
    "CrawlersKeys": {
        "allow": KeyDescription('Crawlers that may read everything, whatever "*" may.', ["Googlebot"]),
        "disallow": KeyDescription('Crawlers that must read nothing; "*" in quotes: all others.', ["GPTBot", "CCBot"]),
    },
    "RobotsKeys": {
        "agents": KeyDescription('The crawlers that the rules are for; "*" in quotes: all others.', ["GPTBot", "CCBot"]),
        "allow": KeyDescription("Paths that they may read although a shorter path is disallowed.", ["/media/press/"]),
        "disallow": KeyDescription("Beginnings of paths that they must not read; * is any text, $ the end.", ["/media/"]),
    },
    "MenuEntryKeys": {
        "to": KeyDescription("The id of a category, the name of a page, a path of this site, or an https address.", "about"),
        "title": KeyDescription("The text of the link; otherwise the title of the category or page.", "About us"),
    },
    "FooterKeys": {
        "text": KeyDescription("A sentence or two.", "Independent since 1998."),
        "links": KeyDescription(
            "Links, written as in navigation; without them, the pages whose navigation is footer.", ["about", "imprint"]
        ),
    },
    "HomeKeys": {
        "lead": KeyDescription(
            "Slug of the article that leads the front page; without it, the newest with a picture.", "harbour-bridge-opens"
        ),
        "sections": KeyDescription(
            "Sections with a block on the front page, in order; without it, those of navigation, or all.", ["asia", "sport"]
        ),
    },
    "ShowKeys": {
        "share": KeyDescription("Whether an article has links to share it.", False),  # noqa: FBT003 - an example's value
        "dates": KeyDescription("Whether pages and lists show the dates of articles; feeds always do.", False),  # noqa: FBT003 - an example's value
        "views": KeyDescription("Whether an article shows its number of reads, which is counted anyway.", False),  # noqa: FBT003 - an example's value
    },
    "CategoryKeys": {
        "title": KeyDescription("The section's name.", "Asia In News"),
        "description": KeyDescription("One sentence.", "Reports from all over the continent."),
        "aliases": _ALIASES,
        "feed": _LISTING_FEED,
    },
    "TagKeys": {
        "title": KeyDescription("The tag's name on pages and in feeds; otherwise its most frequent spelling.", "South Korea"),
        "description": KeyDescription("One sentence.", "Reports from Seoul to Busan."),
        "aliases": _ALIASES,
        "feed": _LISTING_FEED,
    },
    "CustomFeedKeys": {
        "title": KeyDescription("The feed's name.", "World and business"),
        "description": KeyDescription("One sentence.", "Two sections, without agency copy."),
        "include": KeyDescription(
            "Which articles it holds: one of the names of each kind that is given, or all: true.",
            {"categories": ["world", "business"]},
        ),
        "exclude": KeyDescription("Which of these it leaves out: each with any of these names.", {"tags": ["Sponsored"]}),
        "aliases": _ALIASES,
        "image": KeyDescription("Its own picture instead of the site's logo: a file in media/ or an address.", "media/world.png"),
        "max_age": KeyDescription("Days or hours after which an article leaves the feed; its page still lists it.", "30d"),
        "access": KeyDescription("Who can read it: everybody, or only those who have a token.", "private"),
        "digest": KeyDescription(
            "Instead of one entry for each article: one for each day or week, for mail services.", {"every": "day", "at": "06:00"}
        ),
        **_LISTING_FEED_KEYS,
    },
    "DigestKeys": {
        "every": KeyDescription("Whether an entry holds the articles of a day or of a week.", "day"),
        "at": KeyDescription(
            "When it appears, in the site's zone, with the articles since the entry before. YAML may read 18:00 as a number.",
            "06:00",
        ),
        "on": KeyDescription("The day on which it appears; only beside every: week.", "monday"),
    },
    "IncludeKeys": {
        "all": KeyDescription("Every article.", True),  # noqa: FBT003 - an example's value
        "categories": KeyDescription("Articles in any of these: ids of categories.yaml.", ["asia", "business"]),
        "authors": KeyDescription("Articles by any of these: ids of authors.yaml.", ["ritesh-nambiar"]),
        "tags": KeyDescription("Articles with any of these tags.", ["South Korea"]),
        "languages": KeyDescription("Articles in any of these languages.", ["ko"]),
    },
    "ExcludeKeys": {
        "categories": KeyDescription("Articles in any of these are left out.", ["culture"]),
        "authors": KeyDescription("Articles by any of these are left out.", ["thao-vy"]),
        "tags": KeyDescription("Articles with any of these tags are left out.", ["Sponsored"]),
        "languages": KeyDescription("Articles in any of these languages are left out.", ["en"]),
    },
    "RedirectsKeys": {
        "exact": KeyDescription(
            "Old addresses, some with their query, and where each leads: a path, an address of another site, or gone.",
            {"/2014/05/old-title/": "/articles/second-summit/", "/comments/feed/": "gone"},
        ),
        "patterns": KeyDescription(
            "Old addresses with placeholders, tried in this order after all exact ones.",
            [{"from": "/category/{parents...}/{id}/feed/", "to": "/category/{id}/feed.rss"}],
        ),
    },
    "RedirectPatternKeys": {
        "from": KeyDescription(
            "The old addresses: {slug} is a part without a slash, {path...} several segments.", "/blog/{slug}/"
        ),
        "to": KeyDescription("Where they lead: as in exact, with the same placeholders.", "/articles/{slug}/"),
    },
    "AuthorKeys": {
        "name": KeyDescription("As it stands in bylines.", "Ritesh Nambiar"),
        "email": KeyDescription("Public: feeds and the author's page carry it.", "ritesh@example.org"),
        "url": KeyDescription("Their own page.", "https://ritesh.example.org/"),
        "bio": KeyDescription("One sentence.", "Writes about diplomacy and trade."),
        "avatar": KeyDescription("Their picture: a file in media/ or an address.", "media/ritesh.jpg"),
        "aliases": _ALIASES,
        "feed": _LISTING_FEED,
    },
}
