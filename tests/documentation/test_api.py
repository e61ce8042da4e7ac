"""docs/api.md: its examples run, and its plug-in is the one that the tests of plug-ins install."""

from __future__ import annotations

import dataclasses
import doctest
import re

import pytest

from feedsvc import api
from tests import ROOT
from tests.extensions.distribution import ACME

TEXT = (ROOT / "docs" / "api.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_examples_give_the_results_in_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks("pycon")), {}, "docs/api.md", None, None)
    failures: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples, out=failures.append)
    assert (result.failed, result.attempted > 20) == (0, True), "".join(failures)


def test_the_plugin_in_the_document_is_the_one_that_is_tested() -> None:
    assert blocks("toml") == [(ACME / "pyproject.toml").read_text("utf-8")]
    assert blocks("python") == [(ACME / "acme_feeds.py").read_text("utf-8")]


def test_the_document_names_everything_public() -> None:
    words = set(re.findall(r"\w+", TEXT))
    assert [name for name in api.__all__ if name not in words] == []


@pytest.mark.parametrize("cls", [api.Entry, api.Feed])
def test_each_field_of_entries_and_feeds_has_a_place_in_a_table(cls: type) -> None:
    table = TEXT.partition(f"| field of `{cls.__name__}` |")[2].partition("\n\n")[0]
    assert [name for name in (field.name for field in dataclasses.fields(cls)) if f"`{name}`" not in table] == []
