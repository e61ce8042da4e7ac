"""Groups of robots.txt from the keys `robots` and `crawlers` of site.yaml."""

from __future__ import annotations

from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.discovery import render_robots_txt
from feedsvc.errors import ContentError
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.newsrooms import load_catalog


def write(newsroom: Newsroom, keys: str) -> Path:
    return newsroom({"site.yaml": SETTINGS["site.yaml"] + keys})


def test_groups_of_paths_stand_beside_those_of_crawlers_with_all_others_last(newsroom: Newsroom) -> None:
    keys = """\
crawlers: {disallow: GPTBot, allow: Googlebot}
robots:
  - {agents: "*", disallow: [/drafts/, "/*.pdf$"], allow: /drafts/public/}
  - {agents: [CCBot, Bytespider], disallow: /media/}
"""
    text = render_robots_txt(load_catalog(write(newsroom, keys))).decode()
    assert (
        text
        == """\
User-agent: GPTBot
Disallow: /

User-agent: Googlebot
Allow: /

User-agent: CCBot
User-agent: Bytespider
Disallow: /media/

User-agent: *
Allow: /drafts/public/
Disallow: /drafts/
Disallow: /*.pdf$

Sitemap: https://news.example/sitemap.xml
"""
    )
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    outcomes = {
        agent: [parser.can_fetch(agent, f"https://news.example{path}") for path in ("/", "/media/a.jpg", "/drafts/a")]
        for agent in ("GPTBot", "Googlebot", "Bytespider", "other")
    }
    assert outcomes == {
        "GPTBot": [False, False, False],
        "Googlebot": [True, True, True],
        "Bytespider": [True, False, True],
        "other": [True, True, False],
    }


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("robots:\n  - {agents: a, disallow: drafts}\n", "site.yaml:6:27: robots.disallow: 'drafts' is no path for robots.txt"),
        ("robots:\n  - {agents: a}\n", "site.yaml:6:5: robots: a group without rules; write disallow:"),
        ("robots:\n  - {disallow: /a}\n", "site.yaml:6:5: robots.agents: is missing"),
        (
            "robots:\n  - {agents: a, disallow: /a}\n  - {agents: [b, A], disallow: /b}\n",
            "site.yaml:7:18: robots.agents: 'A' has rules already, in robots, group 1",
        ),
        (
            "crawlers: {disallow: '*'}\nrobots:\n  - {agents: '*', disallow: /a}\n",
            "site.yaml:7:14: robots.agents: '*' has rules already, in crawlers",
        ),
    ],
)
def test_a_fault_in_the_rules_has_its_line(newsroom: Newsroom, keys: str, expected: str) -> None:
    root = write(newsroom, "")
    load_content(root)
    (root / "site.yaml").write_text(SETTINGS["site.yaml"] + keys)
    with pytest.raises(ContentError, match="cannot be used") as raised:
        load_content(root)
    found = [str(problem) for problem in raised.value.problems]
    assert any(line.startswith(expected) for line in found), found
