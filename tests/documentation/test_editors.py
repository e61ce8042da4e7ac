"""Follow docs/editors.md, and check the site after each section."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.documentation.document_steps import NOT_RUN, User, replace_keys, sections, wait_until
from tests.helpers import newsrooms
from tests.helpers.http_client import Response
from tests.helpers.programs import require_program

DOCUMENT: Final = (ROOT / "docs/editors.md").read_text("utf-8")
SECTIONS: Final = sections(DOCUMENT)

BUSES: Final = "/articles/night-buses-return/"
RENAMED: Final = "/articles/buses-all-night/"
PIER: Final = "/articles/pier/"


def wait_for_status(user: User, path: str, status: int) -> Response:
    wait_until(lambda: user.get(path).status == status, lambda: f"{path}: {user.get(path).status}\n{user.server_output()}")
    return user.get(path)


def wait_until_contained(user: User, path: str, text: str) -> None:
    wait_until(lambda: text in user.get(path).body.decode(), lambda: f"{path} has no {text!r}\n{user.server_output()}")


def wait_until_absent(user: User, path: str, text: str) -> None:
    wait_until(lambda: text not in user.get(path).body.decode(), lambda: f"{path} has {text!r}\n{user.server_output()}")


def draft_exists(user: User) -> None:
    text = user.file("content/articles/2026/01/night-buses-return.yaml").read_text("utf-8")
    (published,) = (block for block in SECTIONS["Publish"] if block.language == "yaml")
    title = published.text.splitlines()[1].partition(":")[2]
    assert user.with_current_month(title) in text
    assert "status: draft" in text


def article_is_not_served(user: User) -> None:
    assert user.get("/").status == 200
    assert user.get(BUSES).status == 404


def article_is_served(user: User) -> None:
    wait_for_status(user, BUSES, 200)
    for path in ("/", "/category/city/", "/author/mina-park/", "/tag/buses/"):
        wait_until_contained(user, path, "Night buses return")
        wait_until_contained(user, f"{path}feed.atom", "2026-01-02T04:00:00Z")


def problems_are_fixed(user: User) -> None:
    wait_until_contained(user, "/status", '"problems": []')
    article_is_served(user)


def git_is_clean(user: User) -> None:
    assert user.run("git status --porcelain").stdout == ""


def article_appears_and_expires_on_time(user: User) -> None:
    """Check that the scheduled article is not served yet; then give it dates in the near future, at which it comes and goes."""
    wait_until_contained(user, "/status", '"next_change": "2031-06-01T01:30:00Z"')
    assert user.get(PIER).status == 404
    file = user.file("content/articles/pier.yaml")
    text = file.read_text("utf-8")
    for key, status in (("published", 200), ("expires", 404)):
        moment = datetime.now(UTC) + timedelta(seconds=2)
        file.write_text(replace_keys(file.read_text("utf-8"), f"{key}: {moment.isoformat(timespec='seconds')}\n"), "utf-8")
        wait_for_status(user, PIER, status)
    wait_until_absent(user, "/feed.json", "The pier opens again")
    file.write_text(text, "utf-8")


def picture_is_served(user: User) -> None:
    wait_until_contained(user, BUSES, 'alt="A bus under a street lamp"')
    assert user.get("/media/bus.jpg").status == 200


def tag_pages_exist(user: User) -> None:
    """Check that an article with the tags of the table has every tag page of the table."""
    table = DOCUMENT.partition("## Choose tags")[2].partition("## ")[0]
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
    """Check the feeds of the category and of the tag that the two sections before describe."""
    wait_until_absent(user, "/category/city/feed.json", "run all night</strong>")
    for path in ("/feed.json", "/tag/buses/feed.json"):
        wait_until_contained(user, path, "run all night</strong>")
    wait_until_contained(user, "/category/city/feed.json", "Buses and trams")
    for path in ("/tag/buses/", "/subscribe/", "/feeds.opml"):
        wait_until_contained(user, path, "Everything that stops at the kerb")
    assert wait_for_status(user, "/tag/trams/", 301)["Location"].endswith("/tag/buses/")


def feeds_to_order_are_served(user: User) -> None:
    """Correct the mistake as the section says, and check both feeds."""
    wait_until_contained(user, "/feeds/headlines/feed.json", "Buses and trams")
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


def correction_is_shown(user: User) -> None:
    wait_until_contained(user, BUSES, "An earlier version named line 12; it is line 14.")
    wait_until_contained(user, "/feed.atom", "<updated>2026-01-03T02:30:00Z</updated>")


def translation_is_named(user: User) -> None:
    korean = BUSES.removesuffix("/") + "-ko/"
    for path in (BUSES, "/sitemap.xml", "/feed.rss", "/feed.atom", "/feed.json"):
        wait_until_contained(user, path, f"https://harbour.example{korean}")
    wait_until_contained(user, BUSES, ">한국어</a>")
    wait_until_contained(user, korean, ">English</a>")


def old_address_redirects(user: User) -> None:
    wait_until_contained(user, RENAMED, "Night buses return")
    assert wait_for_status(user, BUSES, 301)["Location"].endswith(RENAMED)
    assert user.get("/feed.atom").body.decode().count("<entry>") == 1


def article_is_withdrawn(user: User) -> None:
    assert "The office says that this was a draft plan." in wait_for_status(user, RENAMED, 410).body.decode()
    wait_until_absent(user, "/feed.rss", "Night buses return")
    wait_until_contained(user, "/feed.atom", "deleted-entry")


def hook_rejects_a_mistake(user: User) -> None:
    assert user.run("git add -A && git commit -q -m Good").returncode == 0
    file = user.file("content/articles/pier.yaml")
    valid = file.read_text("utf-8")
    file.write_text(valid.replace("title:", "titel:"), "utf-8")
    result = user.run("git commit -a -q -m Bad")
    assert result.returncode == 1
    assert "unknown key 'titel'; did you mean 'title'?" in result.stdout
    file.write_text(valid, "utf-8")


def schema_lists_the_authors(user: User) -> None:
    schema = user.file("content/.feedsvc/schema/article.json")
    assert "mina-park" in schema.read_text("utf-8")


def no_change(_: User) -> None:
    """Check nothing, for a section that changes nothing."""


CHECKS_AFTER_SECTIONS: Final[Mapping[str, Callable[[User], None]]] = {
    "A new newsroom": no_change,
    "Begin an article": draft_exists,
    "Look at it": article_is_not_served,
    "Publish": article_is_served,
    "Make a mistake": problems_are_fixed,
    "Keep it in git": git_is_clean,
    "Schedule": article_appears_and_expires_on_time,
    "Copy a file": problems_are_fixed,
    "Pictures": picture_is_served,
    "Write the text": no_change,
    "Choose tags": tag_pages_exist,
    "Options of one feed": options_hold_for_one_feed,
    "A feed to order": feeds_to_order_are_served,
    "A private feed": private_feed_is_served_nowhere,
    "A digest for mail": digest_is_served,
    "License and crawlers": license_is_published,
    "Correct": correction_is_shown,
    "An article in two languages": article_is_served,
    "Rename": old_address_redirects,
    "Withdraw": article_is_withdrawn,
    "A hook": hook_rejects_a_mistake,
    "Help while you type": schema_lists_the_authors,
    "What never changes": no_change,
    "Where to look": no_change,
}

# Checks within a section, after the block that starts with the key.
CHECKS_AFTER_BLOCKS: Final[Mapping[str, Callable[[User], None]]] = {
    "articles/2026/01/night-buses-return.yaml:3:12": article_is_served,
    "# content/articles/2026/01/night-buses-return-ko.yaml": translation_is_named,
}


def write_picture(user: User) -> None:
    newsrooms.write(user.folder, {"content/media/bus.jpg": newsrooms.picture()})


REPLACEMENTS: Final[Mapping[str, Callable[[User], None]]] = {
    "not run: the picture is yours": write_picture,
    "not run: another way to start the same server": no_change,
}


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    require_program("git", "apt-get install git")
    folder = tmp_path / "empty"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        user = User(tmp_path, folder)
        stack.callback(user.stop)
        yield user


def test_following_the_document_gives_the_described_results(user: User) -> None:
    assert list(SECTIONS) == list(CHECKS_AFTER_SECTIONS)
    for heading, steps in SECTIONS.items():
        for step in steps:
            REPLACEMENTS[step.info](user) if step.info.startswith(NOT_RUN) else user.follow(step)
            for prefix, check in CHECKS_AFTER_BLOCKS.items():
                if step.text.startswith(prefix):
                    check(user)
        CHECKS_AFTER_SECTIONS[heading](user)


def test_every_code_block_belongs_to_a_section() -> None:
    assert DOCUMENT.count("```") == 2 * sum(map(len, SECTIONS.values()))
