"""What a run needs beyond feedsvc, each with the line that brings it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Final

from bench import hugo, nginx, wrk
from bench.product import profiler

_EXTRA: Final = "pip install -e '.[bench]'"
# Group of rows -> what only it needs; "curves" and "profile" stand for the options.
_OF: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "feeds": ("hugo",),
        "site": ("hugo",),
        "small-site": ("hugo",),
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
    }
)
_INSTALL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hugo": hugo.INSTALL,
        "nginx": nginx.INSTALL,
        "wrk": wrk.INSTALL,
        "taskset": "apt-get install util-linux",
        "pelican": _EXTRA,
        "matplotlib": _EXTRA,
        "PIL": _EXTRA,
        "py-spy": _EXTRA,
    }
)

# What may lie where PATH does not lead.
_ELSEWHERE: Final[Mapping[str, Callable[[], str]]] = MappingProxyType({"nginx": nginx.program, "py-spy": profiler})


def missing(groups: Iterable[str]) -> Iterator[str]:
    """A sentence for each thing that these groups need and this machine lacks."""
    for name in dict.fromkeys(need for group in groups for need in _OF.get(group, ())):
        if not _here(name):
            yield f"{name} is missing: {_INSTALL[name]}"


def _here(name: str) -> bool:
    if name in ("pelican", "matplotlib", "PIL"):
        return find_spec(name) is not None
    return bool(_ELSEWHERE[name]() if name in _ELSEWHERE else shutil.which(name))
