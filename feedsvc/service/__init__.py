"""Service: all that serves one content folder in one process, except the server that accepts connections.

Input: settings. Output: a WSGI application with its edition, watcher, read counts, private feeds and notifications of hubs.
The command line runs it on feedsvc's own server, `wsgi` on another server, and `flask`, without counts and notifications, in
another application.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from feedsvc.service.assembly import open_live
    from feedsvc.service.config import ServiceConfig
    from feedsvc.service.newsroom import LiveNewsroom, open_newsroom, require_usable_state_folder
    from feedsvc.service.own_environ import with_own_environ
    from feedsvc.service.service import Service

__all__ = [
    "LiveNewsroom",
    "Service",
    "ServiceConfig",
    "open_live",
    "open_newsroom",
    "require_usable_state_folder",
    "with_own_environ",
]

# Imported on first use: a build needs only one of these names, and none of the libraries of a server.
_MODULES: Final = {
    "LiveNewsroom": "newsroom",
    "Service": "service",
    "ServiceConfig": "config",
    "open_newsroom": "newsroom",
    "open_live": "assembly",
    "require_usable_state_folder": "newsroom",
    "with_own_environ": "own_environ",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
