"""Cases with unknown authors or categories, and with keys that exclude each other."""

# ruff: noqa: E501 - messages are not wrapped

from __future__ import annotations

from typing import Final

from tests.broken_files.case import HEAD, Case, article

CASES: Final = (
    Case(
        "unknown author",
        article("author: mina-prak\n"),
        ("articles/a.yaml:3:9: author: no author 'mina-prak'; did you mean 'mina-park'?",),
    ),
    Case(
        "unknown author in list",
        article("authors: [mina-park, ritesh]\n"),
        ("articles/a.yaml:3:22: authors: no author 'ritesh'; did you mean 'ritesh-nambiar'?",),
    ),
    Case(
        "several authors in one text",
        article("author: mina-park, ritesh-nambiar\n"),
        ("articles/a.yaml:3:9: author: 'mina-park, ritesh-nambiar' are several; write authors: [mina-park, ritesh-nambiar]",),
    ),
    Case(
        "several categories in one text",
        article("category: asia,weather\n"),
        ("articles/a.yaml:3:11: category: 'asia,weather' are several; write categories: [asia, weather]",),
    ),
    Case(
        "several authors in one text of a list",
        article("authors: mina-park, ritesh-nambiar\n"),
        ("articles/a.yaml:3:10: authors: 'mina-park, ritesh-nambiar' are several; write authors: [mina-park, ritesh-nambiar]",),
    ),
    Case(
        "several categories in one entry of a list",
        article("categories: ['asia, weather']\n"),
        ("articles/a.yaml:3:14: categories: 'asia, weather' are several; write categories: [asia, weather]",),
    ),
    Case(
        "unknown category",
        article("category: aisa\n"),
        ("articles/a.yaml:3:11: category: no category 'aisa'; did you mean 'asia'?",),
    ),
    Case(
        "unknown category without a similar id",
        article("category: weather\n"),
        ("articles/a.yaml:3:11: category: no category 'weather'; categories.yaml has asia, sport",),
    ),
    Case(
        "list as author",
        article("author: [mina-park]\n"),
        ("articles/a.yaml:3:9: author: expected text, found a list; write authors: for more than one",),
    ),
    Case(
        "category and categories",
        article("category: asia\ncategories: [sport]\n"),
        ("articles/a.yaml:4:1: categories: give either category or categories, not both",),
    ),
    Case(
        "author and authors",
        article("author: mina-park\nauthors: [mina-park]\n"),
        ("articles/a.yaml:4:1: authors: give either author or authors, not both",),
    ),
    Case("null author in list", article("authors: [~]\n"), ("articles/a.yaml:3:11: authors: expected text, found nothing",)),
    Case(
        "withdrawal of a published article",
        article("withdrawn: {notice: gone}\n"),
        ("articles/a.yaml:3:1: withdrawn: stands beside status: published; write status: withdrawn",),
    ),
    Case(
        "misspelled status",
        article("status: withdrwan\n"),
        (
            "articles/a.yaml:3:9: status: expected 'draft', 'published' or 'withdrawn', found 'withdrwan'; did you mean 'withdrawn'?",
        ),
    ),
    Case(
        "file name without letters",
        {"articles/---.yaml": HEAD},
        ("articles/---.yaml:1:1: the file name '---' gives no address; write slug: a-name",),
    ),
    Case(
        "unknown author with one known author",
        {"authors.yaml": "# none yet\nx: {name: X}\n", **article("author: mina\n")},
        ("articles/a.yaml:3:9: author: no author 'mina'; authors.yaml has x",),
    ),
)
