"""Hint for errors about a missing content folder: the two commands that need none."""

from __future__ import annotations

import shlex
from pathlib import Path


def first_steps_hint(folder: Path | str) -> str:
    """Return a hint that names the commands `init` and `demo`. `folder` is the missing content folder."""
    return f"feedsvc init {shlex.quote(str(folder))} writes a new newsroom there, and feedsvc demo serves a sample"
