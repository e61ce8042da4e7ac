"""Registry of the extensions of all plug-ins, loaded on first use. The first plug-in that fails is an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, TypeVar

from feedsvc.extensions.extension_types import Format, Namespace
from feedsvc.extensions.plugins import FORMATS_GROUP, HOOKS_GROUP, NAMESPACES_GROUP, Plugin, installed_plugins
from feedsvc.feed_model import Feed

BUILT_IN_SUFFIXES: Final = ("rss", "atom", "json")
_DISABLED: Final = threading.Event()

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PluginNamespace:
    """Namespace of a plug-in; `plugin` is None for one that a caller of `feedsvc.api.render` gave."""

    namespace: Namespace
    plugin: Plugin | None = None

    def call(self, failure: str, function: Callable[[], _T]) -> _T:
        """Call a function of the namespace and return the result.

        Raises PluginError for any exception, with `failure` as predicate of its text; those of a namespace without plug-in
        unchanged.
        """
        return self.plugin.call(failure, function) if self.plugin else function()


@dataclass(frozen=True, slots=True)
class PluginHook:
    plugin: Plugin
    function: Callable[[Any], object]


@dataclass(slots=True)
class Extensions:
    """Extensions of all plug-ins."""

    formats: dict[str, Format] = field(default_factory=dict)
    namespaces: list[PluginNamespace] = field(default_factory=list)
    hooks: list[PluginHook] = field(default_factory=list)


def load_extensions() -> Extensions:
    """Return the extensions of all plug-ins; none after `disable_plugins`. The first call imports the code of the plug-ins.

    Raises PluginError for the first plug-in that cannot be loaded.
    """
    return Extensions() if _DISABLED.is_set() else _import_plugins()


@cache
def _import_plugins() -> Extensions:
    extensions = Extensions()
    for plugin in installed_plugins():
        _LOADERS[plugin.group](plugin, extensions)
    return extensions


def _load_format(plugin: Plugin, extensions: Extensions) -> None:
    loaded = _checked(plugin, plugin.load(), Format, "feedsvc.api.Format")
    if loaded.suffix != plugin.name:
        raise plugin.error(f"has the suffix '{loaded.suffix}'; the entry point must have the same name")
    if loaded.suffix in (*BUILT_IN_SUFFIXES, *extensions.formats):
        raise plugin.error(f"has the suffix '{loaded.suffix}' of another format")

    def render(feed: Feed) -> bytes:
        data = plugin.call(f"cannot render the feed {feed.id}", lambda: loaded.render(feed))
        return _checked(plugin, data, bytes, "bytes: return text.encode()")

    extensions.formats[loaded.suffix] = replace(loaded, render=render)


def _load_namespace(plugin: Plugin, extensions: Extensions) -> None:
    loaded = _checked(plugin, plugin.load(), Namespace, "feedsvc.api.Namespace")
    for other in extensions.namespaces:
        if loaded.prefix == other.namespace.prefix or loaded.uri == other.namespace.uri:
            raise plugin.error(f"has the prefix '{loaded.prefix}' or the URI of {other.plugin}")
    extensions.namespaces.append(PluginNamespace(loaded, plugin))


def _load_hook(plugin: Plugin, extensions: Extensions) -> None:
    loaded = plugin.load()
    if not callable(loaded):
        raise plugin.error(f"gave {type(loaded).__name__}; expected a function with one argument")
    extensions.hooks.append(PluginHook(plugin, loaded))


_LOADERS: Final[Mapping[str, Callable[[Plugin, Extensions], None]]] = {
    FORMATS_GROUP: _load_format,
    NAMESPACES_GROUP: _load_namespace,
    HOOKS_GROUP: _load_hook,
}


def _checked(plugin: Plugin, value: object, expected: type[_T], expectation: str) -> _T:
    """Return a value of the expected type. Raises PluginError, with the `expectation`, for others."""
    if not isinstance(value, expected):
        raise plugin.error(f"gave {type(value).__name__}; expected {expectation}")
    return value


def disable_plugins() -> None:
    """Ignore all extensions of plug-ins in this process from now on. For checks of themes: imports count against their limits."""
    _DISABLED.set()
