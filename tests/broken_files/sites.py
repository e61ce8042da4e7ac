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
        (
            "site.yaml:2:11: base_url: 'a.example' is not a web address, which begins with https:// and names a host; did you mean 'https://a.example'?",
        ),
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
        "color by name",
        site("accent: teal\n"),
        ("site.yaml:4:9: accent: 'teal' is not a color; write it in quotes, with # and six digits, like \"#0b6fa4\"",),
    ),
    Case(
        "color without its sign",
        site("accent: 123456\n"),
        ('site.yaml:4:9: accent: YAML reads 123456 as a number; put it in quotes: "123456"',),
    ),
    Case(
        "color of four digits",
        site('accent: "#0b6f"\n'),
        ("site.yaml:4:9: accent: '#0b6f' is not a color; write it in quotes, with # and six digits, like \"#0b6fa4\"",),
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
    Case(
        "word as markdown",
        site("feed: {markdown: CommonMark}\n"),
        ("site.yaml:4:18: feed.markdown: expected true or false, found 'CommonMark'",),
    ),
    Case("feed as text", site("feed: full\n"), ("site.yaml:4:7: feed: expected 'key: value' lines, found text",)),
    Case(
        "misspelled key in feed", site("feed: {entrys: 5}\n"), ("site.yaml:4:8: unknown key 'entrys'; did you mean 'entries'?",)
    ),
    *(
        Case(
            f"21 {key}",
            site(f"{key}:\n" + "".join(f"  - https://host{number}.example/\n" for number in range(21))),
            (f"site.yaml:5:3: {key}: 21 entries, at most 20 are allowed; keep the 20 that matter most, and remove the others",),
        )
        for key in ("hubs", "profiles")
    ),
    Case(
        "hub without scheme",
        site("hubs: [hub.example]\n"),
        ("site.yaml:4:8: hubs: 'hub.example' is not a web address, which begins with https:// and names a host",),
    ),
    Case(
        "license as address",
        site("license: https://a.example/terms\n"),
        ("site.yaml:4:10: license: expected 'key: value' lines, found text; write {url: https://a.example/terms}",),
    ),
    Case(
        "misspelled key in license",
        site("license: {permit: [search]}\n"),
        ("site.yaml:4:11: unknown key 'permit'; did you mean 'permits'?",),
    ),
    Case(
        "license without terms",
        site("license: {url: https://a.example/terms}\n"),
        (
            "site.yaml:4:10: license: permits nothing, prohibits nothing and has no payment; write what may be done, like permits: [search]",
        ),
    ),
    Case(
        "misspelled usage in license",
        site("license: {permits: [serch], prohibits: [train-ai, ai-trian]}\n"),
        (
            "site.yaml:4:21: license.permits: no token 'serch' in RSL 1.0; did you mean 'search'?",
            "site.yaml:4:41: license.prohibits: no token 'train-ai' in RSL 1.0; did you mean 'ai-train'?",
            "site.yaml:4:51: license.prohibits: no token 'ai-trian' in RSL 1.0; did you mean 'ai-train'?",
        ),
    ),
    Case(
        "misspelled user in license",
        site("license:\n  permits: [non-comercial]\n"),
        ("site.yaml:5:13: license.permits: no token 'non-comercial' in RSL 1.0; did you mean 'non-commercial'?",),
    ),
    Case(
        "misspelled countries in license",
        site("license: {permits: [de, UK, XX]}\n"),
        (
            "site.yaml:4:21: license.permits: no token 'de' in RSL 1.0; did you mean 'DE'?",
            "site.yaml:4:25: license.permits: no token 'UK' in RSL 1.0; did you mean 'GB'?",
            "site.yaml:4:29: license.permits: no token 'XX' in RSL 1.0; the tokens are all, ai-all, ai-train, ai-input, ai-index, search, commercial, non-commercial, education, government, personal, and countries like DE",
        ),
    ),
    Case(
        "Norway in license",
        site("license: {permits: [NO]}\n"),
        ('site.yaml:4:21: license.permits: YAML reads NO as false; put it in quotes: "NO"',),
    ),
    Case(
        "permitted and prohibited",
        site("license: {permits: search, prohibits: [ai-train, search]}\n"),
        ("site.yaml:4:50: license.prohibits: 'search' stands in permits, too; delete it in one of them",),
    ),
    Case(
        "payment as text",
        site("license: {payment: crawl}\n"),
        ("site.yaml:4:20: license.payment: expected 'key: value' lines, found text; write {type: crawl}",),
    ),
    Case(
        "payment without type",
        site("license: {payment: {amount: 1, currency: EUR}}\n"),
        ("site.yaml:4:20: license.payment.type: is missing",),
    ),
    Case(
        "misspelled type of payment",
        site("license: {payment: {type: craw}}\n"),
        (
            "site.yaml:4:27: license.payment.type: expected 'purchase', 'subscription', 'training', 'crawl', 'use', 'contribution', 'attribution' or 'free', found 'craw'; did you mean 'crawl'?",
        ),
    ),
    Case(
        "amount as text",
        site("license: {payment: {type: crawl, amount: little, currency: EUR}}\n"),
        ("site.yaml:4:42: license.payment.amount: expected a number, found 'little'",),
    ),
    Case(
        "amount of zero",
        site("license: {payment: {type: crawl, amount: 0, currency: EUR}}\n"),
        ("site.yaml:4:42: license.payment.amount: expected a number, more than 0, found '0'",),
    ),
    Case(
        "infinite amount",
        site("license: {payment: {type: crawl, amount: .inf, currency: EUR}}\n"),
        ("site.yaml:4:42: license.payment.amount: expected a number, found '.inf'",),
    ),
    Case(
        "currency in words",
        site("license: {payment: {type: crawl, amount: 1, currency: euro}}\n"),
        ("site.yaml:4:55: license.payment.currency: 'euro' is not a currency; write its three letters in ISO 4217, like EUR",),
    ),
    Case(
        "amount without currency",
        site("license: {payment: {type: crawl, amount: 0.5}}\n"),
        ("site.yaml:4:42: license.payment.amount: has no currency; write currency: EUR beside it",),
    ),
    Case(
        "currency without amount",
        site("license: {payment: {type: crawl, currency: EUR}}\n"),
        ("site.yaml:4:44: license.payment.currency: has no amount; write amount: beside it, or delete it",),
    ),
    Case(
        "free with a price",
        site("license: {payment: {type: free, amount: 1, currency: EUR, standard: https://s.example/}}\n"),
        (
            "site.yaml:4:33: license.payment.amount: stands beside type: free; delete it, or write another type",
            "site.yaml:4:44: license.payment.currency: stands beside type: free; delete it, or write another type",
            "site.yaml:4:59: license.payment.standard: stands beside type: free; delete it, or write another type",
        ),
    ),
    Case(
        "crawlers as list",
        site("crawlers: [GPTBot]\n"),
        ("site.yaml:4:11: crawlers: expected 'key: value' lines, found a list",),
    ),
    Case(
        "misspelled key in crawlers",
        site("crawlers: {disalow: [GPTBot]}\n"),
        ("site.yaml:4:12: unknown key 'disalow'; did you mean 'disallow'?",),
    ),
    Case(
        "crawler with version",
        site("crawlers: {disallow: [GPTBot/1.2]}\n"),
        (
            "site.yaml:4:23: crawlers.disallow: 'GPTBot/1.2' is not the name of a crawler; write it without its version, like GPTBot",
        ),
    ),
    Case(
        "crawler in both lists",
        site("crawlers: {allow: [gptbot], disallow: [CCBot, GPTBot]}\n"),
        ("site.yaml:4:47: crawlers.disallow: 'GPTBot' stands in allow, too; delete it in one of them",),
    ),
    Case(
        "all crawlers without quotes",
        site("crawlers: {disallow: [*]}\n"),
        ("site.yaml:4:23: a text that begins with '&' or '*' has a meaning in YAML; put it in quotes",),
    ),
    Case(
        "URL as id_domain",
        {"site.yaml": "title: A\nbase_url: https://a.example\nid_domain: https://a.example\n"},
        ("site.yaml:3:12: id_domain: 'https://a.example' is not a domain name; write it like example.org",),
    ),
    Case(
        "theme in site.yaml",
        site("theme: dark\ncolour: red\n"),
        (
            "site.yaml:4:1: unknown key 'theme'; a theme is the folder theme/ beside this file; accent chooses a color",
            "site.yaml:5:1: unknown key 'colour'; did you mean 'accent'?",
        ),
    ),
    Case(
        "text as links of the footer",
        site("footer: {links: about}\n"),
        ("site.yaml:4:17: footer.links: expected a list, found text; write [about]",),
    ),
    Case(
        "text as footer",
        site("footer: Written here\n"),
        ("site.yaml:4:9: footer: expected 'key: value' lines, found text; write {text: Written here}",),
    ),
    Case("site as list", {"site.yaml": "- a\n"}, ("site.yaml:1:1: expected 'key: value' lines, found a list",)),
    Case(
        "empty site", {"site.yaml": ""}, ("site.yaml:1:1: the file is empty; write its keys, or delete it if it is not needed",)
    ),
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
