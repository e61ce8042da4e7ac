"""Extensions of feeds that installed plug-ins add: formats, namespaces, and hooks that are called for new editions.

The input is the metadata of installed distributions. The output is a registry of their objects. `feeds` renders with them, and
the public API re-exports their types. Nothing is read or imported before the first use.
"""

from feedsvc.extensions.extension_types import ABSOLUTE_URI, MEDIA_TYPE, Element, Format, Namespace
from feedsvc.extensions.plugins import Plugin, installed_plugins, plugins_fingerprint
from feedsvc.extensions.registry import (
    BUILT_IN_SUFFIXES,
    PluginHook,
    PluginNamespace,
    disable_plugins,
    load_extensions,
)

__all__ = [
    "ABSOLUTE_URI",
    "BUILT_IN_SUFFIXES",
    "MEDIA_TYPE",
    "Element",
    "Format",
    "Namespace",
    "Plugin",
    "PluginHook",
    "PluginNamespace",
    "disable_plugins",
    "installed_plugins",
    "load_extensions",
    "plugins_fingerprint",
]
