"""Factory of the Flask application for other WSGI servers, for applications that embed it, and for `flask --app feedsvc.wsgi`."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from feedsvc import web
from feedsvc.access import TokenAuthorizer, open_token_store
from feedsvc.content.folder import ContentFolder, open_content_folder
from feedsvc.content.media import VariantStore
from feedsvc.live import Live, Watcher
from feedsvc.publication import LastModifiedStore
from feedsvc.support.alerts import Alerts


def create_app(content: str = "content", base_url: str = "", state: str = "") -> Flask:
    """Return the application of the folder `content`. A thread follows the folder's changes until the process ends.

    `base_url` replaces that of site.yaml, unless it is "". `state` is the path of the state folder; without one there are no
    Last-Modified dates, no narrower copies of images, no private feeds, and no last valid versions after a restart. There is no
    response cache, so that functions that the caller registers with `before_request` and `after_request` run for each request.
    Raises ContentError if the content folder cannot be used.
    """
    root, alerts = Path(content), Alerts()
    authorizer: TokenAuthorizer | None = None
    if not state:
        live = Live(ContentFolder(root, base_url), None, alerts=alerts)
    else:
        folder = Path(state)
        live = Live(
            open_content_folder(root, base_url, folder, alerts),
            LastModifiedStore(folder / "modified.sqlite", alerts),
            variant_store=VariantStore(folder / "pictures", alerts),
            alerts=alerts,
        )
        authorizer = TokenAuthorizer(open_token_store(folder), alerts, lambda: bool(live.edition.content.private_feeds))
    Watcher(root, live).start()
    return web.create_app(live, caches_responses=False, token_authorizer=authorizer)
