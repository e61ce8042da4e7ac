"""A newsroom whose texts contain words that are longer than a line: German compounds, texts without spaces, long addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.helpers import newsrooms

COMPOUND: Final = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
LONG_TEXT: Final = "x" * 300
_BODY: Final = f"""{LONG_TEXT} [{COMPOUND}](https://elsewhere.example/{LONG_TEXT})

| {COMPOUND} | {COMPOUND} | {COMPOUND} |
|-|-|-|
| {LONG_TEXT} | a | b |

    {LONG_TEXT}

- {LONG_TEXT}
  - > {LONG_TEXT}

# {LONG_TEXT}

`{LONG_TEXT}` ![{COMPOUND}](media/wide.png)

<details><summary>{LONG_TEXT}</summary>{LONG_TEXT}</details>

<video src="media/v.mp4" width="2000" height="20" controls></video>
"""
PAGE_PATHS: Final = (
    *("/", "/archive/2026/", "/category/a/", "/author/a/", "/tag/x/", "/subscribe/", "/tags/", "/articles/unbroken/"),
    *("/articles/tall/",),
    *("/articles/unbroken/", "/articles/middle/", "/articles/elsewhere/", "/articles/gone/", f"/nothing/{'y' * 300}"),
)


def write_newsroom(root: Path) -> Path:
    """Write the newsroom; return its content folder."""
    keys = {
        "category": "a",
        "categories": "",
        "title": LONG_TEXT,
        "summary": f"{COMPOUND} {LONG_TEXT}",
        "authors": "[a, b]",
        "tags": f"[x, {COMPOUND}, {'z' * 150}]",
        "enclosures": f"[{{src: media/{'e' * 150}.pdf}}, {{src: media/v.mp4, title: {LONG_TEXT}}}]",
        "sources": f"[{{name: {LONG_TEXT}}}, {{name: {COMPOUND}, url: 'https://elsewhere.example/'}}]",
        "corrections": f"[{{date: 2026-02-01, text: {LONG_TEXT}}}]",
        "body": newsrooms.yaml_string(_BODY),
    }
    del keys["categories"]
    credit = f"alt: {COMPOUND}, caption: {LONG_TEXT}, credit: {LONG_TEXT}, disclaimer: {LONG_TEXT}"
    categories = "".join(f"{name}: {{title: {COMPOUND}{name}, description: {LONG_TEXT}}}\n" for name in "abcdef")
    return newsrooms.write(
        root,
        {
            "site.yaml": f"title: {COMPOUND}\nbase_url: {newsrooms.BASE}\nid_domain: news.example\nlanguage: de\n"
            f"logo: media/wide.png\ncopyright: {LONG_TEXT}\nfeed: {{entries: 4}}\ndescription: {LONG_TEXT}\n",
            "categories.yaml": categories,
            "authors.yaml": f"a: {{name: {LONG_TEXT}, bio: {LONG_TEXT}, avatar: media/wide.png}}\nb: {{name: {COMPOUND}}}\n",
            "media/wide.png": newsrooms.picture(800, 100, "PNG"),
            "media/tall.png": newsrooms.picture(10, 12_000, "PNG"),
            "media/dot.png": newsrooms.picture(1, 1, "PNG"),
            f"media/{'e' * 150}.pdf": b"%PDF-1.4\n",
            "media/v.mp4": b"\0" * 1000,
            **newsrooms.article("unbroken", "2026-02-03", **keys, image=f"{{src: media/wide.png, {credit}}}"),
            **newsrooms.article("middle", "2026-02-02", **keys, image=f"{{src: media/dot.png, {credit}}}"),
            **newsrooms.article("tall", "2026-02-01", **keys, image="{src: media/tall.png, alt: a}"),
            **newsrooms.article("elsewhere", "2026-01-03", **keys, link=f"https://{'w' * 60}.{'w' * 60}.example/{LONG_TEXT}"),
            **newsrooms.article("gone", "2026-01-02", **keys, status="withdrawn", withdrawn=f"{{notice: {LONG_TEXT}}}"),
            **newsrooms.article("old", "2026-01-01", **keys),
            **newsrooms.article("older", "2025-12-01", **keys),
        },
    )
