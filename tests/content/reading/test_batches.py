"""Article files that are parsed together: each has the result that it would have alone."""

from __future__ import annotations

from itertools import chain
from typing import Final

import pytest

from feedsvc.content.folder import loader
from feedsvc.content.folder.folder import load_content
from feedsvc.content.reading.article import parse_article, parse_articles
from tests.broken_files import dates, duplicates, files, keys, references, texts, values
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom
from tests.helpers.content_invariants import REFERENCES

TABLES: Final = (dates, duplicates, files, keys, references, texts, values)


def test_files_that_are_parsed_together_have_the_results_that_each_has_alone() -> None:
    cases = chain.from_iterable(table.CASES for table in TABLES)
    articles = [
        (path, text.encode() if isinstance(text, str) else text)
        for case in cases
        for path, text in case.files.items()
        if path.endswith((".yaml", ".md"))
    ]
    results = parse_articles(articles, REFERENCES)
    assert len(articles) > 100
    assert results == [parse_article(path, data, REFERENCES) for path, data in articles]


@pytest.mark.parametrize(("files_in_batch", "bytes_in_batch"), [(1, 10**6), (7, 10**6), (128, 1), (128, 200)])
def test_batches_of_any_size_give_the_same_articles(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, files_in_batch: int, bytes_in_batch: int
) -> None:
    articles = {f"articles/{number % 3}/a{number}.yaml": f"{HEAD}body: Text {number}.\n" for number in range(20)}
    root = newsroom({**articles, "articles/1/broken.yaml": "title: A\n", "articles/1/latin.md": b"\xe9"})
    expected = load_content(root)
    monkeypatch.setattr(loader, "PARALLEL_THRESHOLD", 1)
    monkeypatch.setattr(loader, "_BATCH_SIZE", files_in_batch)
    monkeypatch.setattr(loader, "_BATCH_BYTES", bytes_in_batch)
    content = load_content(root)
    assert (content.articles, content.problems) == (expected.articles, expected.problems)
    assert len(content.articles) == 20
