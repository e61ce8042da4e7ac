"""Problems of files in the log of a program that embeds feedsvc."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from feedsvc.errors import Problem
from feedsvc.live import Edition

_LOG: Final = logging.getLogger(__name__)


def log_problems(problems: Iterable[Problem]) -> None:
    """Log each problem as a warning: position, severity, message and hint."""
    for problem in problems:
        hint = f"; {problem.hint}" if problem.hint else ""
        position = f"{problem.path}:{problem.line}:{problem.column}"
        _LOG.warning("feedsvc: %s: %s: %s%s", position, problem.severity, problem.message, hint)


def log_new_problems(before: Edition, now: Edition) -> None:
    """Log each problem that only the edition `now` has, and the files that have none any more. A listener of the Watcher."""
    log_problems(sorted(set(now.content.problems) - set(before.content.problems)))
    former_paths = {problem.path for problem in before.content.problems}
    for path in sorted(former_paths.difference([problem.path for problem in now.content.problems])):
        _LOG.info("feedsvc: %s: no problem any more", path)
