"""The message catalogues of the pages, and the language and times that several tests use."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib import resources
from io import BytesIO
from typing import Final

from babel.messages import Catalog, Message
from babel.messages.pofile import read_po

from feedsvc.language import Language, get_language

MODULE: Final = get_language.__module__
FOLDER: Final = resources.files(sys.modules[MODULE].__package__ or "").joinpath("locale")
TEMPLATE: Final = read_po(BytesIO(FOLDER.joinpath("feedsvc.pot").read_bytes()))
CATALOGS: Final = {
    folder.name.replace("_", "-"): read_po(BytesIO(folder.joinpath("LC_MESSAGES/feedsvc.po").read_bytes()), abort_invalid=True)
    for folder in FOLDER.iterdir()
    if folder.is_dir()
}
TAGS: Final = ("en", *sorted(CATALOGS))
MORNING: Final = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
EVENING: Final = datetime(2026, 1, 2, 16, 5, tzinfo=UTC)


def messages_of(catalog: Catalog) -> dict[str, Message]:
    """Return the messages of a catalogue by key, without its header."""
    return {message.context: message for message in catalog if message.context}


def forms(strings: object) -> tuple[str, ...]:
    """Return the text of a message, or its plural forms, as a tuple."""
    return (strings,) if isinstance(strings, str) else tuple(strings)  # type: ignore[arg-type]


def language_in_india(tag: str) -> Language:
    """Return the language of the tag in the time zone of India, UTC+5:30."""
    return get_language(tag, "Asia/Kolkata")
