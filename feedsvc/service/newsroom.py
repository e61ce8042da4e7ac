"""Newsroom of a process: its current edition and the authorizer of private feeds, for a service or another application."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.access import TokenAuthorizer, open_token_store
from feedsvc.content.folder import ContentFolder, open_content_folder
from feedsvc.content.media import VariantStore
from feedsvc.content.schema.field_types import require_base_url
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.live import Edition, Listener, Live, Watcher
from feedsvc.pages import ThemeSelection
from feedsvc.publication import LastModifiedStore
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


def open_live(
    open_content_folder: Callable[[], ContentFolder],
    state_folder: Path | None,
    alerts: Alerts,
    stack: ExitStack,
    *,
    has_last_modified: bool = True,
) -> Live:
    """Read the content folder and return the Live that holds its current edition; `stack` closes what it opens.

    It starts no watcher thread, so nothing follows changes yet. Without `state_folder`, there are no variants of images.
    Without `state_folder` or without `has_last_modified`, documents have no Last-Modified. Raises FeedsvcError if the file of
    these dates in the state folder cannot be used, before it calls `open_content_folder`, because reading a content folder can
    take minutes; ContentError if the content folder cannot be used. Exceptions of `open_content_folder` are passed on.
    """
    last_modified: LastModifiedStore | None = None
    if state_folder and has_last_modified:
        last_modified = stack.enter_context(closing(LastModifiedStore(state_folder / "modified.sqlite", alerts)))
    variant_store: VariantStore | None = None
    if state_folder:
        variant_store = stack.enter_context(closing(VariantStore(state_folder / "pictures", alerts)))
    return Live(
        open_content_folder(),
        last_modified,
        variant_store=variant_store,
        alerts=alerts,
        theme_selection=ThemeSelection(state_folder, alerts=alerts),
    )


def open_token_authorizer(live: Live, state_folder: Path, stack: ExitStack, database_url: str = "") -> TokenAuthorizer:
    """Return the authorizer of private feeds, with tokens in the database, or in the state folder if `database_url` is "".

    Starts its thread; `stack` ends it. Raises FeedsvcError for an invalid URL or a missing driver, but not if the store cannot
    be read. The store in the state folder is opened only once the site has private feeds, because that imports SQLAlchemy.
    """
    open_store = partial(open_token_store, state_folder, database_url)
    if database_url:
        open_store()

    def has_private_feeds() -> bool:
        return bool(live.edition.content.private_feeds)

    return stack.enter_context(closing(TokenAuthorizer(open_store, live.alerts, has_private_feeds)))


def _log_problems(problems: Iterable[Problem]) -> None:
    """Log each problem as a warning: position, severity, message and hint."""
    for problem in problems:
        hint = f"; {problem.hint}" if problem.hint else ""
        position = f"{problem.path}:{problem.line}:{problem.column}"
        _LOG.warning("feedsvc: %s: %s: %s%s", position, problem.severity, problem.message, hint)


def _log_new_problems(before: Edition, now: Edition) -> None:
    """Log each problem that only the edition `now` has, and the files that have none any more. A listener of the Watcher."""
    former, problems = before.content.sorted_problems, now.content.sorted_problems
    _log_problems(problems.difference(former))
    for path in dict.fromkeys(problem.path for problem in former.difference(problems)):
        if not now.content.problems_at(path):
            _LOG.info("feedsvc: %s: no problem any more", path)
