"""Cases with two files that have the same id, slug or alias, or the same language of one work."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import HEAD, Case

CASES: Final = (
    Case(
        "same id twice",
        {"articles/a.yaml": HEAD + "id: tag:x.example,2026:a\n", "articles/b.yaml": HEAD + "id: tag:x.example,2026:a\n"},
        (
            "articles/b.yaml:3:5: id: 'tag:x.example,2026:a' is already the id of articles/a.yaml:3; change this line, or delete it to get an id from the file's name",
        ),
    ),
    Case(
        "same slug twice",
        {"articles/a.yaml": HEAD, "articles/b.yaml": HEAD + "slug: a\n"},
        (
            "articles/b.yaml:3:7: slug: 'a' is already the slug of articles/a.yaml:1; change this line, or delete it to get a slug from the file's name",
        ),
    ),
    Case(
        "same file name twice",
        {"articles/a.yaml": HEAD + "id: tag:x.example,2026:1\n", "articles/old/a.yaml": HEAD + "id: tag:x.example,2026:2\n"},
        (
            "articles/old/a.yaml:1:1: slug: 'a' is already the slug of articles/a.yaml:1; give this article a slug of its own, or rename the file",
        ),
    ),
    Case(
        "same file name with two suffixes",
        {"articles/a.yml": HEAD, "articles/a.yaml": HEAD + "id: tag:x.example,2026:1\n"},
        (
            "articles/a.yml:1:1: slug: 'a' is already the slug of articles/a.yaml:1; give this article a slug of its own, or rename the file",
        ),
    ),
    Case(
        "same alias twice",
        {"articles/a.yaml": HEAD + "aliases: [x]\n", "articles/b.yaml": HEAD + "aliases:\n- x\n"},
        ("articles/b.yaml:4:3: alias: 'x' is already the alias of articles/a.yaml:3; delete it here",),
    ),
    Case(
        "alias equal to a slug",
        {"articles/a.yaml": HEAD + "aliases: [b]\n", "articles/b.yaml": HEAD},
        ("articles/a.yaml:3:11: alias: 'b' is already the slug of articles/b.yaml:1; delete it here",),
    ),
    Case(
        "two translations into one language",
        {
            "articles/a.yaml": HEAD + "id: tag:x.example,2026:a\n",
            "articles/b.yaml": HEAD + "translation_of: tag:x.example,2026:a\nlanguage: ko\n",
            "articles/c.yaml": HEAD + "language: ko\ntranslation_of: tag:x.example,2026:a\n",
        },
        (
            "articles/c.yaml:4:17: translation_of: 'ko' is already the language of articles/b.yaml:3; write language: and this article's own, or delete this line",
        ),
    ),
    Case(
        "translation into the language of its original",
        {
            "articles/a.yaml": HEAD + "translation_of: tag:x.example,2026:b\n",
            "articles/b.yaml": HEAD + "id: tag:x.example,2026:b\n",
        },
        (
            "articles/a.yaml:3:17: translation_of: the site's language is already the language of articles/b.yaml:1; write language: and this article's own, or delete this line",
        ),
    ),
    Case(
        "id equal to a generated id",
        {"articles/a.yaml": HEAD + "id: tag:news.example,2026:b\nslug: q\n", "articles/b.yaml": HEAD},
        (
            "articles/a.yaml:3:5: id: 'tag:news.example,2026:b' is already the id of articles/b.yaml:1; change this line, or delete it to get an id from the file's name",
        ),
    ),
)
