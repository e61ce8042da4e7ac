"""docs/moving.md has the rules of readers as the program has them."""

from __future__ import annotations

from typing import Final

from feedsvc.editing.reader_rules import READER_RULES
from tests import ROOT

DOCUMENT: Final = (ROOT / "docs/moving.md").read_text("utf-8")


def test_table_of_rules_is_that_of_the_program() -> None:
    rows = [f"| {rule.name} | {rule.fields} | {rule.effect.value} |" for rule in READER_RULES]
    assert "\n".join(rows) in DOCUMENT
