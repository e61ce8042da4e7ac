"""A newsroom whose every field holds words that no line takes: German compounds, names without a blank, addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.helpers import newsrooms

COMPOUND: Final = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
UNBROKEN: Final = "x" * 300
_TEXT: Final = f"""{UNBROKEN} [{COMPOUND}](https://elsewhere.example/{UNBROKEN})

| {COMPOUND} | {COMPOUND} | {COMPOUND} |
|-|-|-|
| {UNBROKEN} | a | b |

    {UNBROKEN}

- {UNBROKEN}
  - > {UNBROKEN}

# {UNBROKEN}

`{UNBROKEN}` ![{COMPOUND}](media/wide.png)

<details><summary>{UNBROKEN}</summary>{UNBROKEN}</details>

<video src="media/v.mp4" width="2000" height="20" controls></video>
"""
PAGES: Final = (
    *(
        "/",
        "/archive/2026/",
        "/category/a/",
        "/author/a/",
        "/tag/x/",
        "/subscribe/",
        "/tags/",
        "/articles/unbroken/",
        "/articles/tall/",
    ),
    *("/articles/unbroken/", "/articles/middle/", "/articles/elsewhere/", "/articles/gone/", f"/nothing/{'y' * 300}"),
)


def newsroom(root: Path) -> Path:
    keys = {
        "category": "a",
        "categories": "",
        "title": UNBROKEN,
        "summary": f"{COMPOUND} {UNBROKEN}",
        "authors": "[a, b]",
        "tags": f"[x, {COMPOUND}, {'z' * 150}]",
        "enclosures": f"[{{src: media/{'e' * 150}.pdf}}, {{src: media/v.mp4, title: {UNBROKEN}}}]",
        "sources": f"[{{name: {UNBROKEN}}}, {{name: {COMPOUND}, url: 'https://elsewhere.example/'}}]",
        "corrections": f"[{{date: 2026-02-01, text: {UNBROKEN}}}]",
        "body": newsrooms.yaml_string(_TEXT),
    }
    del keys["categories"]
    credit = f"alt: {COMPOUND}, caption: {UNBROKEN}, credit: {UNBROKEN}, disclaimer: {UNBROKEN}"
    many = "".join(f"{name}: {{title: {COMPOUND}{name}, description: {UNBROKEN}}}\n" for name in "abcdef")
    return newsrooms.write(
        root,
        {
            "site.yaml": f"title: {COMPOUND}\nbase_url: {newsrooms.BASE}\nid_domain: news.example\nlanguage: de\n"
            f"logo: media/wide.png\ncopyright: {UNBROKEN}\nfeed: {{entries: 4}}\ndescription: {UNBROKEN}\n",
            "categories.yaml": many,
            "authors.yaml": f"a: {{name: {UNBROKEN}, bio: {UNBROKEN}, avatar: media/wide.png}}\nb: {{name: {COMPOUND}}}\n",
            "media/wide.png": newsrooms.picture(800, 100, "PNG"),
            "media/tall.png": newsrooms.picture(10, 12_000, "PNG"),
            "media/dot.png": newsrooms.picture(1, 1, "PNG"),
            f"media/{'e' * 150}.pdf": b"%PDF-1.4\n",
            "media/v.mp4": b"\0" * 1000,
            **newsrooms.article("unbroken", "2026-02-03", **keys, image=f"{{src: media/wide.png, {credit}}}"),
            **newsrooms.article("middle", "2026-02-02", **keys, image=f"{{src: media/dot.png, {credit}}}"),
            **newsrooms.article("tall", "2026-02-01", **keys, image="{src: media/tall.png, alt: a}"),
            **newsrooms.article("elsewhere", "2026-01-03", **keys, link=f"https://{'w' * 60}.{'w' * 60}.example/{UNBROKEN}"),
            **newsrooms.article("gone", "2026-01-02", **keys, status="withdrawn", withdrawn=f"{{notice: {UNBROKEN}}}"),
            **newsrooms.article("old", "2026-01-01", **keys),
            **newsrooms.article("older", "2025-12-01", **keys),
        },
    )
