"""Cases with an invalid site.yaml. Without a valid site.yaml nothing can be served."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import Case, site

CASES: Final = (
    Case(
        "site without title",
        {"site.yaml": "base_url: https://a.example\nid_domain: a.example\n"},
        ("site.yaml:1:1: title: is missing",),
    ),
    Case("no base_url", {"site.yaml": "title: A\nid_domain: a.example\n"}, ("site.yaml:1:1: base_url: is missing",)),
    Case(
        "base_url without scheme",
        {"site.yaml": "title: A\nbase_url: a.example\nid_domain: a.example\n"},
        ("site.yaml:2:11: base_url: 'a.example' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "base_url with a query",
        {"site.yaml": "title: A\nbase_url: https://a.example/?x=1\nid_domain: a.example\n"},
        (
            "site.yaml:2:11: base_url: 'https://a.example/?x=1' is no address of a front page; write it like https://example.org or https://example.org/news",
        ),
    ),
    Case(
        "url instead of base_url",
        site("url: https://a.example\n"),
        ("site.yaml:4:1: unknown key 'url'; did you mean 'base_url'?",),
    ),
    Case(
        "misspelled time zone",
        site("timezone: Asia/Kolkatta\n"),
        ("site.yaml:4:11: timezone: no time zone 'Asia/Kolkatta'; did you mean 'Asia/Kolkata'?",),
    ),
    Case(
        "invalid time zone",
        site("timezone: IST!\n"),
        ("site.yaml:4:11: timezone: no time zone 'IST!'; write it like Asia/Kolkata or UTC",),
    ),
    Case(
        "word as since",
        site("since: long ago\n"),
        ("site.yaml:4:8: since: 'long ago' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "year as since",
        site("since: 2015\n"),
        ("site.yaml:4:8: since: '2015' is not a date; write it like 2026-01-02 or 2026-01-02T09:30:00+05:30",),
    ),
    Case(
        "missing logo",
        site("logo: media/lgoo.png\n"),
        ("site.yaml:4:7: logo: no file 'media/lgoo.png'; did you mean 'media/p.png'?",),
    ),
    Case(
        "logo without host",
        site("logo: https://\n"),
        ("site.yaml:4:7: logo: 'https://' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "zero entries",
        site("feed: {entries: 0}\n"),
        ("site.yaml:4:17: feed.entries: expected a whole number, at least 1, found '0'",),
    ),
    Case(
        "too many entries",
        site("feed: {entries: 5000}\n"),
        ("site.yaml:4:17: feed.entries: expected a whole number, at most 1000, found '5000'",),
    ),
    Case(
        "misspelled content",
        site("feed: {content: ful}\n"),
        ("site.yaml:4:17: feed.content: expected 'full' or 'summary', found 'ful'; did you mean 'full'?",),
    ),
    Case(
        "word as boolean",
        site("feed: {browser_view: maybe}\n"),
        ("site.yaml:4:22: feed.browser_view: expected true or false, found 'maybe'",),
    ),
    Case("feed as text", site("feed: full\n"), ("site.yaml:4:7: feed: expected 'key: value' lines, found text",)),
    Case(
        "misspelled key in feed", site("feed: {entrys: 5}\n"), ("site.yaml:4:8: unknown key 'entrys'; did you mean 'entries'?",)
    ),
    Case(
        "hub without scheme",
        site("hubs: [hub.example]\n"),
        ("site.yaml:4:8: hubs: 'hub.example' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "URL as id_domain",
        {"site.yaml": "title: A\nbase_url: https://a.example\nid_domain: https://a.example\n"},
        ("site.yaml:3:12: id_domain: 'https://a.example' is not a domain name; write it like example.org",),
    ),
    Case("site as list", {"site.yaml": "- a\n"}, ("site.yaml:1:1: expected 'key: value' lines, found a list",)),
    Case("empty site", {"site.yaml": ""}, ("site.yaml:1:1: the file is empty",)),
    Case(
        "site with invalid YAML",
        {"site.yaml": "title: @home\n"},
        ("site.yaml:1:8: a text that begins with '@' must stand in quotes",),
    ),
    Case(
        "site not in UTF-8",
        {"site.yaml": b"title: caf\xe9\n"},
        ("site.yaml:1:11: byte 0xE9 is not UTF-8; save the file in UTF-8",),
    ),
)
