"""The tutorial, and the newsroom that a user has after its first sections."""

from __future__ import annotations

from typing import Final

from tests import ROOT
from tests.documentation.document_steps import User, sections

DOCUMENT: Final = (ROOT / "docs/tutorial/first-newsroom.md").read_text("utf-8")
SECTIONS: Final = sections(DOCUMENT)
# Sections that make the newsroom of the guides.
_NEWSROOM: Final = ("A new newsroom", "Begin an article", "Publish", "Schedule")


def make_newsroom(user: User) -> None:
    """Follow the tutorial up to two articles, a published and a scheduled one, and start the server."""
    for heading in _NEWSROOM:
        for step in SECTIONS[heading]:
            user.follow(step)
    user.serve()
