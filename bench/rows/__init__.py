"""The groups of rows, each a function from a Lab to its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bench.lab import Lab
from bench.rows import behind_nginx, builds, many_documents, memory, pictures, requests, saves, starts, trees
from bench.table import Row

Group = Callable[[Lab], Iterator[Row]]
GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {
        "feeds": builds.feeds,
        "site": builds.site,
        "small-site": builds.small_site,
        "pictures": pictures.pictures,
        "pelican": builds.beside_pelican,
        "start": starts.starts,
        "saves": saves.saves,
        "tree": trees.trees,
        "requests": requests.requests,
        "many": many_documents.many_documents,
        "workers": requests.workers,
        "p99": requests.p99,
        "memory": memory.memory,
        "nginx": behind_nginx.behind_nginx,
    }
)
