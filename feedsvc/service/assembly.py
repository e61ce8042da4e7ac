"""Assembly of what every service of a content folder has: its current edition, and the authorizer of private feeds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from feedsvc.access import TokenAuthorizer, open_token_store
from feedsvc.content.folder import ContentFolder
from feedsvc.content.media import VariantStore
from feedsvc.live import Live
from feedsvc.pages import ThemeSelection
from feedsvc.publication import LastModifiedStore
from feedsvc.support.alerts import Alerts


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
