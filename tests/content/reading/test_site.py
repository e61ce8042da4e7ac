"""Valid site.yaml files: the values of the keys and the resulting site."""

from __future__ import annotations

from datetime import date

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.license_model import Crawlers, License, LicenseScope, Payment
from feedsvc.model import FeedOptions
from feedsvc.page_model import ShowOptions
from tests.broken_files.case import PNG, SITE
from tests.conftest import Newsroom


def test_every_key_of_site_yaml_is_read(newsroom: Newsroom) -> None:
    keys = """\
description: News
since: 2015-05-01
language: en
timezone: Asia/Seoul
logo: media/p.png
icon: https://cdn.example/i.ico
accent: "#0B6"
copyright: © us
feed: {entries: 5, content: summary, archives: none, ttl: 30, browser_view: false, markdown: true}
hubs: [https://hub.example, https://hub.example]
show: {share: false, views: false}
"""
    site = load_content(newsroom({"media/p.png": PNG, "site.yaml": SITE + keys})).site
    assert (site.logo, site.icon) == ("https://a.example/media/p.png", "https://cdn.example/i.ico")
    assert site.accent == "#00bb66"
    assert (site.since, site.timezone, site.hubs) == (date(2015, 5, 1), "Asia/Seoul", ("https://hub.example",))
    assert site.feed == FeedOptions(entries=5, content="summary", archives="none", ttl=30, browser_view=False, markdown=True)
    assert site.show == ShowOptions(share=False, dates=True, views=False)
    assert (site.media, site.description, site.copyright) == (("media/p.png",), "News", "© us")


def test_a_license_and_crawlers_are_read(newsroom: Newsroom) -> None:
    keys = """\
license:
  url: https://a.example/terms
  permits: [search, DE, personal, ai-index, search]
  prohibits: ai-train
  payment: {type: crawl, amount: 0.0150, currency: EUR, standard: https://s.example, custom: https://c.example/?a=b}
  server: https://rsl.example/api
crawlers:
  allow: Googlebot
  disallow: [GPTBot, gptbot, AI2Bot, "*", ia_archiver]
"""
    site = load_content(newsroom({"site.yaml": SITE + keys})).site
    assert site.license == License(
        url="https://a.example/terms",
        permits=LicenseScope(usage=("search", "ai-index"), user=("personal",), geo=("DE",)),
        prohibits=LicenseScope(usage=("ai-train",)),
        payment=Payment(
            type="crawl", amount="0.015", currency="EUR", standard="https://s.example", custom="https://c.example/?a=b"
        ),
        server="https://rsl.example/api",
    )
    assert site.crawlers == Crawlers(allow=("Googlebot",), disallow=("GPTBot", "AI2Bot", "*", "ia_archiver"))


@pytest.mark.parametrize(("amount", "expected"), [("5", "5"), ("0.5", "0.5"), ("100", "100"), ("0.00001", "0.00001")])
def test_an_amount_is_a_decimal_number_without_exponent(newsroom: Newsroom, amount: str, expected: str) -> None:
    lines = f"license: {{payment: {{type: use, amount: {amount}, currency: USD}}}}\n"
    site_license = load_content(newsroom({"site.yaml": SITE + lines})).site.license
    assert site_license
    assert site_license.payment
    assert site_license.payment.amount == expected


def test_a_site_has_neither_license_nor_crawlers_by_default(newsroom: Newsroom) -> None:
    site = load_content(newsroom({"site.yaml": f"{SITE}license:\ncrawlers:\n"})).site
    assert (site.license, site.crawlers) == (None, Crawlers())


def test_a_base_url_of_the_command_line_replaces_that_of_site_yaml(newsroom: Newsroom) -> None:
    content = load_content(
        newsroom({"site.yaml": "title: A\nbase_url: https://a.example\n"}), base_url="http://127.0.0.1:8000/news"
    )
    assert (content.site.base_url, content.site.id_domain) == ("http://127.0.0.1:8000/news", "127.0.0.1")
    message = "no id_domain; if the site moves to another host, articles without id: get new ids"
    assert [str(problem) for problem in content.problems] == [f"site.yaml:1:1: warning: {message}; write id_domain: 127.0.0.1"]


def test_an_invalid_base_url_that_a_preview_replaces_is_a_warning(newsroom: Newsroom) -> None:
    content = load_content(
        newsroom({"site.yaml": "title: A\nbase_url: a.example\nid_domain: a.example\n"}), base_url="http://127.0.0.1:8000"
    )
    assert [(problem.severity, problem.line, problem.message) for problem in content.problems] == [
        (
            "warning",
            2,
            "base_url: 'a.example' is not a web address, which begins with https:// and names a host; did you mean 'https://a.example'?",
        )
    ]


def test_an_empty_id_domain_is_reported_like_a_missing_one(newsroom: Newsroom) -> None:
    start = "title: A\nbase_url: https://a.example\n"
    missing, empty = (load_content(newsroom({"site.yaml": f"{start}{line}"})).problems for line in ("", "id_domain:\n"))
    assert [problem.message for problem in empty] == [problem.message for problem in missing] != []


def test_a_color_without_quotes_is_a_comment_and_gives_a_warning(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"site.yaml": f"{SITE}accent: #0b6fa4\n"}))
    assert [str(problem) for problem in content.problems if problem.path == "site.yaml"] == [
        "site.yaml:4:1: warning: accent: has no value; '#' begins a comment in YAML; put the color in quotes, like \"#0b6fa4\""
    ]
    assert content.site.accent == ""


def test_a_logo_that_is_named_by_its_address_on_the_site_is_served(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"media/p.png": PNG, "site.yaml": SITE + "logo: https://a.example/media/p.png\n"}))
    assert (content.site.logo, [*content.media]) == ("https://a.example/media/p.png", ["media/p.png"])
