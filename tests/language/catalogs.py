"""The message catalogs of the pages, and the language and times that several tests use."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from feedsvc.language import Language, get_language

MODULE: Final = get_language.__module__
CATALOGS: Final[dict[str, dict[str, str | dict[str, str]]]] = {
    file.name.removesuffix(".json"): json.loads(file.read_text("utf-8"))
    for file in resources.files(sys.modules[MODULE].__package__ or "").joinpath("words").iterdir()
    if file.name.endswith(".json")
}
MORNING: Final = datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
EVENING: Final = datetime(2026, 1, 2, 16, 5, tzinfo=UTC)


def language_in_india(tag: str) -> Language:
    """Return the language of the tag in the time zone of India, UTC+5:30."""
    return get_language(tag, "Asia/Kolkata")
