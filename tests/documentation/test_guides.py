"""Follow the guides in docs/how-to/ from the newsroom at the end of the tutorial, and check the site after each section."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

import pytest

from tests import ROOT
from tests.documentation.document_steps import NOT_RUN, User, sections
from tests.documentation.site_checks import (
    BUSES,
    article_is_served,
    article_is_withdrawn,
    no_change,
    wait_for_status,
    wait_until_absent,
    wait_until_contained,
)
from tests.documentation.tutorial import make_newsroom
from tests.helpers import newsrooms
from tests.helpers.programs import require_program

GUIDES: Final = ROOT / "docs" / "how-to"
FERRY: Final = "/articles/ferry/"
SUNDAY_FERRY: Final = "/articles/sunday-ferry/"
BUSES_ALL_NIGHT: Final = "/articles/buses-all-night/"


def read(guide: str) -> str:
    return (GUIDES / f"{guide}.md").read_text("utf-8")


def git_is_clean(user: User) -> None:
    assert user.run("git status --porcelain").stdout == ""


def picture_is_served(user: User) -> None:
    wait_until_contained(user, BUSES, 'alt="A bus under a street lamp"')
    assert user.get("/media/bus.jpg").status == 200


def card_is_shown(user: User) -> None:
    wait_until_contained(user, BUSES, "The lines, their stops and their first day.")
    assert "All night buses on one map" in user.get(BUSES).body.decode()


def page_is_served(user: User) -> None:
    wait_until_contained(user, "/about/", "<strong>harbour town</strong>")
    assert user.get("/who-we-are/").headers["location"] == "/about/"
    wait_until_contained(user, "/", '<a href="/about/">About us</a>')


def menus_are_shown(user: User) -> None:
    wait_until_contained(user, "/", "Written in the harbour since 2026.")
    text = user.get("/").body.decode()
    for link in (">City</a>", '<a href="/tags/">Topics</a>', '">Shop</a>', '<a href="/about/">Who we are</a>'):
        assert link in text


def robots_rules_are_served(user: User) -> None:
    newsrooms.write(user.folder, {"content/root/ads.txt": "ads.example, 1, DIRECT"})
    wait_until_contained(user, "/ads.txt", "DIRECT")
    wait_until_contained(user, "/robots.txt", "User-agent: *\nDisallow: /media/press/\n")
    assert b"User-agent: Amazonbot\nUser-agent: Bytespider\nAllow: /media/logo.png\n" in user.get("/robots.txt").body


def tag_pages_exist(user: User) -> None:
    """Check that an article with the tags of the table has every tag page of the table."""
    table = read("tags").partition("## Spelling")[2].partition("## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("|") and "`/tag/" in line]
    spellings, pages = ([name for row in rows for name in re.findall("`([^`]{2,}|C)`", row[column])] for column in (0, 1))
    pages = [page for page in pages if page.startswith("/tag/")]
    assert (len(spellings), len(pages)) == (13, 9)
    text = f"title: Tags\npublished: 2026-01-01\nsummary: Tags.\ntags: [{', '.join(spellings)}]\n"
    file = user.file("content/articles/tags.yaml")
    file.write_text(text, "utf-8")
    for page in pages:
        wait_for_status(user, page, 200)
    file.unlink()
    for page in pages:
        wait_for_status(user, page, 404)


def options_hold_for_one_feed(user: User) -> None:
    """Check the feed of the category, and those that its options do not change."""
    wait_until_absent(user, "/category/city/feed.json", "run all night</strong>")
    for path in ("/feed.json", "/tag/buses/feed.json"):
        wait_until_contained(user, path, "run all night</strong>")


def feeds_to_order_are_served(user: User) -> None:
    """Correct the mistake as the section says, and check both feeds."""
    wait_until_contained(user, "/feeds/headlines/feed.json", "Night buses return")
    wait_until_absent(user, "/feeds/headlines/feed.json", "run all night</strong>")
    file = user.file("content/feeds.yaml")
    file.write_text(file.read_text("utf-8").replace("  exclude: {authors: [agency]}\n", ""), "utf-8")
    wait_until_contained(user, "/feeds/streets/feed.rss", "Buses and streets")
    wait_until_contained(user, "/subscribe/", "Every article in short")


def private_feed_is_served_nowhere(user: User) -> None:
    for path in ("/feeds/partners/", "/feeds/partners/feed.rss"):
        assert user.get(path).status == 404
    for path in ("/subscribe/", "/feeds.opml", "/sitemap.xml", "/"):
        assert "artners" not in user.get(path).body.decode()
    tokens = json.loads(user.run("feedsvc token list --json").stdout)
    assert [(token["name"], token["feed"], token["state"]) for token in tokens] == [("Harbour Radio", "partners", "revoked")]


def digest_is_served(user: User) -> None:
    """Check the entry of the day after the article about buses, and its page."""
    wait_until_contained(user, "/feeds/daily/feed.rss", "/feeds/daily/2026-01-03/")
    wait_until_contained(user, "/feeds/daily/feed.rss", "<content:encoded>")
    wait_until_contained(user, "/feeds/daily/2026-01-03/", BUSES)


def license_is_published(user: User) -> None:
    wait_until_contained(user, "/license.xml", '<prohibits type="usage">ai-train</prohibits>')
    wait_until_contained(user, "/robots.txt", "License: https://harbour.example/license.xml")
    wait_until_contained(user, "/robots.txt", "User-agent: CCBot\nDisallow: /")
    wait_until_contained(user, "/feed.rss", '<rsl:payment type="attribution"/>')


def translation_is_named(user: User) -> None:
    korean = BUSES.removesuffix("/") + "-ko/"
    for path in (BUSES, "/sitemap.xml", "/feed.rss", "/feed.atom", "/feed.json"):
        wait_until_contained(user, path, f"https://harbour.example{korean}")
    wait_until_contained(user, BUSES, ">한국어</a>")
    wait_until_contained(user, korean, ">English</a>")


def old_address_redirects(user: User, former: str, new: str) -> None:
    wait_for_status(user, new, 200)
    assert wait_for_status(user, former, 301)["Location"].endswith(new)
    assert user.get("/feed.atom").body.decode().count(f'href="https://harbour.example{new}"') == 1


def second_correction_is_shown(user: User) -> None:
    for text in ("An earlier version named line 12; it is line 14.", "Line 9 runs every hour, not every half hour."):
        wait_until_contained(user, BUSES, text)
    wait_until_contained(user, "/feed.atom", "<updated>2026-01-05T02:30:00Z</updated>")


def article_leads_the_front_page(user: User) -> None:
    wait_until_contained(user, "/", "lead-story")
    lead = user.get("/").body.decode().partition("lead-story")[2]
    assert lead.index(BUSES) < lead.index("</article>")


def parts_of_pages_are_left_out(user: User) -> None:
    wait_until_contained(user, "/", 'class="meta"')
    for part in ('class="share"', "<time", 'class="views"'):
        wait_until_absent(user, BUSES, part)


def hook_rejects_a_mistake(user: User) -> None:
    assert user.run("git add -A && git commit -q -m Good").returncode == 0
    file = user.file("content/articles/2031/06/pier.yaml")
    valid = file.read_text("utf-8")
    file.write_text(valid.replace("title:", "titel:"), "utf-8")
    result = user.run("git commit -a -q -m Bad")
    assert result.returncode == 1
    assert "unknown key 'titel'; did you mean 'title'?" in result.stdout
    file.write_text(valid, "utf-8")


def schema_lists_the_authors(user: User) -> None:
    schema = user.file("content/.feedsvc/schema/article.json")
    assert "mina-park" in schema.read_text("utf-8")


def tag_has_its_name(user: User) -> None:
    wait_until_contained(user, "/category/city/feed.json", "Buses and trams")
    for path in ("/tag/buses/", "/subscribe/", "/feeds.opml"):
        wait_until_contained(user, path, "Everything that stops at the kerb")
    assert wait_for_status(user, "/tag/trams/", 301)["Location"].endswith("/tag/buses/")


def copy_is_an_article(user: User) -> None:
    wait_until_contained(user, FERRY, "The ferry runs on Sundays")
    wait_until_contained(user, "/status", '"problems": []')
    article_is_served(user)


def example_is_deleted(user: User) -> None:
    wait_for_status(user, SUNDAY_FERRY, 404)
    article_is_served(user)


def metrics_are_served(user: User) -> None:
    assert "feedsvc_edition 1.0" in user.run("curl -s http://127.0.0.1:8000/metrics").stdout


def former_site_redirects(user: User) -> None:
    for path, target in (("/2019/05/night-buses", BUSES), ("/?p=123", BUSES), ("/feed.xml", "/feed.atom")):
        assert wait_for_status(user, path, 301)["Location"].endswith(target)
    assert wait_for_status(user, "/comments/feed/", 410).status == 410


# Guide -> heading -> check after the section.
CHECKS_AFTER_SECTIONS: Final[Mapping[str, Mapping[str, Callable[[User], None]]]] = {
    "articles": {
        "Write the text": no_change,
        "Copy a file": copy_is_an_article,
        "Pictures": picture_is_served,
        "Sound, films and other files": no_change,
        "Pull quotes and link cards": card_is_shown,
        "Correct": second_correction_is_shown,
        "Rename": lambda user: old_address_redirects(user, FERRY, SUNDAY_FERRY),
        "Choose the front page": article_leads_the_front_page,
        "Leave out share links, dates or numbers of reads": parts_of_pages_are_left_out,
        "Withdraw": example_is_deleted,
        "Preview": no_change,
        "Help while you type": schema_lists_the_authors,
        "What never changes": no_change,
        "Where to look": no_change,
    },
    "tags": {"Spelling": tag_pages_exist, "Name and describe a tag": tag_has_its_name},
    "feeds": {
        "Options of one feed": options_hold_for_one_feed,
        "A feed to order": feeds_to_order_are_served,
        "A digest for mail": digest_is_served,
    },
    "private-feeds": {
        "Write the feed": private_feed_is_served_nowhere,
        "Manage tokens": no_change,
        "Responses": no_change,
        "Back up the tokens": no_change,
    },
    "translations": {"An article in two languages": article_is_served, "Languages of pages": no_change},
    "redirects": {"Rules": former_site_redirects},
    "pages": {"A page": page_is_served, "The menu and the footer": menus_are_shown, "Files at the root": robots_rules_are_served},
    "license": {"License and crawlers": license_is_published, "Licenses of feedsvc and its libraries": no_change},
    "git": {
        "Keep it in git": git_is_clean,
        "Compare with a version": lambda user: old_address_redirects(user, BUSES, BUSES_ALL_NIGHT),
        "A hook": hook_rejects_a_mistake,
        "pre-commit": no_change,
        "GitHub": no_change,
    },
    "monitor": {"Is it alive": no_change, "What is wrong": no_change, "Prometheus": metrics_are_served, "Alerts": no_change},
}

# Checks within a section, after the block that starts with the key.
CHECKS_AFTER_BLOCKS: Final[Mapping[str, Callable[[User], None]]] = {
    "# content/articles/2026/01/night-buses-return-ko.yaml": translation_is_named,
    "# content/articles/sunday-ferry.yaml": lambda user: article_is_withdrawn(user, SUNDAY_FERRY, "The ferry runs on Sundays"),
}


def write_picture(user: User) -> None:
    newsrooms.write(user.folder, {"content/media/bus.jpg": newsrooms.picture()})


REPLACEMENTS: Final[Mapping[str, Callable[[User], None]]] = {f"{NOT_RUN}the picture is yours": write_picture}


@pytest.mark.parametrize("guide", CHECKS_AFTER_SECTIONS)
def test_following_the_guide_gives_the_described_results(user: User, guide: str) -> None:
    require_program("curl", "apt-get install curl")
    make_newsroom(user)
    follow_guide(user, guide)


def follow_guide(user: User, guide: str) -> None:
    """Do every step of the guide, and check the site after each section."""
    steps_by_heading = sections(read(guide))
    assert list(steps_by_heading) == list(CHECKS_AFTER_SECTIONS[guide])
    for heading, steps in steps_by_heading.items():
        for step in steps:
            if step.comment.startswith(NOT_RUN):
                REPLACEMENTS.get(step.comment, no_change)(user)
            else:
                user.follow(step)
            for prefix, check in CHECKS_AFTER_BLOCKS.items():
                if step.text.startswith(prefix):
                    check(user)
        CHECKS_AFTER_SECTIONS[guide][heading](user)


def test_every_code_block_of_a_guide_belongs_to_a_section() -> None:
    for guide in CHECKS_AFTER_SECTIONS:
        assert read(guide).count("```") == 2 * sum(map(len, sections(read(guide)).values())), guide
