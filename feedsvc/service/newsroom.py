"""Newsroom in the application of another program: the current edition and private feeds, without counts and notifications."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.access import TokenAuthorizer
from feedsvc.content.folder import ContentFolder, open_content_folder
from feedsvc.content.schema import require_base_url
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.live import Edition, Listener, Live, Watcher
from feedsvc.service.assembly import open_live, open_token_authorizer
from feedsvc.support.alerts import Alerts

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveNewsroom:
    """Live edition of a folder, which a watcher thread keeps up to date. `token_authorizer` is None without a state folder."""

    live: Live
    token_authorizer: TokenAuthorizer | None


def require_usable_state_folder(state: Path) -> None:
    """Raise FeedsvcError if the process cannot write into the state folder, or cannot create it. Nothing is left behind.

    A process that loads an application may have other rights than its workers, so the folder itself is not created here.
    """
    try:
        existing = next(folder for folder in (state, *state.absolute().parents) if folder.exists() or folder.is_symlink())
        with tempfile.TemporaryDirectory(prefix=".feedsvc-", dir=existing):
            pass
    except OSError as error:
        raise FeedsvcError(f"{state} cannot be used ({error.strerror}); give another folder as the argument state") from None


def open_newsroom(
    content: Path,
    base_url: str,
    state: Path | None,
    stack: ExitStack,
    *,
    alerts: Alerts | None = None,
    listeners: Iterable[Listener] = (),
) -> LiveNewsroom:
    """Read the folder `content` and start a watcher thread that follows its changes; `stack` ends it and closes what it uses.

    `base_url`, unless "", replaces that of site.yaml. Without `state`, the state folder, there are no Last-Modified dates, no
    image variants, no private feeds, and no last valid versions after a restart. Problems of files are logged as warnings. The
    thread calls `listeners` after each new edition. Raises ContentError if the content folder cannot be used, and FeedsvcError
    for an invalid `base_url` or an unusable state folder.
    """
    require_base_url(base_url, "base_url")
    if state:
        require_usable_state_folder(state)
    alerts = alerts or Alerts()

    def open_folder() -> ContentFolder:
        return open_content_folder(content, base_url, state, alerts) if state else ContentFolder(content, base_url)

    live = open_live(open_folder, state, alerts, stack)
    authorizer = open_token_authorizer(live, state, stack) if state else None
    _log_problems(live.edition.content.problems)
    watcher = Watcher(content, live, [_log_new_problems, *listeners])
    stack.callback(watcher.stop)
    watcher.start()
    return LiveNewsroom(live, authorizer)


def _log_problems(problems: Iterable[Problem]) -> None:
    """Log each problem as a warning: position, severity, message and hint."""
    for problem in problems:
        hint = f"; {problem.hint}" if problem.hint else ""
        position = f"{problem.path}:{problem.line}:{problem.column}"
        _LOG.warning("feedsvc: %s: %s: %s%s", position, problem.severity, problem.message, hint)


def _log_new_problems(before: Edition, now: Edition) -> None:
    """Log each problem that only the edition `now` has, and the files that have none any more. A listener of the Watcher."""
    _log_problems(sorted(set(now.content.problems) - set(before.content.problems)))
    former_paths = {problem.path for problem in before.content.problems}
    for path in sorted(former_paths.difference([problem.path for problem in now.content.problems])):
        _LOG.info("feedsvc: %s: no problem any more", path)
