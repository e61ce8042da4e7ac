"""Properties of any bytes that are read as an article or as settings."""

from __future__ import annotations

from typing import Final

from feedsvc.content.markdown import render
from feedsvc.content.reading import article
from feedsvc.content.text import decode
from feedsvc.content.yaml import document, fast
from tests.helpers.content_invariants import REFERENCES, SITE, assert_absolute_urls, assert_valid_texts_and_dates

PATHS: Final = ("articles/a.yaml", "articles/a.md")


def check_file(data: bytes) -> None:
    """Read the bytes. Raises AssertionError if the fast YAML reader and PyYAML differ, or if the result is invalid."""
    for path in PATHS:
        reading = article.parse_article(path, data, REFERENCES)
        assert_valid_texts_and_dates(reading.article)
        if reading.article:
            page_url = f"{SITE.base_url}/articles/{reading.article.slug}/"
            html = render.render(reading.markdown, base_url=SITE.base_url, page=page_url).html
            assert_valid_texts_and_dates(html)
            assert_absolute_urls(html)
        assert reading.article is not None or any(problem.severity == "error" for problem in reading.problems)
        for problem in reading.problems:
            assert "\n" not in str(problem)
            assert problem.line >= 1
            assert problem.column >= 1
    text = decode(PATHS[0], data).text
    value = fast.parse_subset(text)
    if value is not None:
        pyyaml_result = document._parse_with_pyyaml(PATHS[0], text)
        assert (pyyaml_result.value, pyyaml_result.problems) == (value, []), text
