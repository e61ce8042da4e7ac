"""Plug-ins: entry points of installed distributions, found without importing their code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeVar

from feedsvc.errors import PluginError
from feedsvc.support.digest import blake2b

if TYPE_CHECKING:
    from importlib.metadata import Distribution

FORMATS_GROUP: Final = "feedsvc.formats"
NAMESPACES_GROUP: Final = "feedsvc.namespaces"
HOOKS_GROUP: Final = "feedsvc.edition_hooks"
_KINDS: Final = {FORMATS_GROUP: "format", NAMESPACES_GROUP: "namespace", HOOKS_GROUP: "edition hook"}
_DIGEST_SIZE: Final = 12  # bytes

_R = TypeVar("_R")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Plugin:
    """Entry point of an installed distribution. `target` is its object reference: "acme_feeds:CSV"."""

    distribution: str
    version: str
    group: str
    name: str
    target: str

    def __str__(self) -> str:
        return f"the plug-in {self.distribution} {self.version} ({_KINDS[self.group]} {self.name})"

    @property
    def summary(self) -> str:
        return f"{_KINDS[self.group]} {self.name}"

    def load(self) -> object:
        """Import the object and return it, whatever its type. Raises PluginError for any exception of the import."""
        from importlib.metadata import EntryPoint  # noqa: PLC0415 - see installed_plugins

        entry_point = EntryPoint(self.name, self.target, self.group)
        return self.call(f"cannot be loaded from {self.target}", entry_point.load)

    def call(self, failure: str, function: Callable[[], _R]) -> _R:
        """Call a function of the plug-in and return the result. If it raises an exception, raise PluginError instead.

        `failure` is the predicate of the error's text, before the exception: "cannot render the feed".
        """
        try:
            return function()
        except (Exception, SystemExit) as error:
            raise self.error(f"{failure}: {_describe(error)}", type(error).__name__) from error

    def error(self, failure: str, kind: str = "") -> PluginError:
        """Return (do not raise) an error: the plug-in, the predicate `failure`, and the advice to correct or remove it.

        Errors of one plug-in and one `kind` have the same `key`, by which they are logged once.
        """
        advice = f"correct or remove it (pip uninstall {self.distribution})"
        return PluginError(f"{self} {failure}; {advice}", f"{self.distribution} {self.group} {self.name} {kind}")


@cache
def installed_plugins() -> tuple[Plugin, ...]:
    """Return the plug-ins of this environment, sorted by distribution, version, group and name: equal in every process.

    The environment is read once per process. Distributions with damaged metadata are left out; of several with one name, the
    first that has plug-ins counts. The result is the same after `disable_plugins`.
    """
    from importlib.metadata import distributions  # noqa: PLC0415 - importing and reading it takes longer than many commands

    plugins: dict[str, list[Plugin]] = {}  # of the first distribution of each name, which Python would import
    for distribution in distributions():
        if found := _plugins_of(distribution):
            plugins.setdefault(found[0].distribution.casefold(), found)
    return tuple(sorted(chain.from_iterable(plugins.values())))


def _plugins_of(distribution: Distribution) -> list[Plugin]:
    """Return the plug-ins of a distribution; [] if its metadata are damaged, as those of any other package may be."""
    try:
        points = [point for point in distribution.entry_points if point.group in _KINDS]
        return [
            Plugin(
                distribution=str(distribution.name),
                version=str(distribution.version),
                group=point.group,
                name=point.name,
                target=point.value,
            )
            for point in points
        ]
    except Exception:  # noqa: BLE001 - importlib.metadata documents none
        return []


@cache
def plugins_fingerprint() -> tuple[tuple[str, ...], ...]:
    """Return (distribution, version, group, name, target, digest of its code) of each plug-in with a format or namespace.

    Documents depend on these facts. The code of libraries that a plug-in imports is not included in the digest, which is "" if
    Python does not find the module. The result is computed once per process; () without such plug-ins.
    """
    return tuple(
        (plugin.distribution, plugin.version, plugin.group, plugin.name, plugin.target, _code_digest(plugin))
        for plugin in installed_plugins()
        if plugin.group != HOOKS_GROUP
    )


def _code_digest(plugin: Plugin) -> str:
    """Return the digest (hexadecimal) of the Python files of the plug-in's top-level module or package.

    "" if Python does not find that module. Files that cannot be read, such as those in an archive, are not included.
    """
    try:
        spec = find_spec(plugin.target.partition(":")[0].partition(".")[0].strip())
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    code: list[bytes] = []
    folders = [*(spec.submodule_search_locations or ())]
    for root, file in [("", spec.origin)] if spec.origin and not folders else _python_files(folders):
        try:
            with open(file, "rb") as opened:
                code += (file.removeprefix(root).encode(), opened.read()) if root else (opened.read(),)
        except OSError:  # in an archive, or built in
            continue
    return blake2b(b"".join(code), size=_DIGEST_SIZE).hex()


def _python_files(folders: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (element of `folders`, path) for each Python file below that folder, at any depth, sorted by path in each folder.

    The path begins with the folder.
    """
    for root in folders:
        files = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names if name.endswith(".py"))
        yield from ((root, file) for file in sorted(files))


def _describe(error: BaseException) -> str:
    """Return type, message and place of an exception in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({os.path.basename(frames[-1].filename)}, line {frames[-1].lineno})" if frames else ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}{f': {message}' if message else ''}{place}"
