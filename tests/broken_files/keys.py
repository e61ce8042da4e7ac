"""Cases with unknown or duplicate keys, and with lines that are no YAML."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import HEAD, Case, article

BLOCK: Final = "write body: |"
QUOTE: Final = "if it belongs to the text before the comma, put the whole text in quotes"
GOES_ON: Final = "expected 'key: value' here; if the text of body: goes on"

CASES: Final = (
    Case(
        "duplicate key",
        article("title: B\n"),
        ("articles/a.yaml:3:1: 'title' stands here a second time; the first is in line 1; delete one",),
    ),
    Case(
        "comma and colon in a text in braces",
        article("withdrawn: {date: 2026-01-03, notice: It was a plan, a draft only: sorry}\n"),
        ("articles/a.yaml:3:54: unknown key 'a draft only'; the keys are date, notice; put a text with ',' in quotes",),
    ),
    *(
        Case(f"text in braces that ends at a comma before {at}", article(text), (f"articles/a.yaml:{at}; {QUOTE}",))
        for text, at in (
            ("corrections: [{date: 2026-11-18, text: It is line 14, not 12}]\n", "3:55: unknown key 'not 12'"),
            ("image: {src: media/p.png, alt: A boat, at sea, credit: AP}\n", "3:40: unknown key 'at sea'"),
            ("image: {src: media/p.png, alt: A loan, credit}\n", "3:40: 'credit' has no value"),
            ("sources:\n- {name: Yonhap, Seoul, url: https://y.example/}\n", "4:18: unknown key 'Seoul'"),
            ("withdrawn: {notice: He meant this, summary: }\n", "3:36: unknown key 'summary'"),
        )
    ),
    Case(
        "unknown key without value",
        article("titel:\n"),
        ("articles/a.yaml:3:1: unknown key 'titel'; did you mean 'title'?",),
    ),
    Case(
        "bio in braces that ends at a comma",
        {"authors.yaml": "mina: {name: Mina, bio: Writes about buses, trams}\n"},
        (f"authors.yaml:1:45: unknown key 'trams'; {QUOTE}",),
    ),
    Case("misspelled key", article("sumary: x\n"), ("articles/a.yaml:3:1: unknown key 'sumary'; did you mean 'summary'?",)),
    Case("key in capitals", article("Summary: x\n"), ("articles/a.yaml:3:1: unknown key 'Summary'; did you mean 'summary'?",)),
    Case(
        "key of another program",
        article("excerpt: x\n"),
        ("articles/a.yaml:3:1: unknown key 'excerpt'; did you mean 'summary'?",),
    ),
    Case(
        "draft for status",
        article("draft: true\n"),
        ("articles/a.yaml:3:1: unknown key 'draft'; write status: draft, or nothing for a published article",),
    ),
    Case(
        "date for published",
        {"articles/a.yaml": "title: A\npublished: 2026-01-02\ndate: 2026-01-02\n"},
        ("articles/a.yaml:3:1: unknown key 'date'; did you mean 'published'?",),
    ),
    Case(
        "date alone for published",
        {"articles/a.yaml": "title: A\ndate: 2026-01-02\n"},
        ("articles/a.yaml:2:1: unknown key 'date'; did you mean 'published'?",),
    ),
    Case(
        "misspelled title and no published",
        {"articles/a.yaml": "titel: A\n"},
        ("articles/a.yaml:1:1: published: is missing", "articles/a.yaml:1:1: unknown key 'titel'; did you mean 'title'?"),
    ),
    Case(
        "date beside an empty published",
        {"articles/a.yaml": "title: A\npublished:\ndate: 2026-01-02\n"},
        (
            "articles/a.yaml:2:11: published: has no value",
            "articles/a.yaml:3:1: unknown key 'date'; did you mean 'published'?",
        ),
    ),
    Case(
        "key of a site generator",
        article("layout: post\n"),
        (
            "articles/a.yaml:3:1: unknown key 'layout'; the keys are id, guid, title, published, updated, expires, category, categories, author, authors, tags, summary, image, enclosures, embeds, sources, corrections, language, translation_of, link, slug, aliases, status, withdrawn, body",
        ),
    ),
    Case(
        "misspelled key in image",
        article("image: {src: media/p.png, captoin: x}\n"),
        ("articles/a.yaml:3:27: unknown key 'captoin'; did you mean 'caption'?",),
    ),
    Case(
        "misspelled key in enclosure",
        article("enclosures:\n- {source: media/p.png}\n"),
        ("articles/a.yaml:4:4: unknown key 'source'; did you mean 'src'?",),
    ),
    Case(
        "duplicate key in image",
        article("image: {src: media/p.png, alt: a, alt: b}\n"),
        ("articles/a.yaml:3:35: 'alt' stands here a second time; the first is in line 3; delete one",),
    ),
    Case(
        "merge key",
        article("<<: {a: b}\n"),
        (
            "articles/a.yaml:3:1: unknown key '<<'; the keys are id, guid, title, published, updated, expires, category, categories, author, authors, tags, summary, image, enclosures, embeds, sources, corrections, language, translation_of, link, slug, aliases, status, withdrawn, body",
        ),
    ),
    Case("list as key", article("? [a]\n: b\n"), ("articles/a.yaml:3:3: a list or mapping cannot be a key",)),
    Case(
        "number as key",
        article("5: x\n"),
        (
            "articles/a.yaml:3:1: unknown key '5'; the keys are id, guid, title, published, updated, expires, category, categories, author, authors, tags, summary, image, enclosures, embeds, sources, corrections, language, translation_of, link, slug, aliases, status, withdrawn, body",
        ),
    ),
    Case("tab", article("image:\n\tsrc: media/p.png\n"), ("articles/a.yaml:4:1: a tab; YAML is indented with spaces",)),
    Case("tab before a key", article("\tsummary: x\n"), ("articles/a.yaml:3:1: a tab; YAML is indented with spaces",)),
    Case(
        "key indented too far",
        article("  summary: x\n"),
        ("articles/a.yaml:3:10: this line is indented too far, or continues a text with ': ' in it, which must stand in quotes",),
    ),
    Case(
        "first line without colon",
        {"articles/a.yaml": "title A\npublished: 2026-01-02\n"},
        ("articles/a.yaml:1:1: expected 'key: value' here, found no ':' in this line",),
    ),
    *(
        Case(
            f"{sign} for the colon of the first line",
            {"articles/a.yaml": f"title{sign} A\npublished: 2026-01-02\n"},
            (f"articles/a.yaml:1:1: expected 'key: value' here, found no ':' in this line; write title: instead of title{sign}",),
        )
        for sign in (";", "=", "：")
    ),
    Case(
        "semicolon for a colon in the middle",
        article("summary; S.\nstatus: draft\n"),
        ("articles/a.yaml:3:1: expected 'key: value' here, or more indentation; write summary: instead of summary;",),
    ),
    Case(
        "key without colon below another one",
        article("image:\n  src media/a.jpg\n  alt: x\n"),
        ("articles/a.yaml:4:3: expected 'key: value' here, found no ':' in this line",),
    ),
    Case(
        "indented first line",
        {"articles/a.yaml": "# A comment\n  title: A\npublished: 2026-01-02\n"},
        ("articles/a.yaml:2:1: this line is indented, but line 3 is not: the keys of one level stand in one column",),
    ),
    Case("key without colon", article("summary\n"), ("articles/a.yaml:3:1: expected 'key: value' here, or more indentation",)),
    Case(
        "body line without indentation",
        article("body: |\n  one\ntwo\nslug: x\n"),
        ("articles/a.yaml:5:1: this line of the text of body: is not indented; indent each line of the text by two spaces",),
    ),
    Case(
        "text without indentation below its key",
        article("body:\nThe harbour opens.\n\nIt is large.\n"),
        ("articles/a.yaml:4:1: the text of body: is not indented; write body: | and indent each line of the text by two spaces",),
    ),
    Case(
        "text that begins beside its key",
        article("body: The harbour opens.\nIt is large.\n\nIt is new.\n"),
        (f"articles/a.yaml:4:1: {GOES_ON}, {BLOCK} and the whole text below it, each line indented by two spaces",),
    ),
    Case(
        "words between two keys",
        article("image:\nsrc media/a.jpg\n\nslug: x\n"),
        ("articles/a.yaml:4:1: expected 'key: value' here, or more indentation",),
    ),
    Case(
        "open bracket at the end",
        {"articles/a.yaml": HEAD + "tags: ["},
        ("articles/a.yaml:3:8: a value is missing here: look for a ',' too many, or a '[' or '{' that is not closed",),
    ),
    Case(
        "unclosed bracket",
        article("tags: [a, b\nslug: x\n"),
        (
            "articles/a.yaml:3:7: this '[' or '{' is not closed, or a text inside it needs quotes, at its beginning and end; reading stopped at line 4",
        ),
    ),
    Case(
        "hashtag in brackets",
        article("tags: [#weather]\nslug: x\n"),
        ('articles/a.yaml:3:8: YAML ignores the rest of a line after #; put the text in quotes: "#weather"',),
    ),
    Case(
        "hashtag in brackets behind others",
        article("tags: [C#, 'a, #b', #weather, news]\nbody: |\n  It rains.\n"),
        ('articles/a.yaml:3:21: YAML ignores the rest of a line after #; put the text in quotes: "#weather"',),
    ),
    Case(
        "hashtag in a list",
        article("tags:\n- #weather\n- news\n"),
        ("articles/a.yaml:4:2: tags: nothing is left of it, because # begins a comment; put it in quotes, or leave out the #",),
    ),
    Case(
        "superfluous comma",
        article("tags: [a,, b]\n"),
        ("articles/a.yaml:3:10: a value is missing here: look for a ',' too many, or a '[' or '{' that is not closed",),
    ),
    Case(
        "list entries with different indentation",
        article("tags:\n- a\n  - b: c\n - d\n"),
        ("articles/a.yaml:5:6: this line is indented too far, or continues a text with ': ' in it, which must stand in quotes",),
    ),
)
