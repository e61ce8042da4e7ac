"""Warnings of `check` about the front page in site.yaml."""

from __future__ import annotations

import pytest

from tests.conftest import SETTINGS, Newsroom
from tests.content.lint.checking import VALID_ARTICLE, warnings

INSTEAD = "; the newest article with a picture leads instead"
NAME_PUBLISHED = "name a published article by its slug, or delete the line"  # no "did you mean 'draft'?"


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        ("{lead: a, sections: [sport, asia]}", []),
        ("{lead: aa}", [f"home.lead: no article has the slug 'aa'{INSTEAD}; did you mean 'a'?"]),
        ("{lead: former}", [f"home.lead: 'former' is a former slug of a{INSTEAD}; {NAME_PUBLISHED}"]),
        ("{lead: draft}", [f"home.lead: articles/draft.yaml is not published{INSTEAD}; {NAME_PUBLISHED}"]),
        ("{lead: expired}", [f"home.lead: articles/expired.yaml has expired{INSTEAD}; {NAME_PUBLISHED}"]),
        ("{sections: [sport, aisa]}", ["home.sections: there is no section 'aisa'; did you mean 'asia'?"]),
    ],
)
def test_lead_and_sections_that_the_front_page_cannot_show_have_a_warning(
    newsroom: Newsroom, home: str, expected: list[str]
) -> None:
    files = {
        "site.yaml": f"{SETTINGS['site.yaml']}home: {home}\n",
        "articles/a.yaml": f"{VALID_ARTICLE}aliases: [former]\n",
        "articles/draft.yaml": f"{VALID_ARTICLE.replace(':x', ':draft')}status: draft\n",
        "articles/expired.yaml": f"{VALID_ARTICLE.replace(':x', ':expired')}expires: 2026-02-01\n",
    }
    found = [line for line in warnings(newsroom(files)) if line.startswith("site.yaml:5:")]
    assert len(found) == len(expected)
    assert all(text in line for line, text in zip(found, expected, strict=True)), found
