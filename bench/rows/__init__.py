"""The groups of rows. Each is a function that measures in a Run and returns its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from bench.rows import (
    behind_nginx,
    builds,
    custom_feeds,
    imports,
    many_documents,
    memory,
    million,
    page_sizes,
    pictures,
    requests,
    saves,
    starts,
    trees,
)
from bench.run import Run
from bench.table import Row

Group = Callable[[Run], Iterator[Row]]
GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {
        "feeds": builds.feeds,
        "site": builds.site,
        "small-site": builds.small_site,
        "page-sizes": page_sizes.page_sizes,
        "pictures": pictures.pictures,
        "pelican": builds.pelican_site,
        "start": starts.starts,
        "saves": saves.saves,
        "custom": custom_feeds.custom_feeds,
        "tree": trees.trees,
        "requests": requests.requests,
        "many": many_documents.many_documents,
        "workers": requests.workers,
        "p99": requests.p99,
        "memory": memory.memory,
        "nginx": behind_nginx.behind_nginx,
        "import": imports.imports,
        "import-many": imports.many_imports,
        "million": million.million,
    }
)
