"""WSGI applications for other servers: `app` with all that `feedsvc serve` does, and the factory `create_app`.

`app` (also `application`) has the settings of `serve`, from its variables and settings file:
`FEEDSVC_CONTENT=newsroom gunicorn feedsvc.wsgi:app`.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from flask import Flask

from feedsvc import web
from feedsvc.cli import import_cli_module
from feedsvc.service import open_newsroom

_NAMES: Final = ("app", "application")  # mod_wsgi and uWSGI expect the latter


def create_app(content: str = "", base_url: str = "", state: str = "") -> Flask:
    """Return the application of the folder `content`. A thread follows the folder's changes until the process ends.

    Without `content`, what is not given is that of `feedsvc serve`, from its variables and settings file. `base_url` replaces
    that of site.yaml, unless it is "". `state` is the path of the state folder; if only `content` is given, there are no
    Last-Modified dates, no narrower copies of images, no private feeds, and no last valid versions after a restart. There is no
    response cache, so that functions that the caller registers with `before_request` and `after_request` run for each request.
    Raises ContentError if the content folder cannot be used, and FeedsvcError for an invalid `base_url` or state folder.
    """
    if not content:
        config = import_cli_module("wsgi_runner").read_service_config()
        content, base_url, state = config.content, base_url or config.base_url, state or config.state_folder
    newsroom = open_newsroom(Path(content), base_url, Path(state) if state else None, ExitStack())
    return web.create_app(newsroom.live, caches_responses=False, token_authorizer=newsroom.token_authorizer)


def __getattr__(name: str) -> Any:
    """Return the application for the names `app` and `application`; the first use of either loads it.

    So importing this module for `create_app` opens nothing. If a setting is invalid or the content folder cannot be used, print
    the reason and raise SystemExit. Raises AttributeError for any other name.
    """
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    application = import_cli_module("wsgi_runner").load_application()
    globals().update(dict.fromkeys(_NAMES, application))
    return application
