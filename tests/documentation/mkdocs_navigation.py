"""The navigation of the site in mkdocs.yml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests import ROOT


class _Loader(yaml.SafeLoader):
    """Loader that reads values with a tag, which only MkDocs needs, as None."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def navigation() -> list[str]:
    """Return the pages in the navigation, in order: paths below docs/."""
    return list(_pages(yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), _Loader)["nav"]))


def _pages(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    else:
        for one in entry.values() if isinstance(entry, dict) else entry:
            yield from _pages(one)
