"""Hint for errors about a missing content folder: the newsroom around it, or the two commands that need none."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from feedsvc.content.reading.files import SITE_FILE
from feedsvc.support.posix import CAN_FORK, quote_argument


def first_steps_hint(folder: Path | str) -> str:
    """Return a hint for a path that is no content folder, for an error message.

    It names the nearest folder above the path that has a site.yaml; if there is none, the commands `init` and `demo` (only
    `init` on Windows).
    """
    if newsroom := _newsroom_around(Path(folder)):
        if newsroom.samefile("."):
            return f"{SITE_FILE} is in the current folder: give . as the folder"
        return f"{SITE_FILE} is in {quote_argument(str(newsroom))}: give that folder"
    demo = ", and feedsvc demo serves a sample" if CAN_FORK else ""  # Windows runs no server
    return f"feedsvc init {quote_argument(str(folder))} writes a new newsroom there{demo}"


def _newsroom_around(path: Path) -> Path | None:
    with suppress(OSError):  # the current folder was removed
        return next((parent for parent in path.absolute().parents if (parent / SITE_FILE).is_file()), None)
    return None
