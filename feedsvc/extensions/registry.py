"""Registry of the extensions of all plug-ins, loaded on first use. If one plug-in fails, the other ones are loaded anyway."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, TypeVar

from feedsvc.errors import PluginError
from feedsvc.extensions.extension_types import Format, Namespace
from feedsvc.extensions.plugins import FORMATS_GROUP, HOOKS_GROUP, NAMESPACES_GROUP, Plugin, installed_plugins
from feedsvc.feed_model import Feed

BUILT_IN_SUFFIXES: Final = ("rss", "atom", "json")
_MAX_REPORTS: Final = 100  # different faults of plug-ins that one process logs
_LOG: Final = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PluginNamespace:
    """Namespace of a plug-in; `plugin` is None for one that a caller of `feedsvc.api.render` gave."""

    namespace: Namespace
    plugin: Plugin | None = None


@dataclass(frozen=True, slots=True)
class PluginHook:
    plugin: Plugin
    function: Callable[[Any], object]


@dataclass(slots=True)
class Extensions:
    """Extensions of all plug-ins. `failures` maps those that could not be loaded to their errors.

    A format that could not be loaded is among `formats`, unless its suffix is invalid or used; rendering it raises its error.
    """

    formats: dict[str, Format] = field(default_factory=dict)
    namespaces: list[PluginNamespace] = field(default_factory=list)
    hooks: list[PluginHook] = field(default_factory=list)
    failures: dict[Plugin, PluginError] = field(default_factory=dict)


def load_extensions() -> Extensions:
    """Return the extensions of all plug-ins; none after `disable_plugins`. The first call imports the code of the plug-ins.

    Raises no errors of plug-ins: they are in `failures` of the result, and are not logged here.
    """
    return Extensions() if _POLICY.is_disabled else _import_plugins()


@cache
def _import_plugins() -> Extensions:
    extensions = Extensions()
    for plugin in installed_plugins():
        try:
            _LOADERS[plugin.group](plugin, extensions)
        except PluginError as error:
            extensions.failures[plugin] = error
            if plugin.group == FORMATS_GROUP:
                _add_broken_format(plugin, error, extensions)
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


def _add_broken_format(plugin: Plugin, error: PluginError, extensions: Extensions) -> None:
    """Add a format that raises `error`, so that its addresses are unavailable, not missing. Skip an invalid or used suffix."""

    def render(_: Feed) -> bytes:
        raise error

    try:
        broken = Format(suffix=plugin.name, name=plugin.name.upper(), media_type="application/octet-stream", render=render)
    except ValueError:
        return
    if broken.suffix not in (*BUILT_IN_SUFFIXES, *extensions.formats):
        extensions.formats[broken.suffix] = broken


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


class _Policy:
    """Policy of this process for plug-ins.

    If it `is_tolerant`, documents are rendered without the elements of a namespace whose plug-in fails. If it `is_disabled`,
    there are no plug-ins. `reported` are the keys of the faults that were logged.
    """

    def __init__(self) -> None:
        self.is_tolerant = self.is_disabled = False
        self.reported: set[str] = set()


_POLICY: Final = _Policy()


def disable_plugins() -> None:
    """Ignore all extensions of plug-ins in this process from now on. For checks of themes: imports count against their limits."""
    _POLICY.is_disabled = True


def tolerate_faults() -> None:
    """Omit, from now on, the elements of a namespace that fails and log the fault once, instead of raising PluginError.

    Servers call this. It imports all plug-ins, and logs at once those that cannot be loaded.
    """
    _POLICY.is_tolerant = True
    report_faults(load_extensions().failures.values())


def require_extensions(*groups: str) -> None:
    """Raise the PluginError of the first plug-in of these groups of entry points that could not be loaded.

    Without `groups`, they are those of formats and namespaces, and hooks that could not be loaded are logged: they change no
    document. Programs that write documents to files or buckets call this.
    """
    failures = load_extensions().failures
    for plugin, error in failures.items():
        if plugin.group in (groups or (FORMATS_GROUP, NAMESPACES_GROUP)):
            raise error
    if not groups:
        report_faults(failures.values())


def report_faults(errors: Iterable[PluginError]) -> None:
    """Log each error, unless this process has logged one with the same `key`, or already _MAX_REPORTS errors."""
    for error in errors:
        if error.key not in _POLICY.reported and len(_POLICY.reported) < _MAX_REPORTS:
            _POLICY.reported.add(error.key)
            _LOG.error("feedsvc: %s", error)


def call_namespace(extension: PluginNamespace, failure: str, function: Callable[[], _T], default: _T) -> _T:
    """Call a function of a namespace and return the result.

    If it raises an exception, log the fault once and return `default` if `tolerate_faults` was called in this process;
    otherwise raise PluginError, with `failure` as predicate of its text. Exceptions of a namespace without plug-in are raised
    unchanged.
    """
    if extension.plugin is None:
        return function()
    try:
        return extension.plugin.call(failure, function)
    except PluginError as error:
        if not _POLICY.is_tolerant:
            raise
        report_faults([error])
        return default


def plugin_namespaces() -> tuple[PluginNamespace, ...]:
    """Return the namespaces of all plug-ins; () after `disable_plugins`. The first call imports the plug-ins.

    Raises PluginError for a namespace that could not be loaded, except after `tolerate_faults`: then it is left out.
    """
    if not _POLICY.is_tolerant and any(plugin.group == NAMESPACES_GROUP for plugin in installed_plugins()):
        require_extensions(NAMESPACES_GROUP)
    return tuple(load_extensions().namespaces) if installed_plugins() else ()
