"""Blueprint of a content folder, and responses with feeds of your own, for a Flask application of yours.

`app.register_blueprint(blueprint("newsroom"))` adds a folder; a view function can return `feed_response(feed, "rss")`.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort

from feedsvc.api import Feed, Format, render
from feedsvc.content.folder import load_settings
from feedsvc.content.schema.field_types import require_base_url
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.feeds import FORMATS
from feedsvc.live import Edition
from feedsvc.publication import Document
from feedsvc.service import open_newsroom, require_usable_state_folder
from feedsvc.support.alerts import Alerts
from feedsvc.support.clock import wall_clock
from feedsvc.support.per_process import PerProcess
from feedsvc.uris import mount_path
from feedsvc.web import SiteViews, add_site_endpoints, document_response, site_views

__all__ = ["NewsroomBlueprint", "blueprint", "feed_response"]

_ALERT_NAME: Final = "base_url"


class NewsroomBlueprint(Blueprint):
    """Blueprint of a content folder.

    The constructor reads only the settings. The first request in a process reads the whole folder; from then on, a thread of
    that process follows changes of the folder.
    """

    def __init__(self, content: Path, *, name: str, url_prefix: str | None, base_url: str, state: Path | None) -> None:
        """Read base_url in the settings of the folder. The parameters are those of the function `blueprint`.

        Raises ContentError if the folder cannot be used, FeedsvcError for an invalid `base_url` or state folder.
        """
        require_base_url(base_url, "base_url")
        if state:
            require_usable_state_folder(state)
        super().__init__(name, __name__, url_prefix=url_prefix)
        self._content, self._base_url, self._state = content, base_url, state
        self._site_url, self._prefix = _site_url(content, base_url, state), ""
        self._views = PerProcess(self._open)
        add_site_endpoints(self, self._views.get, self._set_prefix)

    def close(self) -> None:
        """Stop the thread of this process that follows changes, and close the files and databases that this process opened.

        The next request reads the folder again. When the process exits, this is called automatically. It does nothing before
        the first request in this process.
        """
        self._views.close()

    def _open(self, stack: ExitStack) -> SiteViews:
        alerts = Alerts()

        def check_edition(_before: Edition, now: Edition) -> None:
            self._check_site_url(now.content.site.base_url, alerts)

        listeners = [check_edition]
        newsroom = open_newsroom(self._content, self._base_url, self._state, stack, alerts=alerts, listeners=listeners)
        self._check_site_url(newsroom.live.base_url(), alerts)
        return site_views(newsroom.live, newsroom.token_authorizer)

    def _set_prefix(self, prefix: str) -> None:
        if prefix and not prefix.startswith("/"):
            raise FeedsvcError(f"url_prefix '{prefix}' does not begin with a slash; write '/{prefix}'")
        if "<" in prefix:
            raise FeedsvcError(f"url_prefix '{prefix}' has a variable part, but a site has one address; write the path itself")
        if self._site_url and (contradiction := _contradiction(self._site_url, prefix)):
            raise FeedsvcError(contradiction)
        self._prefix = prefix

    def _check_site_url(self, site_url: str, alerts: Alerts) -> None:
        """Raise an alert if the path of `site_url` does not end with the blueprint's prefix; else clear that alert."""
        if contradiction := _contradiction(site_url, self._prefix):
            alerts.raise_alert(_ALERT_NAME, contradiction, "base_url of site.yaml fits the blueprint again")
        else:
            alerts.clear(_ALERT_NAME)


def blueprint(
    content: str | os.PathLike[str],
    *,
    url_prefix: str | None = None,
    base_url: str = "",
    state: str | os.PathLike[str] = "",
    name: str = "feedsvc",
) -> NewsroomBlueprint:
    """Return a blueprint with the feeds and pages of the folder `content`.

    Several blueprints in one application need a different `name` each. `url_prefix` is the path of the blueprint in the
    application, which `register_blueprint` can also give. The path of base_url must end with it, because feeds contain absolute
    addresses. `base_url` replaces that of site.yaml, unless it is "". `state` is the path of the state folder; without one
    there are no Last-Modified dates, no narrower copies of images, no private feeds, and no last valid versions after a
    restart.

    Raises ContentError if the content folder cannot be used, and FeedsvcError if `base_url` is invalid or the state folder
    cannot be used. `register_blueprint` raises FeedsvcError if the prefix contradicts base_url, does not begin with a slash or
    has a variable part.
    """
    state_folder = Path(state) if os.fspath(state) else None
    return NewsroomBlueprint(Path(content), name=name, url_prefix=url_prefix, base_url=base_url, state=state_folder)


def feed_response(feed: Feed, format: str | Format = "rss", *, url: str = "") -> Response:  # noqa: A002 - as in feedsvc.api.render
    """Return the response to Flask's current request with a feed: status 200, or 304 if the client has these bytes already.

    It has the media type of the format, an ETag, Last-Modified, which is the feed's `updated`, and Cache-Control; a compressed
    body if the client accepts one. `format` and `url` are those of `feedsvc.api.render`, whose errors are raised, except that an
    unknown format aborts the request with status 404: a view function can pass what stands in its address.
    """
    if isinstance(format, str) and format not in FORMATS:
        abort(404, f"There is no feed format {format!r}, only {', '.join(FORMATS)}.")
    body = render(feed, format, url=url)
    media_type = (format if isinstance(format, Format) else FORMATS[format]).media_type
    document = Document(path="", body=body, media_type=media_type, last_modified=feed.updated)
    return document_response(document, wall_clock())


def _site_url(content: Path, base_url: str, state: Path | None) -> str:
    """Return `base_url`, or if it is "", that of site.yaml. Raises ContentError if the content folder cannot be used.

    If `state` is given, errors in site.yaml raise nothing, because the state folder may have its last valid version: then the
    result is `base_url` as it was given, even if it is "".
    """
    try:
        return load_settings(content, base_url).references.site.base_url
    except ContentError as error:
        if not error.problems or state is None:
            raise
        return base_url


def _contradiction(base_url: str, prefix: str) -> str:
    """Return an error message if the path of base_url does not end with the prefix of the blueprint; "" if it does."""
    mount = mount_path(base_url)
    if mount.endswith(prefix):
        return ""
    other_prefix = f", or url_prefix {mount}" if mount else ""
    return (
        f"the blueprint is at {prefix}, but base_url is {base_url}, so links in feeds would lead elsewhere: "
        f"give base_url {base_url}{prefix}, in site.yaml or as argument of blueprint(){other_prefix}"
    )
