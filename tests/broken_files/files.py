"""Cases with files that are invalid as a whole."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import HEAD, PNG, Case, article

CONFLICT: Final = (
    "two versions of this file were not merged: keep one, and delete the lines that begin with '<<<<<<<', '=======' and '>>>>>>>'"
)
CASES: Final = (
    Case(
        "not utf-8",
        {"articles/a.yaml": b"title: caf\xe9\n"},
        ("articles/a.yaml:1:11: byte 0xE9 is not UTF-8; save the file in UTF-8",),
    ),
    Case(
        "not utf-8 after a byte order mark",
        {"articles/a.yaml": b"\xef\xbb\xbftitle: caf\xe9\n"},
        ("articles/a.yaml:1:11: byte 0xE9 is not UTF-8; save the file in UTF-8",),
    ),
    Case(
        "utf-16",
        {"articles/a.yaml": "title: A".encode("utf-16")},
        ("articles/a.yaml:1:1: the file is UTF-16; save it as UTF-8",),
    ),
    Case(
        "utf-16 without a byte order mark",
        {"articles/a.yaml": "title: A".encode("utf-16-be")},
        ("articles/a.yaml:1:1: the file is UTF-16; save it as UTF-8",),
    ),
    Case(
        "picture with the name of an article",
        {"articles/a.yaml": PNG},
        ("articles/a.yaml:1:1: the file is binary data, not text; pictures and attachments belong in media/",),
    ),
    Case(
        "unresolved merge conflict",
        article("<<<<<<< HEAD\nsummary: a\n=======\nsummary: b\n>>>>>>> branch\n"),
        (f"articles/a.yaml:3:1: {CONFLICT}",),
    ),
    Case(
        "unresolved merge conflict below a text",
        article("body: |\n  Text.\n<<<<<<< HEAD\n  a\n=======\n  b\n>>>>>>> branch\n"),
        (f"articles/a.yaml:5:1: {CONFLICT}",),
    ),
    Case(
        "unresolved merge conflict in Markdown",
        {"articles/a.md": f"---\n{HEAD}---\nText.\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> branch\n"},
        (f"articles/a.md:6:1: {CONFLICT}",),
    ),
    Case(
        "empty file",
        {"articles/a.yaml": b""},
        ("articles/a.yaml:1:1: the file is empty; write its keys, or delete it if it is not needed",),
    ),
    Case(
        "only a comment",
        {"articles/a.yaml": b"# soon\n"},
        ("articles/a.yaml:1:1: the file holds no keys; write its keys, or delete it if it is not needed",),
    ),
    Case(
        "list instead of keys",
        {"articles/a.yaml": "- a\n- b\n"},
        ("articles/a.yaml:1:1: expected 'key: value' lines, found a list",),
    ),
    Case(
        "text instead of keys",
        {"articles/a.yaml": "Just a text\n"},
        ("articles/a.yaml:1:1: expected 'key: value' lines, found text",),
    ),
    Case("null", {"articles/a.yaml": "~\n"}, ("articles/a.yaml:1:1: expected 'key: value' lines, found nothing",)),
    Case(
        "file of five megabytes",
        {"articles/a.yaml": "x" * 5_000_000},
        ("articles/a.yaml:1:1: the file is larger than 1 MiB, the most that is read; pictures and attachments belong in media/",),
    ),
    Case(
        "control character",
        article("summary: a\x07b\n"),
        ("articles/a.yaml:3:11: a character that feeds cannot carry (U+0007); delete it",),
    ),
    Case(
        "control characters in one line",
        article("summary: a\x07b\x08c\n"),
        ("articles/a.yaml:3:11: a character that feeds cannot carry (U+0007); delete it, and 1 more in this line",),
    ),
    Case(
        "control character as escape",
        article('summary: "a\\x07b"\n'),
        ("articles/a.yaml:3:10: a character that feeds cannot carry (U+0007), written as an escape; delete it",),
    ),
    Case(
        "lone surrogate as escape",
        article('summary: "a\\uD800b"\n'),
        ("articles/a.yaml:3:14: this escape is no character (a lone surrogate, or beyond Unicode)",),
    ),
    Case(
        "lone surrogate in utf-8",
        {"articles/a.yaml": b"title: \xed\xa0\x80\n"},
        ("articles/a.yaml:1:8: byte 0xED is not UTF-8; save the file in UTF-8",),
    ),
    Case(
        "noncharacter",
        article("summary: a\ufffeb\n"),
        ("articles/a.yaml:3:11: a character that feeds cannot carry (U+FFFE); delete it",),
    ),
    Case(
        "replacement character",
        article("summary: caf\ufffd\n"),
        ("articles/a.yaml:3:13: a character that feeds cannot carry (U+FFFD); delete it",),
    ),
    Case(
        "alias bomb",
        {
            "articles/a.yaml": "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{chr(97 + i)}: &{chr(97 + i)} [{', '.join(['*' + chr(96 + i)] * 9)}]\n" for i in range(1, 9))
        },
        ("articles/a.yaml:1:1: aliases ('*name') repeat more than an article can hold; write the values out",),
    ),
    Case(
        "recursive alias",
        article("tags: &t [a, *t]\n"),
        (
            "articles/a.yaml:3:7: an alias ('*name') stands inside the very value that it repeats; write the value out",
            "articles/a.yaml:3:7: tags: expected text, found nothing",
        ),
    ),
    Case(
        "deep nesting",
        article("tags: " + "[" * 40 + "]" * 40 + "\n"),
        (
            "articles/a.yaml:3:8: tags: expected text, found a list",
            "articles/a.yaml:3:23: nested too deeply",
        ),
    ),
    Case("very deep nesting", article("tags: " + "[" * 5000 + "\n"), ("articles/a.yaml:3:1006: nested too deeply",)),
    Case(
        "python tag",
        article("summary: !!python/object:os.system x\n"),
        (
            "articles/a.yaml:3:10: '!!python/object:os.system' is a YAML tag, which means nothing here; delete it, or put the text in quotes",
        ),
    ),
    Case(
        "binary tag",
        article("summary: !!binary aGVsbG8=\n"),
        ("articles/a.yaml:3:10: '!!binary' is a YAML tag, which means nothing here; delete it, or put the text in quotes",),
    ),
    Case(
        "tag on a list",
        article("tags: !mine [a]\n"),
        ("articles/a.yaml:3:7: '!mine' is a YAML tag, which means nothing here; delete it, or put the text in quotes",),
    ),
    Case(
        "two documents",
        {"articles/a.yaml": HEAD + "---\n" + HEAD},
        (
            "articles/a.yaml:3:1: a second document begins at this '---'; a file holds one, and a Markdown article's name ends in .md",
        ),
    ),
    Case(
        "markdown in yaml",
        {"articles/a.yaml": "---\n" + HEAD + "---\n# Text\n"},
        (
            "articles/a.yaml:4:1: a second document begins at this '---'; a file holds one, and a Markdown article's name ends in .md",
        ),
    ),
    Case(
        "duplicate anchor",
        article("slug: &a x\nsummary: &a y\n"),
        (
            "articles/a.yaml:4:10: a text that begins with '&' names a value, and this name was given before; put a text in quotes",
        ),
    ),
    Case(
        "undefined alias",
        article("summary: *b\n"),
        ("articles/a.yaml:3:10: a text that begins with '*' means an alias; put it in quotes",),
    ),
    Case(
        "markdown without front matter",
        {"articles/a.md": "# Text\n"},
        ("articles/a.md:1:1: a Markdown article begins with a line '---', then its keys, then '---' again",),
    ),
    Case(
        "empty markdown",
        {"articles/a.md": ""},
        ("articles/a.md:1:1: the file is empty; a Markdown article begins with a line '---', then its keys, then '---' again",),
    ),
    Case(
        "unclosed front matter",
        {"articles/a.md": "---\n" + HEAD + "\nText\n"},
        ("articles/a.md:1:1: the keys that begin below this '---' never end; write '---' below the last key",),
    ),
    Case(
        "empty front matter",
        {"articles/a.md": "---\n---\nText\n"},
        ("articles/a.md:1:1: there are no keys between the two '---'; an article needs at least title: and published:",),
    ),
    Case(
        "comment as front matter",
        {"articles/a.md": "---\n# soon\n---\nText\n"},
        ("articles/a.md:1:1: the file holds no keys; write its keys, or delete it if it is not needed",),
    ),
    Case(
        "body in front matter",
        {"articles/a.md": "---\n" + HEAD + "body: x\n---\nText\n"},
        ("articles/a.md:4:1: body: a Markdown article has its body below the second '---'",),
    ),
    Case(
        "unknown key in front matter",
        {"articles/a.md": "---\n" + HEAD + "sumary: x\n---\nText\n"},
        ("articles/a.md:4:1: unknown key 'sumary'; did you mean 'summary'?",),
    ),
    Case(
        "line break in name",
        {"articles/a\nb.yaml": HEAD},
        ("articles/a?b.yaml:1:1: the name has a character that is not allowed there (U+000A); rename it",),
    ),
)
