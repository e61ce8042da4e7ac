"""Follow docs/tutorial/first-newsroom.md, and check the site after each section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.documentation.document_steps import NOT_RUN, User, replace_keys, sections
from tests.documentation.site_checks import (
    BUSES,
    PIER,
    article_is_served,
    article_is_withdrawn,
    correction_is_shown,
    no_change,
    wait_for_status,
    wait_until_absent,
    wait_until_contained,
)
from tests.documentation.tutorial import DOCUMENT, SECTIONS


def draft_exists(user: User) -> None:
    text = user.file("content/articles/2026/01/night-buses-return.yaml").read_text("utf-8")
    (published,) = (block for block in SECTIONS["Publish"] if block.language == "yaml")
    title = published.text.splitlines()[1].partition(":")[2]
    assert user.with_current_month(title) in text
    assert "status: draft" in text


def article_is_not_served(user: User) -> None:
    assert user.get("/").status == 200
    assert user.get(BUSES).status == 404


def problems_are_fixed(user: User) -> None:
    wait_until_contained(user, "/status", '"problems": []')
    article_is_served(user)


def article_appears_and_expires_on_time(user: User) -> None:
    """Check that the scheduled article is not served yet; then give it dates in the near future, at which it comes and goes."""
    wait_until_contained(user, "/status", '"next_change": "2031-06-01T01:30:00Z"')
    assert user.get(PIER).status == 404
    file = user.file("content/articles/2031/06/pier.yaml")
    text = file.read_text("utf-8")
    for key, status in (("published", 200), ("expires", 404)):
        moment = datetime.now(UTC) + timedelta(seconds=2)
        file.write_text(replace_keys(file.read_text("utf-8"), f"{key}: {moment.isoformat(timespec='seconds')}\n"), "utf-8")
        wait_for_status(user, PIER, status)
    wait_until_absent(user, "/feed.json", "The pier opens again")
    file.write_text(text, "utf-8")


def article_is_public_again(user: User) -> None:
    article_is_served(user)
    wait_until_absent(user, "/feed.atom", "deleted-entry")


def list_has_both_articles(user: User) -> None:
    result = user.run("feedsvc list")
    assert (result.returncode, "scheduled: 1" in result.stdout, "published: 1" in result.stdout) == (0, True, True), result.stdout


CHECKS_AFTER_SECTIONS: Final[Mapping[str, Callable[[User], None]]] = {
    "A new newsroom": no_change,
    "Begin an article": draft_exists,
    "Look at it": article_is_not_served,
    "Publish": article_is_served,
    "Make a mistake": problems_are_fixed,
    "Schedule": article_appears_and_expires_on_time,
    "Correct": correction_is_shown,
    "Withdraw": lambda user: article_is_withdrawn(user, BUSES, "Night buses return"),
    "Publish it again": article_is_public_again,
    "List the articles": list_has_both_articles,
    "Next": no_change,
}


def test_following_the_tutorial_gives_the_described_results(user: User) -> None:
    assert list(SECTIONS) == list(CHECKS_AFTER_SECTIONS)
    for heading, steps in SECTIONS.items():
        for step in steps:
            if step.text.startswith("articles/2026/01/night-buses-return.yaml:3:12"):
                article_is_served(user)  # in its last valid version
            if not step.comment.startswith(NOT_RUN):
                user.follow(step)
        CHECKS_AFTER_SECTIONS[heading](user)


def test_every_code_block_belongs_to_a_section() -> None:
    assert DOCUMENT.count("```") == 2 * sum(map(len, sections(DOCUMENT).values()))
