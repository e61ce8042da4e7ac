"""Public Python API: content folders as feeds, feeds of one's own objects, and the types of plug-ins.

Names in `__all__` are public: docs/api.md documents them, and a test compares their signatures with stored ones. Every other name
of feedsvc is private. Importing this package is cheap: each name is imported on its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from feedsvc.api.constructors import new_entry, new_feed
    from feedsvc.api.newsroom import EditionEvent, Newsroom, NewsroomListing, open_folder
    from feedsvc.api.rendering import formats, render
    from feedsvc.errors import ContentError, FeedsvcError, FieldError, PluginError, Problem
    from feedsvc.extensions import Element, Format, Namespace
    from feedsvc.feed_model import Alternate, Entry, Feed, Link, Person, Term, Tombstone
    from feedsvc.license_model import License, LicenseScope, Payment
    from feedsvc.model import Enclosure, Image, Source

__all__ = [
    "Alternate",
    "ContentError",
    "EditionEvent",
    "Element",
    "Enclosure",
    "Entry",
    "Feed",
    "FeedsvcError",
    "FieldError",
    "Format",
    "Image",
    "License",
    "LicenseScope",
    "Link",
    "Namespace",
    "Newsroom",
    "NewsroomListing",
    "Payment",
    "Person",
    "PluginError",
    "Problem",
    "Source",
    "Term",
    "Tombstone",
    "formats",
    "new_entry",
    "new_feed",
    "open_folder",
    "render",
]

_NAMES: Final = {
    "api.constructors": ("new_entry", "new_feed"),
    "api.newsroom": ("EditionEvent", "Newsroom", "NewsroomListing", "open_folder"),
    "api.rendering": ("formats", "render"),
    "errors": ("ContentError", "FeedsvcError", "FieldError", "PluginError", "Problem"),
    "extensions": ("Element", "Format", "Namespace"),
    "feed_model": ("Alternate", "Entry", "Feed", "Link", "Person", "Term", "Tombstone"),
    "license_model": ("License", "LicenseScope", "Payment"),
    "model": ("Enclosure", "Image", "Source"),
}
_MODULES: Final = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"feedsvc.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
