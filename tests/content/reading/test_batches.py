"""Article files that are parsed together: each has the result that it would have alone."""

from __future__ import annotations

from itertools import chain
from typing import Final

from feedsvc.content.reading.article import parse_article, parse_articles
from tests.broken_files import dates, duplicates, files, keys, references, texts, values
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
