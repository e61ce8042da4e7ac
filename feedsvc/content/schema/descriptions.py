"""What every key of the editors' files means, in a sentence, with an example: for their text editors and for new files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Key(NamedTuple):
    """`example` is the value as JSON has it."""

    says: str
    example: Any


_ADDRESS: Final = "https://example.org/story"
_DAY: Final = "2026-01-02"
_MOMENT: Final = "2026-01-02T09:30:00+05:30"
_TITLE: Final = "Xi invites Lee to Beijing for a second summit"
_FORMER: Final = Key("Former names in addresses; they redirect to today's.", ["old-name"])

# Schema -> key -> what it means; in the order of the schemas.
KEYS: Final[Mapping[str, Mapping[str, Key]]] = {
    "ArticleKeys": {
        "id": Key("Names the article for ever: never change it once it is published.", "tag:example.org,2026:second-summit"),
        "title": Key("The headline, at most 120 characters.", _TITLE),
        "published": Key("When it appears. A bare date means 00:00; without a zone the site's counts.", _MOMENT),
        "updated": Key("When something changed that readers should see.", _MOMENT),
        "expires": Key("From this moment on it is gone.", "2026-12-31"),
        "category": Key("Its section: an id of categories.yaml.", "asia"),
        "categories": Key("Instead of category: several, at most 100; the first is the section.", ["asia", "diplomacy"]),
        "author": Key("Who wrote it: an id of authors.yaml.", "ritesh-nambiar"),
        "authors": Key("Instead of author: several, at most 100.", ["ritesh-nambiar", "thao-vy"]),
        "tags": Key("What it is about, in readable words: at most 100 tags of at most 200 characters.", ["South Korea", "China"]),
        "summary": Key("One plain sentence or two, at most 300 characters.", "Lee is to travel to Beijing in January."),
        "image": Key("The lead picture.", {"src": "media/summit.jpg", "alt": "A bridge", "credit": "Reuters"}),
        "enclosures": Key("Files to take along, such as sound.", [{"src": "media/briefing.mp3"}]),
        "sources": Key("What it is based on.", [{"name": "Yonhap News Agency", "url": "https://en.yna.co.kr/"}]),
        "corrections": Key("What an earlier version had wrong.", [{"date": _DAY, "text": "It is the second summit."}]),
        "language": Key("Only where it differs from the site's.", "ko"),
        "link": Key("Only where the article lives at another address.", _ADDRESS),
        "slug": Key("Its name in addresses; otherwise the file's name.", "second-summit"),
        "aliases": _FORMER,
        "status": Key("draft: not public. withdrawn: taken back, with a notice at its address.", "draft"),
        "withdrawn": Key("Beside status: withdrawn.", {"date": _DAY, "notice": "It rested on a forged letter."}),
        "body": Key("The text, in Markdown.", "Markdown."),
    },
    "ImageKeys": {
        "src": Key("A file in media/, or an https address with type, width and height.", "media/summit.jpg"),
        "alt": Key("What the picture shows, for those who do not see it.", "Two people on a bridge"),
        "caption": Key("What stands below the picture.", "The bridge, seen from the north."),
        "credit": Key("Whose picture it is.", "Reuters"),
        "credit_url": Key("Their address.", "https://www.reuters.com/"),
        "disclaimer": Key("What must be said of it, such as how it was made.", "Made with a computer"),
        "type": Key("The media type, for a picture at another address.", "image/jpeg"),
        "width": Key("Pixels, for a picture at another address.", 1200),
        "height": Key("Pixels, for a picture at another address.", 800),
    },
    "EnclosureKeys": {
        "src": Key("A file in media/, or an https address with type and length.", "media/briefing.mp3"),
        "title": Key("What it is.", "The briefing, 12 minutes"),
        "type": Key("The media type, if not the one that the file's name tells.", "audio/mpeg"),
        "length": Key("Bytes, for a file at another address.", 34216300),
    },
    "SourceKeys": {
        "name": Key("Who said or wrote it.", "Yonhap News Agency"),
        "url": Key("Where.", "https://en.yna.co.kr/"),
    },
    "CorrectionKeys": {
        "date": Key("When it was put right.", _DAY),
        "text": Key("What was wrong, and what is right.", "It is the second summit."),
    },
    "WithdrawnKeys": {
        "date": Key("When it was taken back.", _DAY),
        "notice": Key("Why; shown at its address.", "It rested on a forged letter."),
    },
    "SiteKeys": {
        "title": Key("The site's name.", "Asia In News"),
        "description": Key("One sentence or two.", "News from Asia, told briefly."),
        "base_url": Key("Where readers reach the site.", "https://example.org"),
        "id_domain": Key("Names the newsroom in ids; keep it, even if base_url moves.", "example.org"),
        "since": Key("The first day; feeds carry its year in their ids, so keep it.", "2025-01-01"),
        "language": Key("Of every article that does not name its own.", "en"),
        "timezone": Key("For dates without a zone, and for dates on pages.", "Asia/Kolkata"),
        "logo": Key("The picture that stands for a feed: a file in media/ or an address.", "media/logo.png"),
        "icon": Key("The small square one.", "media/icon.png"),
        "copyright": Key("The rights line of pages and feeds.", "© 2026 Asia In News"),
        "feed": Key("What feeds hold.", {"entries": 50, "content": "full"}),
        "hubs": Key("WebSub hubs that tell subscribers of news at once.", ["https://hub.example.org/"]),
        "keep_metadata": Key("Send pictures with camera and location data, which are taken out otherwise.", True),  # noqa: FBT003 - an example's value
    },
    "FeedKeys": {
        "entries": Key("How many of the newest articles a feed holds.", 50),
        "content": Key("Whole articles, or summaries only.", "full"),
        "archives": Key("Which feeds keep older articles readable, month by month.", "all"),
        "ttl": Key("Minutes that a feed reader may wait before it asks again.", 60),
        "browser_view": Key("Whether browsers show feeds styled.", True),  # noqa: FBT003 - an example's value
    },
    "CategoryKeys": {
        "title": Key("The section's name.", "Asia In News"),
        "description": Key("One sentence.", "Reports from all over the continent."),
        "aliases": _FORMER,
    },
    "AuthorKeys": {
        "name": Key("As it stands in bylines.", "Ritesh Nambiar"),
        "email": Key("Public: feeds carry it.", "ritesh@example.org"),
        "url": Key("Their own page.", "https://ritesh.example.org/"),
        "bio": Key("One sentence.", "Writes about diplomacy and trade."),
        "avatar": Key("Their picture: a file in media/ or an address.", "media/ritesh.jpg"),
        "aliases": _FORMER,
    },
}
