"""The house: data flows one way, and every foreign library has its room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import feedsvc

ROOT: Final = Path(feedsvc.__file__).parent

# A module imports only what stands in its own line or above it. `content` may use what it stands on, never the reverse.
ORDER: Final = (
    ("feedsvc",),
    ("feedsvc.errors", "feedsvc.urls", "feedsvc.model", "feedsvc.codings"),
    ("feedsvc.tag_slugs",),
    ("feedsvc.libc", "feedsvc.state"),
    ("feedsvc.hang_reports",),
    ("feedsvc.watchdog",),
    (
        "feedsvc.clock",
        "feedsvc.collector",
        "feedsvc.completion",
        "feedsvc.descriptors",
        "feedsvc.limited_process",
        "feedsvc.spreading",
        "feedsvc.troubles",
    ),
    ("feedsvc.tables",),
    ("feedsvc.sqlite",),
    ("feedsvc.content",),
    ("feedsvc.ordered", "feedsvc.rows"),
    ("feedsvc.periods",),
    ("feedsvc.division",),
    ("feedsvc.listing",),
    ("feedsvc.timetable", "feedsvc.lookups", "feedsvc.standing", "feedsvc.selection"),
    ("feedsvc.tags", "feedsvc.former_tags"),
    ("feedsvc.catalog",),
    ("feedsvc.language",),
    ("feedsvc.feeds",),
    ("feedsvc.pages", "feedsvc.directory", "feedsvc.sitemaps"),
    ("feedsvc.grounds", "feedsvc.document", "feedsvc.ledger"),
    ("feedsvc.shelf", "feedsvc.difference", "feedsvc.sized", "feedsvc.imprint"),
    ("feedsvc.headers", "feedsvc.publication"),
    ("feedsvc.live", "feedsvc.export", "feedsvc.jumps"),
    ("feedsvc.watch",),
    ("feedsvc.audience", "feedsvc.editing", "feedsvc.preview", "feedsvc.push", "feedsvc.web"),
    ("feedsvc.console",),
    ("feedsvc.cli",),
    ("feedsvc.__main__",),
)
ROOMS: Final = {
    "PIL": (),
    "backports": ("feedsvc.codings",),
    "brotli": ("feedsvc.codings",),
    "compression": ("feedsvc.codings",),
    "babel": ("feedsvc.language",),
    "click": ("feedsvc.cli", "feedsvc.console"),
    "deflate": ("feedsvc.codings",),
    "feedgen": ("feedsvc.feeds.rss", "feedsvc.feeds.atom", "feedsvc.feeds.xml_common"),
    "flask": ("feedsvc.web.app",),
    "jinja2": ("feedsvc.pages.theme", "feedsvc.pages.sandbox", "feedsvc.pages.spelling", "feedsvc.pages.compiled"),
    "lxml": ("feedsvc.feeds.rss", "feedsvc.feeds.atom", "feedsvc.feeds.xml_common"),
    "comrak": ("feedsvc.content.commonmark",),
    "nh3": ("feedsvc.content.markup",),
    "pydantic": ("feedsvc.content.values", "feedsvc.content.schema", "feedsvc.content.keys", "feedsvc.content.json_schema"),
    "msgspec": ("feedsvc.content.columns", "feedsvc.content.entries", "feedsvc.content.packing", "feedsvc.imprint"),
    "sqlite3": (
        *("feedsvc.sqlite", "feedsvc.tables", "feedsvc.ledger", "feedsvc.content.records", "feedsvc.content.paging"),
        *("feedsvc.push", "feedsvc.audience.file_store", "feedsvc.audience.kept"),
    ),
    "psycopg": ("feedsvc.audience.patient",),
    "sqlalchemy": ("feedsvc.audience",),
    "aiobotocore": (),
    "botocore": ("feedsvc.export.bucket", "feedsvc.export.reasons"),
    "fsspec": (),
    "s3fs": ("feedsvc.export.bucket",),
    "pyvips": ("feedsvc.content.images.copying",),
    "prometheus_client": ("feedsvc.web.metrics",),
    "waitress": ("feedsvc.web.channel", "feedsvc.web.parser", "feedsvc.web.server"),
    "watchfiles": ("feedsvc.watch",),
    "yaml": ("feedsvc.content.thorough",),
}
# The clock is read here and nowhere else; everybody else is told the time.
CLOCK_READERS: Final = {"feedsvc.clock"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, ast.parse(file.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(name: str) -> int:
    """The longest room that holds the name decides; names inside a module stand where it stands."""
    found = [(len(room), index) for index, rooms in enumerate(ORDER) for room in rooms if f"{name}.".startswith(f"{room}.")]
    return max(found)[1]


MODULES: Final = dict(modules())


@pytest.mark.parametrize("name", MODULES)
def test_imports_never_point_back(name: str) -> None:
    for imported in imports(MODULES[name]):
        if imported.startswith("feedsvc."):
            assert floor(imported) <= floor(name), f"{name} imports {imported}, which stands behind it"


@pytest.mark.parametrize("name", MODULES)
def test_every_foreign_library_has_its_room(name: str) -> None:
    for imported in imports(MODULES[name]):
        rooms = ROOMS.get(imported.split(".")[0])
        at_home = any(f"{name}.".startswith(f"{room}.") for room in rooms or ())
        assert rooms is None or at_home, f"{name} imports {imported}; its room is {rooms}"


@pytest.mark.parametrize("name", MODULES)
def test_time_is_an_argument(name: str) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(MODULES[name]) if isinstance(node, ast.Call)}
    read = calls & {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time"}
    assert not read or name in CLOCK_READERS, f"{name} calls {read}"


def test_the_order_names_every_module() -> None:
    assert [name for name in MODULES if name != "feedsvc" and floor(name) == 0] == []
