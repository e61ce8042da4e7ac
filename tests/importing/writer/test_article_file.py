"""Changes of single keys in article files that editors formatted in their own way."""

from __future__ import annotations

from typing import Any

import pytest

from feedsvc.importing.writer.article_file import change_article, read_article_file

HEAD = "---\nid: tag:a,2020:x\n{}published: 2020-01-01\n---\nBody.\n"


def changed(text: str, **changes: Any) -> str | None:
    file = read_article_file("a.md", text.encode())
    assert file is not None
    return change_article("a.md", file, changes)


@pytest.mark.parametrize(
    ("own", "key", "value", "expected"),
    [
        ("title: Old   # note\n", "title", "New", "title: New   # note\n"),
        ("title: >\n  Old\n  title\n# note\n", "title", "New", "title: New\n# note\n"),
        (
            "image:\n  src: media/a.jpg   # ours\n\n# note\n",
            "image",
            {"src": "media/b.jpg"},
            "image:\n  src: media/b.jpg\n\n# note\n",
        ),
        ("tags:\n  - A\n  # note\n  - B\n", "tags", ["C"], "tags: [C]\n"),
        ("tags: [A,\n  B]   # note\n", "tags", ["C"], "tags: [C]   # note\n"),
        ("category: city\n", "categories", ["a", "b"], "categories: [a, b]\n"),
        ("summary: Old   # note\n", "summary", None, ""),
        ('"title": Old\n', "title", "New", "title: New\n"),
        ("title: Old\n", "language", "ko", None),
    ],
)
def test_only_the_key_changes(own: str, key: str, value: Any, expected: str | None) -> None:
    after = changed(HEAD.format(own), **{key: value})
    appended = HEAD.format(own).replace("---\nBody", f"{key}: {value}\n---\nBody")
    assert after == (appended if expected is None else HEAD.format(expected))


@pytest.mark.parametrize(
    "text", ["---\n{id: tag:a,2020:x, title: Old, published: 2020-01-01}\n---\n", HEAD.format("title: &a Old\nsummary: *a\n")]
)
def test_file_in_a_form_that_cannot_be_changed_safely_stays(text: str) -> None:
    assert changed(text, title="New") is None
