"""The tutorial, and the newsroom that a user has at its end."""

from __future__ import annotations

from typing import Final

from tests import ROOT
from tests.documentation.document_steps import User, sections

DOCUMENT: Final = (ROOT / "docs/tutorial/first-newsroom.md").read_text("utf-8")
SECTIONS: Final = sections(DOCUMENT)
# Sections that leave the newsroom as it was, and need the server.
_SECTIONS_WITH_SERVER: Final = ("Look at it", "Make a mistake")


def make_newsroom(user: User) -> None:
    """Follow the tutorial to its end, where the guides start, and start the server."""
    for heading, steps in SECTIONS.items():
        for step in steps if heading not in _SECTIONS_WITH_SERVER else ():
            user.follow(step)
    user.serve()
