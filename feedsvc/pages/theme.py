"""Themes: the built-in templates and static files, and those of a newsroom's own theme, which replace them one by one.

Templates of a theme run in a sandbox. If one cannot render a page, the built-in one is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from traceback import walk_tb
from typing import Final

import jinja2
from jinja2 import ChoiceLoader, Environment, FunctionLoader, PackageLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

from feedsvc import __version__
from feedsvc.pages.environments import create_builtin_environment, create_sandbox, render_once_in_sandbox
from feedsvc.support.digest import blake2b
from feedsvc.support.watchdog import rendering

ThemeFiles = Mapping[str, bytes]  # path below theme/ -> content

FOLDER: Final = "theme"
TEMPLATES: Final = "templates/"
BLOCKS: Final = "blocks/"  # below templates/
STATIC: Final = "static/"
EXTRA_STYLESHEET: Final = "extra.css"  # pages load it after the built-in one
STATIC_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_BUILTIN_LOADER: Final = PackageLoader("feedsvc.pages")
_LOG: Final = logging.getLogger(__name__)


_STATIC_FOLDER: Final = resources.files("feedsvc.pages") / "static"
_BUILTIN_STATIC: Final = {file.name: file.read_bytes() for file in _STATIC_FOLDER.iterdir() if file.is_file()}


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateFailure:
    """The reason why a page cannot be rendered, with `name` (below templates/) and `line` (from 1) of the template at fault."""

    name: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{FOLDER}/{TEMPLATES}{self.name}:{self.line}: {self.message}"


class Theme:
    """The templates and static files of pages: those of a newsroom's theme, and built-in ones in place of those that it lacks.

    `static` maps the names below /static/ of both to bytes. `environment` is that of the theme's templates, None without any.
    """

    def __init__(self, files: ThemeFiles, on_failure: Callable[[TemplateFailure], None] | None = None) -> None:
        """Take the files of a theme. Templates and extra.css must be UTF-8.

        `on_failure` is called each time that a template of the theme cannot render a page. Without it, each failure is logged
        once.
        """
        self._templates = {name: data.decode() for name, data in files_below(files, TEMPLATES)}
        self._on_failure = on_failure or self._log_once
        self._logged_failures: set[TemplateFailure] = set()
        extra = {EXTRA_STYLESHEET: files[EXTRA_STYLESHEET]} if EXTRA_STYLESHEET in files else {}
        self.static: Mapping[str, bytes] = {**_BUILTIN_STATIC, **dict(files_below(files, STATIC)), **extra}
        loader = ChoiceLoader([FunctionLoader(self._load_template), _BUILTIN_LOADER])
        self.environment = create_sandbox(loader) if self._templates else None

    def _load_template(self, name: str) -> tuple[str, str, None] | None:
        """Return (source, file name, None) of the theme's own template of this name, for Jinja; None if the theme has none.

        No built-in template has such a file name, so `_locate_failure` finds the theme's templates in tracebacks by it.
        """
        return (self._templates[name], f"{FOLDER}/{TEMPLATES}{name}", None) if name in self._templates else None

    def render(self, template: str, variables: Mapping[str, object], render_once: Callable[..., str]) -> bytes:
        """Render a page as UTF-8. If a template of the theme fails, report the failure and use the built-in templates.

        `render_once(make, name, key)` is for built-in templates: it returns the text that `make` renders, cached by name and
        key.
        """
        if self.environment:
            try:
                with rendering(template):
                    page = self.environment.get_template(template).render(variables, once=render_once_in_sandbox)
                if page.strip():
                    return page.encode()
                raise TemplateError("nothing comes of it")  # noqa: TRY301 - reported as all others are
            # A faulty template must not cost readers the page.
            except Exception as error:  # noqa: BLE001
                self._on_failure(self._locate_failure(template, error))
        return builtin_environment().get_template(template).render(variables, once=render_once).encode()

    def _log_once(self, failure: TemplateFailure) -> None:
        if failure not in self._logged_failures:
            self._logged_failures.add(failure)
            _LOG.warning("%s; the product's own template is used", failure)

    def _locate_failure(self, template: str, error: Exception) -> TemplateFailure:
        names_by_file = {f"{FOLDER}/{TEMPLATES}{name}": name for name in self._templates}
        if isinstance(error, TemplateSyntaxError) and error.filename in names_by_file:
            locations = [(names_by_file[error.filename], error.lineno)]
        else:
            frames = ((frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__))
            locations = [(names_by_file[file], line) for file, line in frames if file in names_by_file]
        # A template that lacks something, such as a macro, has no frame in the traceback.
        default = template if template in self._templates else next(iter(self._templates))
        name, line = locations[-1] if locations else (default, 1)
        return TemplateFailure(name=name, line=line, message=f"this cannot make a page ({_reason(error)})")


def _reason(error: Exception) -> str:
    """Return why a template failed, as a text that is the same on all machines."""
    if isinstance(error, TemplateNotFound):
        return f"there is no template '{error.name}'"
    if isinstance(error, RecursionError):
        return "it nests too deep, or includes itself"
    if isinstance(error, MemoryError):
        return "it takes more memory than a page may"
    return str(error) or type(error).__name__


def theme_digest(files: ThemeFiles) -> str:
    """Return a digest of a theme and of the versions of the program and of Jinja, which decide whether it is valid."""
    return blake2b(repr((__version__, jinja2.__version__, sorted(files.items())))).hex()


def files_below(files: ThemeFiles, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name below the folder, bytes) of each file of a theme in `folder`, which ends in a slash."""
    return ((path.removeprefix(folder), data) for path, data in files.items() if path.startswith(folder))


def compile_builtin_templates() -> None:
    """Compile the built-in templates, which takes 0.1 s, so that the first page need not do it."""
    for name in builtin_template_names():
        builtin_environment().get_template(name)


def builtin_template_names() -> frozenset[str]:
    """Return the names of the built-in templates below templates/, such as blocks/head.html."""
    return frozenset(_BUILTIN_LOADER.list_templates())


@cache
def builtin_environment() -> Environment:
    """Return the environment of the built-in templates; it is created once."""
    return create_builtin_environment(_BUILTIN_LOADER)
