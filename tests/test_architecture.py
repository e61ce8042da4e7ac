"""Check the direction of imports between packages, and which modules import each foreign library."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import feedsvc

ROOT: Final = Path(feedsvc.__file__).parent

# A module imports only from its own line or from lines above it.
ORDER: Final = (
    ("feedsvc",),
    (
        "feedsvc.errors",
        "feedsvc.routes",
        "feedsvc.url_rules",
        "feedsvc.uris",
        "feedsvc.model",
        "feedsvc.license_model",
        "feedsvc.feed_model",
        "feedsvc.page_model",
        "feedsvc.free_places",
        "feedsvc.tag_slugs",
        "feedsvc.language_tags",
    ),
    ("feedsvc.support",),
    ("feedsvc.extensions",),
    ("feedsvc.database",),
    ("feedsvc.access",),
    ("feedsvc.redirects",),
    ("feedsvc.content",),
    ("feedsvc.content.scan", "feedsvc.content.yaml", "feedsvc.content.markdown", "feedsvc.content.images"),
    ("feedsvc.content.media",),
    ("feedsvc.content.schema",),
    ("feedsvc.content.reading",),
    ("feedsvc.content.store",),
    ("feedsvc.content.folder",),
    ("feedsvc.content.lint",),
    ("feedsvc.catalog",),
    ("feedsvc.language",),
    ("feedsvc.feeds",),
    ("feedsvc.pages", "feedsvc.discovery"),
    ("feedsvc.publication",),
    ("feedsvc.live", "feedsvc.export"),
    ("feedsvc.web", "feedsvc.api"),
    ("feedsvc.edition_hooks",),
    ("feedsvc.importing",),
    ("feedsvc.audience", "feedsvc.editing", "feedsvc.migration", "feedsvc.preview", "feedsvc.websub"),
    ("feedsvc.service",),
    ("feedsvc.cli", "feedsvc.flask"),
    ("feedsvc.__main__", "feedsvc.wsgi"),
)
# The modules that may import each foreign library.
LIBRARIES: Final = {
    "PIL": (),
    "babel": ("feedsvc.language",),
    "backports": ("feedsvc.support.compression",),
    "brotli": ("feedsvc.support.compression",),
    "click": ("feedsvc.cli",),
    "compression": ("feedsvc.support.compression",),
    "comrak": ("feedsvc.content.markdown.commonmark", "feedsvc.content.markdown.feed_markdown"),
    "deflate": ("feedsvc.support.compression",),
    "fcntl": ("feedsvc.support.posix",),
    "feedgen": ("feedsvc.feeds.rss", "feedsvc.feeds.atom", "feedsvc.feeds.xml"),
    "flask": (
        *("feedsvc.web.app", "feedsvc.web.combination_form", "feedsvc.web.document_endpoints", "feedsvc.web.private_feeds"),
        *("feedsvc.web.blueprint", "feedsvc.web.service_endpoints", "feedsvc.flask", "feedsvc.wsgi"),
    ),
    "hashlib": ("feedsvc.support.digest",),
    "html_to_markdown": ("feedsvc.importing.html_markdown",),
    "jinja2": ("feedsvc.pages.environments", "feedsvc.pages.theme", "feedsvc.pages.theme_check_process"),
    "lxml": ("feedsvc.feeds.rss", "feedsvc.feeds.atom", "feedsvc.feeds.xml", "feedsvc.importing"),  # writes and reads XML
    "msgspec": ("feedsvc.content.store", "feedsvc.publication.dependencies"),
    "nh3": ("feedsvc.content.markdown.render",),
    "obstore": ("feedsvc.export.bucket",),
    "prometheus_client": ("feedsvc.web.metrics",),
    "psycopg": ("feedsvc.database.postgres_timeout",),
    "pydantic": ("feedsvc.content.schema",),
    "pyvips": ("feedsvc.content.media.decoder",),
    "sqlalchemy": ("feedsvc.access.store", "feedsvc.audience.store", "feedsvc.database.database"),
    "sqlite3": (
        *("feedsvc.support.state_file", "feedsvc.database.database"),
        *(
            "feedsvc.publication.last_modified",
            "feedsvc.content.store",
            "feedsvc.websub",
            "feedsvc.audience.store",
        ),
    ),
    "waitress": ("feedsvc.web.server",),
    "watchfiles": ("feedsvc.live.watcher",),
    "yaml": ("feedsvc.content.yaml.full",),
}
# Modules that read the clock. Any other function takes the time as an argument.
CLOCK_READERS: Final = {"feedsvc.support.clock"}


def parse_modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(ROOT.rglob("*.py")):
        if file == ROOT / "_version.py":  # the build writes it
            continue
        parts = file.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield name, ast.parse(file.read_text("utf-8"))


@cache
def modules() -> dict[str, ast.Module]:
    """Return the syntax tree of each module of the product by its name. Only the tests that need them wait for them."""
    return dict(parse_modules())


def imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def rank(name: str) -> int:
    """Return the line of ORDER with the longest package that the name belongs to."""
    matches = [(len(package), index) for index, packages in enumerate(ORDER) for package in packages if is_within(name, package)]
    return max(matches)[1]


def module_of(name: str) -> str:
    """Return the module of the product that a dotted name belongs to, "" if there is none."""
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


@cache
def exported_names(package: str) -> set[str]:
    """Return the names in `__all__` of a package."""
    for node in modules()[package].body if package in modules() else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@cache
def imports() -> list[tuple[str, str]]:
    """Return each module of the product with each name that it imports."""
    return [(name, imported) for name, tree in modules().items() for imported in imported_names(tree)]


def test_no_module_imports_a_later_package() -> None:
    assert [
        f"{name} imports {imported}, which belongs to a later package"
        for name, imported in imports()
        if imported.startswith("feedsvc.") and rank(imported) > rank(name)
    ] == []


def test_imports_have_no_cycle() -> None:
    graph = {name: {module_of(imported) for imported in imported_names(tree)} - {name, ""} for name, tree in modules().items()}
    TopologicalSorter(graph).prepare()


def test_foreign_library_is_imported_only_by_its_modules() -> None:
    assert [
        f"{name} imports {imported}, which belongs to {LIBRARIES[library]}"
        for name, imported in imports()
        if (library := imported.split(".")[0]) in LIBRARIES and not any(is_within(name, owner) for owner in LIBRARIES[library])
    ] == []


def test_only_clock_modules_read_the_clock() -> None:
    readings = {"datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time"}
    names = {reading.partition(".")[2] for reading in readings}
    assert [
        f"{name}, line {node.lineno}, calls {function}"
        for name, tree in modules().items()
        if name not in CLOCK_READERS
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in names
        and (function := ast.unparse(node.func)) in readings
    ] == []


def test_order_contains_every_module() -> None:
    assert [name for name in modules() if name != "feedsvc" and rank(name) == 0] == []


# Modules of these packages share nothing and are imported by their own names.
FLAT: Final = {"feedsvc", "feedsvc.support"}


def is_package(name: str) -> bool:
    return (ROOT.parent / name.replace(".", "/")).is_dir()


def is_past_the_package(name: str, imported: str) -> bool:
    """Return whether the import names a module of another package, instead of a name or module that the package exports."""
    package, _, own_name = imported.rpartition(".")
    if own_name in exported_names(package):
        return False
    module = module_of(imported)
    package, _, own_name = module.rpartition(".")
    if own_name in exported_names(package):
        return False
    return bool(module) and not is_package(module) and package not in FLAT and not is_within(name, package)


def test_public_names_are_imported_from_their_package() -> None:
    assert [
        f"{name} imports {imported} past the __init__ of its package"
        for name, imported in imports()
        if is_past_the_package(name, imported)
    ] == []


def test_package_docstring_has_at_least_twelve_words() -> None:
    docstrings = {name: ast.get_docstring(tree) or "" for name, tree in modules().items() if is_package(name)}
    assert [name for name, text in docstrings.items() if name != "feedsvc" and len(text.split()) < 12] == []


def test_every_thread_has_a_name_that_begins_with_feedsvc() -> None:
    """Programs that show the threads of a process, such as py-spy, showed Thread-7 and `copies`."""
    calls = [
        (name, node)
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("Thread", "ThreadPoolExecutor")
    ]
    texts = [[ast.unparse(part) for part in (*call.args, *call.keywords)] for _, call in calls]
    assert len(calls) > 10
    assert [call[0] for call, words in zip(calls, texts, strict=True) if not re.search("['\"]feedsvc-", " ".join(words))] == []
