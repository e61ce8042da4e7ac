"""Check that the programs and modules a run needs are installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from bench import hugo, nginx, wordpress, wrk
from bench.product import profiler_path

_EXTRA: Final = "pip install --group bench"
# Group of rows -> its requirements; "curves" and "profile" are options.
_REQUIREMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "feeds": ("hugo",),
        "site": ("hugo",),
        "small-site": ("hugo",),
        "page-sizes": ("hugo",),
        "pictures": ("hugo", "PIL"),
        "pelican": ("pelican",),
        "start": ("hugo",),
        "saves": ("hugo",),
        "requests": ("wrk", "taskset"),
        "workers": ("wrk", "taskset"),
        "p99": ("wrk", "taskset"),
        "nginx": ("nginx", "wrk", "taskset"),
        "curves": ("hugo", "matplotlib"),
        "profile": ("py-spy",),
        "import": ("pelican", "markdown", "bs4", "pandoc"),
        "import-many": ("markdown",),
    }
)
_INSTALL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hugo": hugo.INSTALL,
        "nginx": nginx.INSTALL,
        "wrk": wrk.INSTALL,
        "taskset": "apt-get install util-linux",
        "pelican": _EXTRA,
        "markdown": _EXTRA,
        "bs4": _EXTRA,
        "pandoc": wordpress.PANDOC,
        "matplotlib": _EXTRA,
        "PIL": _EXTRA,
        "py-spy": _EXTRA,
    }
)

# Programs that may be installed outside PATH.
_PROGRAM_PATHS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"nginx": nginx.program_path, "py-spy": profiler_path})


def find_missing(groups: Iterable[str]) -> Iterator[str]:
    """Return a message with the install command for each requirement of these groups that is not installed."""
    for name in dict.fromkeys(need for group in groups for need in _REQUIREMENTS.get(group, ())):
        if not _is_installed(name):
            yield f"{name} is missing: {_INSTALL[name]}"


def _is_installed(name: str) -> bool:
    if name in ("pelican", "markdown", "bs4", "matplotlib", "PIL"):
        return find_spec(name) is not None
    return bool(_PROGRAM_PATHS[name]() if name in _PROGRAM_PATHS else shutil.which(name))
