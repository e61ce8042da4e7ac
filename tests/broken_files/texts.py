"""Cases with texts that YAML reads as other types or as syntax."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import HEAD, Case, article, article_with_title

PLACEHOLDER: Final = "body: still says 'Write here, in Markdown.'; write the text, or status: draft until it is written"
UNINDENTED_LINES: Final = {
    "quotation with a colon": '"We expected fewer people," the master said: all tables were taken.',
    "bold text": "**No tables** were left.",
    "quote": "> A quote",
    "table": "| a | b |",
    "list": "- no tables",
    "heading above an indented paragraph": "## Tables\n\n  More.",
    "heading and paragraph": "## Tables\n\nMore.",
    "comment within the text": "# Tables\n  More.",
    "name with @": "@feed said so.",
}

CASES: Final = (
    Case(
        "no as title", article_with_title("no"), ('articles/a.yaml:1:8: title: YAML reads no as false; put it in quotes: "no"',)
    ),
    Case(
        "yes as title",
        article_with_title("Yes"),
        ('articles/a.yaml:1:8: title: YAML reads Yes as true; put it in quotes: "Yes"',),
    ),
    Case(
        "1:30 as title",
        article_with_title("1:30"),
        ('articles/a.yaml:1:8: title: YAML reads 1:30 as a number; put it in quotes: "1:30"',),
    ),
    Case(
        "number as title",
        article_with_title("1984"),
        ('articles/a.yaml:1:8: title: YAML reads 1984 as a number; put it in quotes: "1984"',),
    ),
    Case(
        "float as title",
        article_with_title("3.14"),
        ('articles/a.yaml:1:8: title: YAML reads 3.14 as a number; put it in quotes: "3.14"',),
    ),
    Case(
        "huge number as title",
        article_with_title("123456789012345678901234567890"),
        (
            'articles/a.yaml:1:8: title: YAML reads 123456789012345678901234567890 as a number; put it in quotes: "123456789012345678901234567890"',
        ),
    ),
    Case(
        "infinity as title",
        article_with_title(".inf"),
        ('articles/a.yaml:1:8: title: YAML reads .inf as a number; put it in quotes: ".inf"',),
    ),
    *(
        Case(f"body of a new article at {at}", {path: text}, (f"{path}:{at}: {PLACEHOLDER}",))
        for path, text, at in (
            ("articles/a.yaml", f"{HEAD}body: |\n  Written.\n\n  Write here, in Markdown.\n", "6:3"),
            ("articles/a.md", f"---\n{HEAD}---\nWrite here, in Markdown.\n", "5:1"),
        )
    ),
    Case(
        "null as title",
        article_with_title("Null"),
        ('articles/a.yaml:1:8: title: has no value; if you mean the word, put it in quotes: "Null"',),
    ),
    Case("title without value", article_with_title(""), ("articles/a.yaml:1:7: title: has no value",)),
    Case("empty title", article_with_title('""'), ("articles/a.yaml:1:8: title: is empty",)),
    Case("invisible title", article_with_title('"\\u200B \\u200D"'), ("articles/a.yaml:1:8: title: is empty",)),
    Case(
        "list as title",
        article_with_title("[a, b]"),
        ("articles/a.yaml:1:8: title: expected text, found a list; a text that begins with '[' must stand in quotes",),
    ),
    Case(
        "mapping as title",
        article_with_title("{a: b}"),
        ("articles/a.yaml:1:8: title: expected text, found keys with values; a text that begins with '{' must stand in quotes",),
    ),
    Case("no title", {"articles/a.yaml": "published: 2026-01-02\n"}, ("articles/a.yaml:1:1: title: is missing",)),
    Case("no published", {"articles/a.yaml": "title: A\n"}, ("articles/a.yaml:1:1: published: is missing",)),
    Case(
        "colon in title",
        article_with_title("Seoul: a city"),
        ("articles/a.yaml:1:13: a second ': ' in one value; put a text with ': ' in quotes",),
    ),
    Case(
        "colon in the title of a Markdown file, in its first line",
        {"articles/a.md": "---\ntitle: Seoul: a city\npublished: 2026-01-02\n---\nText.\n"},
        ("articles/a.md:2:13: a second ': ' in one value; put a text with ': ' in quotes",),
    ),
    Case(
        "colon in a title below a comment",
        {"articles/a.yaml": "# A comment\n\ntitle: Seoul: a city\npublished: 2026-01-02\n"},
        ("articles/a.yaml:3:13: a second ': ' in one value; put a text with ': ' in quotes",),
    ),
    Case(
        "indented first key of a Markdown file",
        {"articles/a.md": "---\n title: A\npublished: 2026-01-02\n---\nText.\n"},
        ("articles/a.md:2:1: this line is indented, but line 3 is not: the keys of one level stand in one column",),
    ),
    *(
        Case(
            f"{name} without indentation below body",
            article(f"body: |\n  First.\n\n{line}\n\n"),
            ("articles/a.yaml:6:1: this line of the text of body: is not indented; indent each line of the text by two spaces",),
        )
        for name, line in UNINDENTED_LINES.items()
    ),
    Case(
        "line with a colon without indentation below body",
        article("body: |\n  First.\nThe master said: all were taken.\n"),
        (
            "articles/a.yaml:5:1: unknown key 'The master said'; indent it by two spaces if it is a line of a text; the keys are id, guid, title, published, updated, expires, category, categories, author, authors, tags, summary, image, enclosures, embeds, sources, corrections, language, translation_of, link, slug, aliases, status, withdrawn, body",
        ),
    ),
    Case(
        "number as summary",
        article("summary: 12\n"),
        ('articles/a.yaml:3:10: summary: YAML reads 12 as a number; put it in quotes: "12"',),
    ),
    Case(
        "number as tag",
        article("tags: [asia, 2026]\n"),
        ('articles/a.yaml:3:14: tags: YAML reads 2026 as a number; put it in quotes: "2026"',),
    ),
    Case(
        "number as tags",
        article("tags: 2026\n"),
        ('articles/a.yaml:3:7: tags: YAML reads 2026 as a number; put it in quotes: "2026"',),
    ),
    Case(
        "mapping as tags",
        article("tags: {a: b}\n"),
        (
            "articles/a.yaml:3:7: tags: expected text or a list, found keys with values; each entry of a list is a line that begins with '- '",
        ),
    ),
    Case("no as tag", article("tags: [no]\n"), ('articles/a.yaml:3:8: tags: YAML reads no as false; put it in quotes: "no"',)),
    Case("empty entry in a list", article("tags:\n- asia\n-\n"), ("articles/a.yaml:5:2: tags: expected text, found nothing",)),
    Case(
        "tag without letters",
        article('tags: ["!!!"]\n'),
        ("articles/a.yaml:3:8: tags: '!!!' has no letter or digit to make an address of",),
    ),
    Case("number as body", article("body: 5\n"), ('articles/a.yaml:3:7: body: YAML reads 5 as a number; put it in quotes: "5"',)),
    Case(
        "text that starts with an asterisk",
        article_with_title("*breaking* news"),
        ("articles/a.yaml:1:8: a text that begins with '&' or '*' has a meaning in YAML; put it in quotes",),
    ),
    Case(
        "text with ampersand",
        article_with_title("& then"),
        ("articles/a.yaml:1:8: a text that begins with '&' or '*' has a meaning in YAML; put it in quotes",),
    ),
    Case(
        "text with exclamation mark",
        article_with_title("!Breaking news"),
        ("articles/a.yaml:1:8: '!Breaking' is a YAML tag, which means nothing here; delete it, or put the text in quotes",),
    ),
    Case(
        "text with at sign",
        article_with_title("@home in Seoul"),
        ("articles/a.yaml:1:8: a text that begins with '@' must stand in quotes",),
    ),
    Case(
        "text with backtick",
        article_with_title("`code`"),
        ("articles/a.yaml:1:8: a text that begins with '`' must stand in quotes",),
    ),
    Case(
        "text with per cent",
        article_with_title("%50 off"),
        ("articles/a.yaml:1:8: a text that begins with '%' must stand in quotes",),
    ),
    Case(
        "text after quotes",
        article_with_title('"Peace" now'),
        (
            'articles/a.yaml:1:14: the text in quotes ends here, and more follows: put it in single quotes, or write \\" for a quotation mark inside it',
        ),
    ),
    Case(
        "apostrophe in single quotes",
        article_with_title("'It's raining'"),
        (
            "articles/a.yaml:1:11: the text in quotes ends here, and more follows: put it in double quotes, or write '' for an apostrophe inside it",
        ),
    ),
    Case(
        "apostrophe in a list",
        article("tags: ['It's raining', b]\n"),
        (
            "articles/a.yaml:3:11: the text in quotes ends here, and more follows: put it in double quotes, or write '' for an apostrophe inside it",
        ),
    ),
    Case(
        "text with bracket",
        article_with_title("[Opinion] Peace"),
        ("articles/a.yaml:1:8: more follows after the closing bracket; a text that begins with '[' must stand in quotes",),
    ),
    Case(
        "unclosed quote",
        article_with_title('"Peace'),
        ("articles/a.yaml:1:8: a quotation mark is opened here and never closed; reading stopped at line 2",),
    ),
    Case(
        "unclosed quote that a later line closes",
        {"articles/a.yaml": 'title: "Peace\npublished: 2026-01-02\nslug: "peace"\n'},
        ("articles/a.yaml:1:8: a quotation mark is opened here and closed only in line 3; close it in this line",),
    ),
    Case(
        "unclosed quote in braces",
        {"articles/a.yaml": 'title: A\npublished: 2026-01-02\nimage: {src: media/a.jpg, credit: "R}\nsummary: "S"\n'},
        ("articles/a.yaml:3:35: a quotation mark is opened here and closed only in line 4; close it in this line",),
    ),
    Case(
        "backslash",
        article_with_title('"C:\\Users"'),
        ("articles/a.yaml:1:13: a backslash in double quotes has a meaning; write '\\\\' or use single quotes",),
    ),
    Case(
        "text after a block indicator",
        article("body: | text\n"),
        ("articles/a.yaml:3:9: after '|' or '>' the text begins on the next line",),
    ),
    Case(
        "no space after the first colon",
        {"articles/a.yaml": "title:A\npublished: 2026-01-02\n"},
        ("articles/a.yaml:1:6: a space is missing after title:",),
    ),
    Case(
        "no space after the last colon",
        {"articles/a.yaml": "published: 2026-01-02\ntitle:A\n"},
        ("articles/a.yaml:2:6: a space is missing after title:",),
    ),
    Case(
        "no space after a colon below a comment",
        {"articles/a.yaml": "# Mine\ntitle:A\n\n# when\npublished: 2026-01-02\n"},
        ("articles/a.yaml:2:6: a space is missing after title:",),
    ),
    Case(
        "no space after a colon in an image",
        article("image:\n  src:media/p.png\n  alt: a\n"),
        ("articles/a.yaml:4:6: a space is missing after src:",),
    ),
    Case(
        "no space after a colon in a list",
        article("sources:\n  - name:Yonhap\n    url: https://a.example\n"),
        ("articles/a.yaml:4:9: a space is missing after name:",),
    ),
    Case(
        "no-break space after a colon",
        {"articles/a.yaml": "title:\u00a0A\npublished: 2026-01-02\n"},
        ("articles/a.yaml:1:6: a plain space is missing after title:, where a space of another kind (U+00A0) stands",),
    ),
    Case(
        "a time in the second line of a text",
        article("summary: Seoul\n  at9:30 today\n  and: so\n"),
        ("articles/a.yaml:5:6: this line is indented too far, or continues a text with ': ' in it, which must stand in quotes",),
    ),
    Case(
        "text in asterisks",
        article_with_title("*bold*"),
        ("articles/a.yaml:1:8: a text that begins with '&' or '*' has a meaning in YAML; put it in quotes",),
    ),
)
